#pragma once
// What tests of the machine share: invocations to begin with, and views of a decision's facts.

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "journal/machine/machine.h"

namespace holdfast::journal {

inline constexpr std::int64_t kNow = 1'700'000'000'000;

inline InvocationId id_of(std::uint64_t number) {
  InvocationId id;
  id.partition_key = number;
  id.uuid[15] = static_cast<std::uint8_t>(number);
  return id;
}

inline Target plain_target() {
  return {ServiceKind::kService, HandlerKind::kPlain, "Greeter", "", "greet"};
}
inline Target exclusive_target() {
  return {ServiceKind::kObject, HandlerKind::kExclusive, "Counter", "ann", "add"};
}
inline Target run_target() {
  return {ServiceKind::kWorkflow, HandlerKind::kRun, "Signup", "ann", "run"};
}

inline Entry input(Bytes value = "in") { return Entry{{}, Input{{}, std::move(value)}}; }
inline Notification completed(CompletionId id) {
  return Notification{Notification::Completion{id}, Empty{}};
}
inline WaitSet waiting_for(CompletionId id) {
  WaitSet waits;
  waits.completions = {id};
  return waits;
}

// Accepted at kNow, which is forgotten: `decision` of later acts begins empty.
inline InvocationState accepted(Target target, std::int64_t scheduled_start_at = 0) {
  InvocationState state;
  state.row.id = id_of(1);
  state.row.target = std::move(target);
  state.row.scheduled_start_at = scheduled_start_at;
  Decision decision;
  accept(state, input(), kNow, decision);
  return state;
}

// Running, asleep until kNow + 5000 under completion 7.
inline InvocationState asleep() {
  InvocationState state = accepted(plain_target());
  Decision decision;
  command(state, Entry{{}, Sleep{kNow + 5000, 7}}, nullptr, kNow, decision);
  return state;
}
inline Timer sleep_timer() { return {kNow + 5000, id_of(1), TimerKind::kSleep, 7}; }

// Asleep and parked.
inline InvocationState suspended() {
  InvocationState state = asleep();
  Decision decision;
  park(state, waiting_for(7), kNow, decision);
  return state;
}

// A first attempt failed; the next begins at kNow + 300.
inline InvocationState backing_off() {
  InvocationState state = accepted(plain_target());
  Decision decision;
  back_off(state, AttemptFailure{500, "broken", {}, {}, {}}, 300, kNow, decision);
  return state;
}
inline Timer retry_timer() { return {kNow + 300, id_of(1), TimerKind::kRetry, 0}; }

template <class Kind>
std::vector<Kind> facts_of(const Decision& decision) {
  std::vector<Kind> found;
  for (const Fact& fact : decision.facts) {
    if (const auto* one = std::get_if<Kind>(&fact)) found.push_back(*one);
  }
  return found;
}

inline std::vector<Timer> timers_set(const Decision& decision) {
  std::vector<Timer> timers;
  for (const SetTimer& set : facts_of<SetTimer>(decision)) timers.push_back(set.timer);
  return timers;
}
inline std::vector<Timer> timers_dropped(const Decision& decision) {
  std::vector<Timer> timers;
  for (const DropTimer& drop : facts_of<DropTimer>(decision)) timers.push_back(drop.timer);
  return timers;
}
template <class Kind>
std::vector<Kind> entries_of(const Decision& decision) {
  std::vector<Kind> found;
  for (const Append& append : facts_of<Append>(decision)) {
    if (const auto* one = std::get_if<Kind>(&append.entry.body)) found.push_back(*one);
  }
  return found;
}
// The completion a notification is of; 0 when it is a signal.
inline CompletionId completion_of(const Notification& notification) {
  const auto* completion = std::get_if<Notification::Completion>(&notification.of);
  return completion == nullptr ? 0 : completion->id;
}
inline CompletionId completion_of(const Tell& tell) {
  return completion_of(std::get<Notification>(tell.entry.body));
}
template <class Kind>
const Kind* result_of(const Tell& tell) {
  return std::get_if<Kind>(&std::get<Notification>(tell.entry.body).result);
}

}  // namespace holdfast::journal
