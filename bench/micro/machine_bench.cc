// What a decision costs: the events of a run of three steps, of a sleep and of a nested call, each
// alone, and the runs as a whole. No store, no actor: facts and effects are made and thrown away.

#include <string>
#include <utility>

#include "bench/micro/nanos.h"
#include "journal/machine/machine.h"

namespace holdfast::journal {
namespace {

constexpr std::int64_t kNow = 1'795'173'836'734;

InvocationId id_of(std::uint64_t number) {
  InvocationId id;
  id.partition_key = number * 0x9E3779B97F4A7C15u;
  id.uuid[15] = static_cast<std::uint8_t>(number);
  return id;
}

InvocationState accepted(Decision& decision) {
  InvocationState state;
  state.row.id = id_of(1);
  state.row.target = {ServiceKind::kService, HandlerKind::kPlain, "Bank", "", "transfer"};
  accept(state, Entry{{}, Input{{}, "{\"cents\":1500}"}}, kNow, decision);
  return state;
}

// A step: the command, then its outcome.
void step(InvocationState& state, CompletionId completion, Decision& decision) {
  command(state, Entry{"debit", Run{completion}}, nullptr, kNow, decision);
  propose(state, completion, Bytes("receipt-1"), decision);
}

std::size_t three_steps() {
  Decision decision;
  InvocationState state = accepted(decision);
  for (CompletionId completion = 1; completion <= 3; ++completion)
    step(state, completion, decision);
  finish(state, Bytes("receipt-1"), kNow, decision);
  return decision.facts.size();
}

std::size_t sleep_and_wake() {
  Decision decision;
  InvocationState state = accepted(decision);
  command(state, Entry{{}, Sleep{kNow + 5000, 1}}, nullptr, kNow, decision);
  WaitSet waits;
  waits.completions = {1};
  park(state, std::move(waits), kNow, decision);
  timer_fired(state, {kNow + 5000, state.row.id, TimerKind::kSleep, 1}, kNow + 5000, decision);
  finish(state, Bytes("done"), kNow, decision);
  return decision.facts.size();
}

// Many steps of one invocation, so that the state grows as it does for a long run.
std::size_t many_steps(int count) {
  Decision decision;
  InvocationState state = accepted(decision);
  for (int i = 1; i <= count; ++i) {
    step(state, static_cast<CompletionId>(i), decision);
    decision.facts.clear();
  }
  return state.entries;
}

void bench_all() {
  bench::report("accept", [] {
    Decision decision;
    return accepted(decision).entries + decision.facts.size();
  });
  bench::report("a run of three steps", three_steps);
  bench::report("a run that sleeps, parks and wakes", sleep_and_wake);
  bench::report(
      "a step, of 100 in a run", [] { return many_steps(100); }, 100);
  bench::report(
      "a step, of 10000 in a run", [] { return many_steps(10'000); }, 10'000);
  bench::report(
      "fold one entry, of 10000",
      [] {
        InvocationState state;
        state.row.status = Status::kRunning;
        const Entry run{"debit", Run{1}};
        for (int i = 0; i < 10'000; ++i) state.fold(run);
        return static_cast<std::size_t>(state.entries);
      },
      10'000);
}

}  // namespace
}  // namespace holdfast::journal

int main() { holdfast::journal::bench_all(); }
