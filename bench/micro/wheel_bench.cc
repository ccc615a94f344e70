// What a timer in the wheel costs: to put it in, to take it out when it is due, and to ask when the
// next one is, with few and with many others beside it.

#include <string>
#include <vector>

#include "actors/timer/timer_wheel.h"
#include "bench/micro/nanos.h"
#include "storage/base/random.h"

namespace holdfast::actors {
namespace {

constexpr std::int64_t kNow = 1'795'173'836'734;

std::vector<journal::Timer> timers_within(std::int64_t window_ms, int count) {
  SeededRandom random(1);
  std::vector<journal::Timer> timers(static_cast<std::size_t>(count));
  for (journal::Timer& timer : timers) {
    timer.due_unix_ms =
        kNow + 1 + static_cast<std::int64_t>(random.next() % static_cast<std::uint64_t>(window_ms));
    timer.invocation.partition_key = random.next();
  }
  return timers;
}

// All in, then all out, by as many advances as there are different moments.
std::size_t in_and_out(const std::vector<journal::Timer>& timers) {
  TimerWheel wheel(kNow);
  for (const journal::Timer& timer : timers) wheel.insert(timer);
  std::vector<journal::Timer> due;
  while (const auto next = wheel.next_ms()) wheel.advance(*next, due);
  return due.size();
}

void bench_window(const char* what, std::int64_t window_ms, int count) {
  const auto timers = timers_within(window_ms, count);
  bench::report((std::string("in and out, ") + what).c_str(), [&] { return in_and_out(timers); },
                count);
}

void bench_all() {
  bench_window("1000 within a second", 1'000, 1'000);
  bench_window("1000 within an hour", 3'600'000, 1'000);
  bench_window("100000 within a minute", 60'000, 100'000);
  bench_window("100000 within an hour", 3'600'000, 100'000);
  bench_window("100000 at one moment", 1, 100'000);

  TimerWheel wheel(kNow);
  for (const journal::Timer& timer : timers_within(3'600'000, 100'000)) wheel.insert(timer);
  bench::report("when is the next, of 100000",
                [&] { return static_cast<std::size_t>(wheel.next_ms().value_or(0)); });
  std::vector<journal::Timer> due;
  bench::report("advance when nothing is due, of 100000", [&] {
    wheel.advance(wheel.now_ms(), due);
    return due.size();
  });
}

}  // namespace
}  // namespace holdfast::actors

int main() { holdfast::actors::bench_all(); }
