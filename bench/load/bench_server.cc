// The server the load of bench/run.py goes to: handlers that do next to nothing, so that what is
// measured is the engine.
//
//   bench_server serve --data DIR --ingress HOST:PORT --admin HOST:PORT

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include <holdfast/sdk.h>

namespace {

using holdfast::Context;
using holdfast::Task;

std::int64_t unix_ms_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Task<std::string> three(Context& ctx) {
  const std::string a = co_await ctx.run("one", [] { return std::string("receipt-1"); });
  const std::string b = co_await ctx.run("two", [] { return std::string("receipt-2"); });
  const std::string c = co_await ctx.run("three", [] { return std::string("receipt-3"); });
  co_return a + b + c;
}

Task<void> empty(Context&) { co_return; }

Task<std::int64_t> hundred(Context& ctx) {
  std::int64_t sum = 0;
  for (int i = 0; i < 100; ++i) {
    sum += co_await ctx.run("step", [i] { return std::int64_t(i); });
  }
  co_return sum;
}

constexpr holdfast::ServiceHandler<void, void> kEmpty{"Bench", "empty"};

Task<void> nested(Context& ctx) {
  co_await ctx.call(kEmpty);
  co_await ctx.call(kEmpty);
  co_await ctx.call(kEmpty);
}

// --- Parked runs ---

// What became of the runs of park_until in this process.
struct Fired {
  std::int64_t count = 0;
  std::int64_t early = 0;
  std::int64_t latest_late_ms = 0;
  std::int64_t sum_late_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Fired, (), (count, early, latest_late_ms, sum_late_ms))

std::mutex fired_mutex;
Fired fired_so_far;  // Guarded by fired_mutex.

Task<void> park(Context& ctx, std::int64_t seconds) {
  co_await ctx.sleep(std::chrono::seconds(seconds));
}

// Sleeps until that time of day, then notes how late it is.
Task<void> park_until(Context& ctx, std::int64_t unix_ms) {
  co_await ctx.sleep_until(
      std::chrono::system_clock::time_point(std::chrono::milliseconds(unix_ms)));
  const std::int64_t late_ms = unix_ms_now() - unix_ms;
  const std::lock_guard lock(fired_mutex);
  ++fired_so_far.count;
  if (late_ms < 0) ++fired_so_far.early;
  fired_so_far.latest_late_ms = std::max(fired_so_far.latest_late_ms, late_ms);
  fired_so_far.sum_late_ms += late_ms;
}

Task<Fired> fired(Context&) {
  const std::lock_guard lock(fired_mutex);
  co_return fired_so_far;
}

// --- A long journal ---

std::mutex awakeable_mutex;
std::string last_awakeable;  // Guarded by awakeable_mutex.

// So many steps, two entries each, and then a wait for somebody outside.
Task<std::string> long_journal(Context& ctx, std::int64_t steps) {
  for (std::int64_t i = 0; i < steps; ++i) {
    co_await ctx.run("step", [i] { return i; });
  }
  auto awakeable = ctx.awakeable<std::string>();
  {
    const std::lock_guard lock(awakeable_mutex);
    last_awakeable = awakeable.id;
  }
  co_return co_await awakeable.future;
}

// What the long journal that came last to its wait in this process waits for; empty: none yet.
Task<std::string> awakeable_id(Context&) {
  const std::lock_guard lock(awakeable_mutex);
  co_return last_awakeable;
}

// --- An object ---

Task<std::int64_t> add(holdfast::ObjectContext& ctx) {
  const auto count = co_await ctx.get<std::int64_t>("count");
  ctx.set("count", count.value_or(0) + 1);
  co_return count.value_or(0) + 1;
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::run_server(argc, argv,
                              {holdfast::Service("Bench")
                                   .handler("three", three)
                                   .handler("empty", empty)
                                   .handler("hundred", hundred)
                                   .handler("nested", nested)
                                   .handler("park", park)
                                   .handler("park_until", park_until)
                                   .handler("fired", fired)
                                   .handler("long_journal", long_journal)
                                   .handler("awakeable_id", awakeable_id),
                               holdfast::Object("Hot").exclusive("add", add)});
}
