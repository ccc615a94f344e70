#pragma once
// Steps: the runs of one attempt that had no outcome recorded, from run() until their closures have
// ended.
//
// A closure is held back at first. From there it is released to the host, or left behind by an
// await that ended without it; one that is left behind is held back again when it is awaited again.
// A failure that may be tried again is kept until somebody waits for it. When closures are
// released, and what a failure comes to, is decided by Attempt.
//
// Threads: as Session.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/protocol/message.h"
#include "sdk/include/holdfast/runtime/context_core.h"
#include "sdk/runtime/session.h"

namespace holdfast::runtime {

struct RunStep {
  protocol::CompletionId completion;
  std::uint32_t command;  // Its index in the journal's commands.
  std::string name;
  std::optional<RunOptions> options;
  bool recorded;  // By an earlier attempt.
  bool in_flight = false;
  std::optional<StepFailure> failure = std::nullopt;  // That nobody has waited for yet.
};

class Steps {
 public:
  // Holds back the closure `body` of `step`. REQUIRES: completions ascend.
  void add(RunStep step, StepBody body);
  // Gives the closures held back to the host, in order; they are in flight now.
  void release(SessionHost& host);
  // Forgets closures that will not be executed: those held back, or those left behind too.
  void drop_held_back() { held_back_.clear(); }
  void drop_all();

  // The await of `awaited` is over; what it has waited for in vain is left behind.
  void leave_behind(const Awaited& awaited);
  // An await ends by an exception: everything held back is left behind.
  void leave_all_behind();
  // False when no closure is left behind and no failure is kept: await_again() would do nothing.
  bool any_set_aside() const { return !left_behind_.empty() || failures_kept_ > 0; }
  // The handler waits for `awaited`: what of it was left behind is held back again. Returns the
  // first step it waits for whose failure is kept, or null.
  const RunStep* await_again(const Awaited& awaited);

  // The closure has ended. Returns its step until the next add(); null when it was not in flight.
  RunStep* end(protocol::CompletionId completion);
  // REQUIRES: `step` is one that end() returned.
  void keep_failure(RunStep& step, StepFailure failure);

  std::size_t in_flight() const { return in_flight_; }

 private:
  RunStep* find(protocol::CompletionId completion);

  std::vector<RunStep> steps_;  // Ascending completions.
  std::vector<Step> held_back_;
  std::vector<Step> left_behind_;
  std::size_t failures_kept_ = 0;
  std::size_t in_flight_ = 0;
};

// The delay before the next try of a step that has failed now; none when it has failed for good.
// REQUIRES: the step has options.
std::optional<std::int64_t> step_delay_ms(const RunStep& step, const protocol::Start& start);

}  // namespace holdfast::runtime
