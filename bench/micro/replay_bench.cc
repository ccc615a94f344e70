// How long a session takes to replay a journal: from Start to blocked at its end. The handler ran
// steps, two entries each (the command and its outcome), and then waits for an awakeable.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/sdk.h>

#include "sdk/runtime/session.h"

namespace holdfast {
namespace {

using Steady = std::chrono::steady_clock;
constexpr int kRounds = 11;

// A host that must not be asked for anything during replay (INV-3), and counts when it is.
class SilentHost final : public runtime::SessionHost {
 public:
  void on_command(protocol::Command) override { ++calls; }
  void on_proposal(protocol::CompletionId, protocol::Outcome) override { ++calls; }
  void on_step(runtime::Step) override { ++calls; }
  void on_log(int, const std::string&) override { ++calls; }
  Lookup read_state(BytesView, Bytes*) override { return Lookup::kUnknown; }
  bool read_state_keys(std::vector<Bytes>*) override { return false; }
  std::int64_t now_unix_ms() override { return 0; }

  int calls = 0;
};

HandlerDefinition long_handler(std::int64_t steps) {
  HandlerDefinition handler;
  handler.name = "long";
  handler.invoke = [steps](runtime::ContextCore& core, Bytes) -> Task<Bytes> {
    Context context(core);
    for (std::int64_t i = 0; i < steps; ++i) {
      co_await context.run("step", [i] { return i; });
    }
    auto awakeable = context.awakeable<std::string>();
    co_return co_await awakeable.future;
  };
  return handler;
}

protocol::Start recorded(std::int64_t steps) {
  protocol::Start start;
  start.raw_id = Bytes(24, 'i');
  start.invocation_id = "inv_1lNf3nIQpAfe0HKpHcbEHXKintjhm75b0y";
  start.journal.push_back(protocol::Command{{}, protocol::InputCommand{}});
  for (std::int64_t i = 0; i < steps; ++i) {
    const auto completion = static_cast<protocol::CompletionId>(i + 1);
    start.journal.push_back(protocol::Command{"step", protocol::RunCommand{completion}});
    start.journal.push_back(
        protocol::Notification{protocol::CompletionRef{completion}, Bytes(std::to_string(i))});
  }
  return start;
}

int measure() {
  std::printf("%10s %10s %12s\n", "entries", "p50 ms", "ns an entry");
  for (const std::int64_t entries : {100, 1'000, 10'000, 100'000}) {
    const HandlerDefinition handler = long_handler(entries / 2);
    std::vector<double> millis;
    for (int round = 0; round < kRounds; ++round) {
      SilentHost host;
      protocol::Start start = recorded(entries / 2);
      const auto begin = Steady::now();
      runtime::Session session(handler, host);
      const runtime::SessionState state = session.start(std::move(start));
      millis.push_back(std::chrono::duration<double, std::milli>(Steady::now() - begin).count());
      if (state != runtime::SessionState::kBlocked || host.calls != 0) {
        std::fprintf(stderr, "replay_bench: the replay did not end at the awakeable\n");
        return 1;
      }
    }
    std::sort(millis.begin(), millis.end());
    const double median = millis[millis.size() / 2];
    std::printf("%10lld %10.3f %12.0f\n", static_cast<long long>(entries), median,
                median * 1e6 / static_cast<double>(entries));
  }
  return 0;
}

}  // namespace
}  // namespace holdfast

int main() { return holdfast::measure(); }
