// The server that overload.py asks for more than it can do. A run of Slow or Sent holds a step
// thread for 20 ms and counts itself, so that the test can say how much work was done, whoever
// waited for it; Quick needs no step thread at all.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include <holdfast/sdk.h>

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStep{20};
std::atomic<std::int64_t> steps_done{0};

holdfast::Task<std::int64_t> work(holdfast::Context& ctx, std::string) {
  co_return co_await ctx.run("work", [] {
    std::this_thread::sleep_for(kStep);
    return ++steps_done;
  });
}

// Of this process, not of the store.
holdfast::Task<std::int64_t> done(holdfast::Context&) { co_return steps_done.load(); }

holdfast::Task<std::int64_t> quick(holdfast::Context&) { co_return 1; }

}  // namespace

// Sent is Slow for those that nobody waits for: the rows of the store then tell which are which.
int main(int argc, char** argv) {
  return holdfast::run_server(argc, argv,
                              {holdfast::Service("Slow").handler("run", work).handler("done", done),
                               holdfast::Service("Sent").handler("run", work),
                               holdfast::Service("Quick").handler("run", quick)});
}
