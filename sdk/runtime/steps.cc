#include "sdk/runtime/steps.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>
#include <variant>

#include "sdk/runtime/failure.h"
#include "sdk/runtime/step_retry.h"
#include "storage/base/random.h"

namespace holdfast::runtime {

namespace {

bool waits_for(const std::vector<const Slot*>& slots, protocol::CompletionId completion) {
  return std::any_of(slots.begin(), slots.end(), [&](const Slot* slot) {
    return slot->source == Slot::Source::kCompletion && slot->number == completion;
  });
}

// Those that `slots` wait for go from one list to the other.
void move_awaited(const std::vector<const Slot*>& slots, std::vector<Step>& from,
                  std::vector<Step>& to) {
  const auto rest = std::stable_partition(from.begin(), from.end(), [&](const Step& step) {
    return !waits_for(slots, step.completion);
  });
  std::move(rest, from.end(), std::back_inserter(to));
  from.erase(rest, from.end());
}

}  // namespace

void Steps::add(RunStep step, StepBody body) {
  held_back_.push_back(
      {step.completion, step.name, [body = std::move(body)](std::function<void(StepOutcome)> done) {
         body([done = std::move(done)](StepResult result) {
           if (auto* failed = std::get_if<StepFailed>(&result)) {
             done(StepFailure{to_failure(std::move(failed->failed)), failed->terminal,
                              failed->retry_after});
           } else {
             done(std::get<Bytes>(std::move(result)));
           }
         });
       }});
  steps_.push_back(std::move(step));
}

void Steps::release(SessionHost& host) {
  std::vector<Step> steps = std::move(held_back_);
  held_back_.clear();
  for (Step& step : steps) {
    find(step.completion)->in_flight = true;
    ++in_flight_;
    host.on_step(std::move(step));
  }
}

void Steps::drop_all() {
  held_back_.clear();
  left_behind_.clear();
}

void Steps::leave_behind(const Awaited& awaited) {
  if (held_back_.empty()) return;
  std::vector<const Slot*> slots;
  awaited.collect(slots);
  move_awaited(slots, held_back_, left_behind_);
}

void Steps::leave_all_behind() {
  std::move(held_back_.begin(), held_back_.end(), std::back_inserter(left_behind_));
  held_back_.clear();
}

const RunStep* Steps::await_again(const Awaited& awaited) {
  std::vector<const Slot*> slots;
  awaited.collect(slots);
  move_awaited(slots, left_behind_, held_back_);
  const auto failed = std::find_if(steps_.begin(), steps_.end(), [&](const RunStep& step) {
    return step.failure && waits_for(slots, step.completion);
  });
  return failed == steps_.end() ? nullptr : &*failed;
}

RunStep* Steps::end(protocol::CompletionId completion) {
  RunStep* const step = find(completion);
  if (step == nullptr || !step->in_flight) return nullptr;
  step->in_flight = false;
  --in_flight_;
  return step;
}

void Steps::keep_failure(RunStep& step, StepFailure failure) {
  step.failure = std::move(failure);
  ++failures_kept_;
}

RunStep* Steps::find(protocol::CompletionId completion) {
  const auto found = std::lower_bound(
      steps_.begin(), steps_.end(), completion,
      [](const RunStep& a, protocol::CompletionId id) { return a.completion < id; });
  return found == steps_.end() || found->completion != completion ? nullptr : &*found;
}

std::optional<std::int64_t> step_delay_ms(const RunStep& step, const protocol::Start& start) {
  // The counters of Start speak of what was recorded last; a step of this attempt has no history.
  StepHistory history;
  if (step.recorded) {
    history.failed_before = start.retry_count;
    history.retrying_for_ms = start.retrying_for_ms;
  }
  SeededRandom chance(start.random_seed ^ (std::uint64_t{step.completion} << 32) ^
                      start.retry_count);
  history.chance = chance.next();
  return next_step_delay_ms(*step.options, history);
}

}  // namespace holdfast::runtime
