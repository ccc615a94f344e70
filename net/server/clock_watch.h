#pragma once
// ClockWatch: notices that the wall clock was set: by hand, by a time server, or because the
// machine slept. Timers are waited for on a clock that does not leap, so somebody has to look
// again.
//
// It costs nothing until then: the kernel cancels a timer that would come in the far future
// (timerfd_settime(2), TFD_TIMER_CANCEL_ON_SET).
//
// Threads: that of the io_context; destroyed when nobody runs it any more.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>

namespace holdfast::net {

class ClockWatch {
 public:
  // `on_set` is called after each change. Where the kernel has no such timers, it never is.
  ClockWatch(boost::asio::io_context& io, std::function<void()> on_set);
  ClockWatch(const ClockWatch&) = delete;
  ClockWatch& operator=(const ClockWatch&) = delete;

 private:
  void arm();
  void wait();

  boost::asio::posix::stream_descriptor timer_;
  std::function<void()> on_set_;
};

}  // namespace holdfast::net
