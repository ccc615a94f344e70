// The machine: how an invocation comes to be, waits, wakes and fails. Commands and the end are in
// the files beside this one.

#include "journal/machine/machine.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <limits>

#include "tests/journal/machine_samples.h"

namespace holdfast::journal {
namespace {

BOOST_AUTO_TEST_SUITE(machine_accept)

BOOST_AUTO_TEST_CASE(a_plain_invocation_runs_at_once_and_has_a_wake_up) {
  InvocationState state;
  state.row.id = id_of(1);
  state.row.target = plain_target();
  Decision decision;

  accept(state, input("hello"), kNow, decision);

  BOOST_TEST((state.row.status == Status::kRunning));
  BOOST_TEST(state.row.created_at == kNow);
  BOOST_TEST(state.row.modified_at == kNow);
  BOOST_TEST(state.row.running_at == kNow);
  BOOST_TEST(state.row.last_start_at == kNow);
  BOOST_TEST(state.entries == 1u);
  BOOST_TEST(state.commands == 1u);
  BOOST_TEST((decision.wake_up == WakeUp::kPut));
  BOOST_TEST((decision.queue == QueuePlace::kKeep));
  BOOST_TEST(decision.row_changed);
  BOOST_TEST(decision.urgent);
  BOOST_REQUIRE(entries_of<Input>(decision).size() == 1u);
  BOOST_TEST(entries_of<Input>(decision)[0].value == "hello");
  BOOST_TEST(timers_set(decision).empty());
}

BOOST_AUTO_TEST_CASE(inv_5_an_exclusive_invocation_queues_for_its_key) {
  InvocationState state;
  state.row.target = exclusive_target();
  Decision decision;

  accept(state, input(), kNow, decision);

  BOOST_TEST((state.row.status == Status::kQueued));
  BOOST_TEST((decision.queue == QueuePlace::kTake));
  BOOST_TEST((decision.wake_up == WakeUp::kPut));
  BOOST_TEST(state.row.running_at == 0);
}

BOOST_AUTO_TEST_CASE(a_scheduled_invocation_has_a_start_timer_and_neither_wake_up_nor_place) {
  InvocationState state;
  state.row.id = id_of(1);
  state.row.target = exclusive_target();
  state.row.scheduled_start_at = kNow + 100;
  Decision decision;

  accept(state, input(), kNow, decision);

  BOOST_TEST((state.row.status == Status::kScheduled));
  BOOST_TEST(
      (timers_set(decision) == std::vector<Timer>{{kNow + 100, id_of(1), TimerKind::kStart, 0}}));
  BOOST_TEST((decision.wake_up == WakeUp::kKeep));
  BOOST_TEST((decision.queue == QueuePlace::kKeep));
  BOOST_TEST(decision.row_changed);
}

BOOST_AUTO_TEST_CASE(a_start_that_is_not_in_the_future_is_now) {
  for (const std::int64_t start : {kNow, kNow - 1, kNow - 100'000}) {
    const InvocationState state = accepted(plain_target(), start);

    BOOST_TEST((state.row.status == Status::kRunning));
    BOOST_TEST(state.row.scheduled_start_at == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_workflow_run_does_not_queue) {
  BOOST_TEST((accepted(run_target()).row.status == Status::kRunning));
}

BOOST_AUTO_TEST_CASE(a_queued_invocation_begins_when_its_turn_has_come) {
  InvocationState state = accepted(exclusive_target());
  Decision decision;

  begin(state, kNow + 50, decision);

  BOOST_TEST((state.row.status == Status::kRunning));
  BOOST_TEST(state.row.running_at == kNow + 50);
  BOOST_TEST(state.row.last_start_at == kNow + 50);
  BOOST_TEST((decision.queue == QueuePlace::kKeep));
  BOOST_TEST(decision.row_changed);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(machine_timers)

BOOST_AUTO_TEST_CASE(a_sleep_that_is_over_is_completed_in_the_journal) {
  InvocationState state = asleep();
  Decision decision;

  const bool go_on = timer_fired(state, sleep_timer(), kNow + 5000, decision);

  BOOST_TEST(go_on);
  BOOST_REQUIRE(entries_of<Notification>(decision).size() == 1u);
  BOOST_TEST(completion_of(entries_of<Notification>(decision)[0]) == 7u);
  BOOST_TEST((timers_dropped(decision) == std::vector<Timer>{sleep_timer()}));
  BOOST_TEST(state.open_sleeps.empty());
  BOOST_TEST(state.entries == 3u);
  BOOST_TEST(state.commands == 2u);
  BOOST_TEST(decision.urgent);
}

BOOST_AUTO_TEST_CASE(inv_7_a_sleep_fired_twice_takes_effect_once) {
  InvocationState state = asleep();
  Decision first;
  timer_fired(state, sleep_timer(), kNow + 5000, first);
  Decision second;

  const bool go_on = timer_fired(state, sleep_timer(), kNow + 5000, second);

  BOOST_TEST(!go_on);
  BOOST_TEST(facts_of<Append>(second).empty());
  BOOST_TEST((timers_dropped(second) == std::vector<Timer>{sleep_timer()}));
  BOOST_TEST(state.entries == 3u);
}

BOOST_AUTO_TEST_CASE(inv_7_a_timer_that_is_not_this_sleeps_completes_nothing) {
  for (const Timer& other : {Timer{kNow + 5000, id_of(1), TimerKind::kSleep, 8},
                             Timer{kNow + 4999, id_of(1), TimerKind::kSleep, 7}}) {
    InvocationState state = asleep();
    Decision decision;

    const bool go_on = timer_fired(state, other, kNow + 5000, decision);

    BOOST_TEST(!go_on);
    BOOST_TEST(facts_of<Append>(decision).empty());
    BOOST_TEST(state.open_sleeps.size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(inv_7_no_timer_changes_a_completed_invocation) {
  for (const TimerKind kind : {TimerKind::kSleep, TimerKind::kRetry, TimerKind::kStart}) {
    InvocationState state = asleep();
    Decision end;
    finish(state, Bytes("out"), kNow + 1, end);
    const std::uint32_t entries = state.entries;
    Decision decision;

    const bool go_on = timer_fired(state, {kNow + 5000, id_of(1), kind, 7}, kNow + 5000, decision);

    BOOST_TEST(!go_on);
    BOOST_TEST((state.row.status == Status::kCompleted));
    BOOST_TEST(facts_of<Append>(decision).empty());
    BOOST_TEST(timers_dropped(decision).size() == 1u);
    BOOST_TEST((decision.wake_up != WakeUp::kPut));
    BOOST_TEST((decision.queue == QueuePlace::kKeep));
    BOOST_TEST(state.entries == entries);
  }
}

BOOST_AUTO_TEST_CASE(a_sleep_wakes_a_suspended_invocation_that_waits_for_it) {
  InvocationState state = suspended();
  Decision decision;

  const bool go_on = timer_fired(state, sleep_timer(), kNow + 5000, decision);

  BOOST_TEST(go_on);
  BOOST_TEST((state.row.status == Status::kRunning));
  BOOST_TEST(state.row.waits.empty());
  BOOST_TEST((decision.wake_up == WakeUp::kPut));
  BOOST_TEST(decision.row_changed);
}

BOOST_AUTO_TEST_CASE(a_sleep_does_not_wake_a_suspended_invocation_that_waits_for_something_else) {
  InvocationState state = asleep();
  Decision decision;
  park(state, waiting_for(8), kNow, decision);
  decision = {};

  const bool go_on = timer_fired(state, sleep_timer(), kNow + 5000, decision);

  BOOST_TEST(!go_on);
  BOOST_TEST((state.row.status == Status::kSuspended));
  BOOST_TEST(facts_of<Append>(decision).size() == 1u);
  BOOST_TEST((decision.wake_up == WakeUp::kKeep));
}

BOOST_AUTO_TEST_CASE(a_sleep_ends_while_paused_or_backing_off_and_starts_no_attempt) {
  for (const bool paused : {true, false}) {
    InvocationState state = asleep();
    Decision decision;
    back_off(state, {}, paused ? std::nullopt : std::optional<std::int64_t>(90'000), kNow,
             decision);
    const Status before = state.row.status;
    decision = {};

    const bool go_on = timer_fired(state, sleep_timer(), kNow + 5000, decision);

    BOOST_TEST(!go_on, "an attempt is asked for while " << status_text(before));
    BOOST_TEST((state.row.status == before));
    BOOST_TEST(facts_of<Append>(decision).size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_retry_timer_starts_the_next_attempt) {
  InvocationState state = backing_off();
  Decision decision;

  const bool go_on = timer_fired(state, retry_timer(), kNow + 300, decision);

  BOOST_TEST(go_on);
  BOOST_TEST((state.row.status == Status::kRunning));
  BOOST_TEST(state.row.next_retry_at == 0);
  BOOST_TEST(state.row.retry_count == 1u);
  BOOST_TEST((decision.wake_up == WakeUp::kPut));
}

BOOST_AUTO_TEST_CASE(inv_7_a_retry_timer_fired_twice_or_of_an_earlier_back_off_does_nothing) {
  InvocationState state = backing_off();
  Decision decision;
  timer_fired(state, retry_timer(), kNow + 300, decision);
  BOOST_TEST(!timer_fired(state, retry_timer(), kNow + 300, decision));
  back_off(state, {}, 700, kNow + 300, decision);
  decision = {};

  const bool go_on = timer_fired(state, retry_timer(), kNow + 400, decision);

  BOOST_TEST(!go_on);
  BOOST_TEST((state.row.status == Status::kBackingOff));
  BOOST_TEST(state.row.next_retry_at == kNow + 1000);
  BOOST_TEST((timers_dropped(decision) == std::vector<Timer>{retry_timer()}));
}

BOOST_AUTO_TEST_CASE(a_start_timer_starts_a_plain_send_and_queues_an_exclusive_one) {
  const Timer start{kNow + 100, id_of(1), TimerKind::kStart, 0};
  InvocationState plain = accepted(plain_target(), kNow + 100);
  InvocationState exclusive = accepted(exclusive_target(), kNow + 100);
  Decision plain_decision;
  Decision exclusive_decision;

  const bool plain_goes = timer_fired(plain, start, kNow + 100, plain_decision);
  const bool exclusive_goes = timer_fired(exclusive, start, kNow + 100, exclusive_decision);

  BOOST_TEST(plain_goes);
  BOOST_TEST((plain.row.status == Status::kRunning));
  BOOST_TEST(plain.row.running_at == kNow + 100);
  BOOST_TEST((plain_decision.wake_up == WakeUp::kPut));
  BOOST_TEST((plain_decision.queue == QueuePlace::kKeep));
  BOOST_TEST(!exclusive_goes);
  BOOST_TEST((exclusive.row.status == Status::kQueued));
  BOOST_TEST((exclusive_decision.wake_up == WakeUp::kPut));
  BOOST_TEST((exclusive_decision.queue == QueuePlace::kTake));
}

BOOST_AUTO_TEST_CASE(inv_7_a_start_timer_fired_twice_takes_one_place_in_the_queue) {
  const Timer start{kNow + 100, id_of(1), TimerKind::kStart, 0};
  InvocationState state = accepted(exclusive_target(), kNow + 100);
  Decision first;
  timer_fired(state, start, kNow + 100, first);
  Decision second;

  const bool go_on = timer_fired(state, start, kNow + 100, second);

  BOOST_TEST(!go_on);
  BOOST_TEST((second.queue == QueuePlace::kKeep));
  BOOST_TEST((second.wake_up == WakeUp::kKeep));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(machine_waiting)

BOOST_AUTO_TEST_CASE(a_signal_becomes_an_entry_whatever_the_invocation_does) {
  for (InvocationState state : {accepted(plain_target()), accepted(exclusive_target()),
                                accepted(plain_target(), kNow + 10), suspended(), backing_off()}) {
    const Status before = state.row.status;
    const std::uint32_t entries = state.entries;
    Decision decision;

    signal(state, Notification{std::uint32_t{20}, Bytes("x")}, kNow + 1, decision);

    BOOST_TEST(entries_of<Notification>(decision).size() == 1u);
    BOOST_TEST(state.entries == entries + 1);
    BOOST_TEST((state.row.status == before));
    BOOST_TEST(decision.urgent);
  }
}

BOOST_AUTO_TEST_CASE(the_signal_waited_for_wakes_and_so_does_the_cancel_signal) {
  const auto parked_for = [](WaitSet waits) {
    InvocationState state = accepted(plain_target());
    Decision decision;
    park(state, std::move(waits), kNow, decision);
    return state;
  };
  WaitSet index;
  index.signals = {20};
  WaitSet name;
  name.named_signals = {"go"};
  struct Case {
    WaitSet waits;
    Notification signal;
    bool wakes;
  };
  for (const Case& one : {Case{index, {std::uint32_t{20}, Bytes("x")}, true},
                          Case{index, {std::uint32_t{21}, Bytes("x")}, false},
                          Case{index, {std::string("go"), Bytes("x")}, false},
                          Case{name, {std::string("go"), Bytes("x")}, true},
                          Case{name, {std::string("no"), Bytes("x")}, false},
                          Case{waiting_for(20), {std::uint32_t{20}, Bytes("x")}, false},
                          Case{waiting_for(20), {kCancelSignal, Empty{}}, true},
                          Case{WaitSet{}, {kCancelSignal, Empty{}}, true}}) {
    InvocationState state = parked_for(one.waits);
    Decision decision;

    signal(state, one.signal, kNow + 1, decision);

    BOOST_TEST((state.row.status == (one.wakes ? Status::kRunning : Status::kSuspended)));
    BOOST_TEST((decision.wake_up == (one.wakes ? WakeUp::kPut : WakeUp::kKeep)));
    BOOST_TEST(decision.row_changed == one.wakes);
  }
}

BOOST_AUTO_TEST_CASE(parking_stores_what_is_waited_for_and_takes_the_wake_ups) {
  InvocationState state = asleep();
  Decision decision;

  park(state, waiting_for(7), kNow + 9, decision);

  BOOST_TEST((state.row.status == Status::kSuspended));
  BOOST_TEST((state.row.waits.completions == std::vector<CompletionId>{7}));
  BOOST_TEST(state.row.modified_at == kNow + 9);
  BOOST_TEST((decision.wake_up == WakeUp::kTakeAll));
  BOOST_TEST((decision.queue == QueuePlace::kKeep));
  BOOST_TEST(decision.row_changed);
  BOOST_TEST(state.open_sleeps.size() == 1u);
}

BOOST_AUTO_TEST_CASE(inv_5_a_parked_exclusive_invocation_keeps_its_key) {
  InvocationState state = accepted(exclusive_target());
  Decision decision;
  begin(state, kNow, decision);

  park(state, waiting_for(1), kNow, decision);
  wake(state, kNow, decision);
  back_off(state, {}, 10, kNow, decision);
  pause(state, kNow, decision);
  wake(state, kNow, decision);

  BOOST_TEST((decision.queue == QueuePlace::kKeep));
}

BOOST_AUTO_TEST_CASE(waking_forgets_what_was_waited_for_and_the_retry_timer) {
  InvocationState parked = suspended();
  InvocationState failed = backing_off();
  Decision parked_decision;
  Decision failed_decision;

  wake(parked, kNow + 1, parked_decision);
  wake(failed, kNow + 1, failed_decision);

  BOOST_TEST(parked.row.last_start_at == kNow + 1);
  BOOST_TEST(failed.row.last_start_at == kNow + 1);

  BOOST_TEST((parked.row.status == Status::kRunning));
  BOOST_TEST(parked.row.waits.empty());
  BOOST_TEST((parked_decision.wake_up == WakeUp::kPut));
  BOOST_TEST(timers_dropped(parked_decision).empty());
  BOOST_TEST((failed.row.status == Status::kRunning));
  BOOST_TEST(failed.row.next_retry_at == 0);
  BOOST_TEST((timers_dropped(failed_decision) == std::vector<Timer>{retry_timer()}));
}

BOOST_AUTO_TEST_CASE(resting_takes_the_wake_ups_and_changes_nothing_else) {
  InvocationState state = suspended();
  Decision decision;

  rest(state, decision);

  BOOST_TEST((decision.wake_up == WakeUp::kTakeAll));
  BOOST_TEST(decision.facts.empty());
  BOOST_TEST(!decision.row_changed);
  BOOST_TEST((state.row.status == Status::kSuspended));
}

BOOST_AUTO_TEST_CASE(a_failed_attempt_is_tried_again_after_its_delay) {
  InvocationState state = accepted(plain_target());
  Decision decision;

  back_off(state, AttemptFailure{503, "busy", {}, {}, {}}, 300, kNow, decision);

  BOOST_TEST((state.row.status == Status::kBackingOff));
  BOOST_TEST(state.row.retry_count == 1u);
  BOOST_TEST(state.row.retrying_since == kNow);
  BOOST_TEST(state.row.next_retry_at == kNow + 300);
  BOOST_REQUIRE(state.row.last_failure.has_value());
  BOOST_TEST(state.row.last_failure->message == "busy");
  BOOST_TEST((timers_set(decision) == std::vector<Timer>{retry_timer()}));
  BOOST_TEST((decision.wake_up == WakeUp::kTakeAll));
  BOOST_TEST(facts_of<Append>(decision).empty());
}

BOOST_AUTO_TEST_CASE(attempts_that_fail_in_a_row_are_counted_from_the_first) {
  InvocationState state = backing_off();
  Decision decision;
  timer_fired(state, retry_timer(), kNow + 300, decision);

  back_off(state, {}, 600, kNow + 310, decision);

  BOOST_TEST(state.row.retry_count == 2u);
  BOOST_TEST(state.row.retrying_since == kNow);
  BOOST_TEST(state.row.next_retry_at == kNow + 910);
}

BOOST_AUTO_TEST_CASE(without_a_delay_a_failed_invocation_is_paused) {
  InvocationState state = accepted(plain_target());
  Decision decision;

  back_off(state, AttemptFailure{500, "broken", {}, {}, {}}, std::nullopt, kNow, decision);

  BOOST_TEST((state.row.status == Status::kPaused));
  BOOST_TEST(state.row.next_retry_at == 0);
  BOOST_TEST(state.row.retry_count == 1u);
  BOOST_TEST(timers_set(decision).empty());
  BOOST_TEST((decision.wake_up == WakeUp::kTakeAll));
}

BOOST_AUTO_TEST_CASE(inv_11_no_delay_a_handler_names_brings_the_next_attempt_into_the_past) {
  for (const std::int64_t delay :
       {std::int64_t{0}, std::int64_t{-5}, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()}) {
    InvocationState state = accepted(plain_target());
    Decision decision;

    back_off(state, {}, delay, kNow, decision);

    BOOST_TEST(state.row.next_retry_at >= kNow, "after a delay of " << delay << " ms");
  }
}

BOOST_AUTO_TEST_CASE(pausing_drops_the_retry_timer_and_what_was_waited_for) {
  InvocationState failed = backing_off();
  InvocationState parked = suspended();
  Decision failed_decision;
  Decision parked_decision;

  pause(failed, kNow + 1, failed_decision);
  pause(parked, kNow + 1, parked_decision);

  BOOST_TEST((failed.row.status == Status::kPaused));
  BOOST_TEST((timers_dropped(failed_decision) == std::vector<Timer>{retry_timer()}));
  BOOST_TEST((parked.row.status == Status::kPaused));
  BOOST_TEST(parked.row.waits.empty());
  BOOST_TEST(timers_dropped(parked_decision).empty(), "its sleep goes on");
  BOOST_TEST((parked_decision.wake_up == WakeUp::kTakeAll));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::journal
