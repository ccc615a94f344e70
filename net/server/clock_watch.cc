#include "net/server/clock_watch.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "storage/base/log.h"

namespace holdfast::net {

namespace {
const Logger kLog("net");
}

ClockWatch::ClockWatch(boost::asio::io_context& io, std::function<void()> on_set)
    : timer_(io), on_set_(std::move(on_set)) {
  const int made = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (made < 0) {
    kLog.warn("changes of the clock are not noticed at once", "reason=\"no timerfd, errno {}\"",
              errno);
    return;
  }
  timer_.assign(made);
  arm();
}

void ClockWatch::arm() {
  itimerspec far{};
  far.it_value.tv_sec = INT64_MAX / 1'000'000'000 - 1;  // As late as the kernel can count.
  const int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
  const bool was_set_meanwhile =
      timerfd_settime(timer_.native_handle(), flags, &far, nullptr) != 0 && errno == ECANCELED;
  if (was_set_meanwhile) on_set_();
  wait();
}

void ClockWatch::wait() {
  timer_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this](const boost::system::error_code& error) {
                      if (error) return;
                      std::uint64_t times = 0;
                      // Fails with ECANCELED when the clock was set.
                      const auto size = ::read(timer_.native_handle(), &times, sizeof(times));
                      const bool was_set = size < 0 && errno == ECANCELED;
                      if (!was_set) return wait();
                      kLog.info("the clock was set");
                      on_set_();
                      arm();
                    });
}

}  // namespace holdfast::net
