// The machine: how an invocation ends, who is told, what is removed when; and promises.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <set>

#include "journal/machine/machine.h"
#include "tests/journal/machine_samples.h"

namespace holdfast::journal {
namespace {

Decision finished(InvocationState& state, Outcome outcome = Bytes("out")) {
  Decision decision;
  finish(state, std::move(outcome), kNow + 100, decision);
  return decision;
}

std::set<Timer> as_set(const std::vector<Timer>& timers) { return {timers.begin(), timers.end()}; }

const Request::PromiseAct kGet{"Signup", "ann", {Promise::Act::kGet, "approved", 1, {}}};
const Request::PromiseAct kPeek{"Signup", "ann", {Promise::Act::kPeek, "approved", 1, {}}};
const Request::PromiseAct kComplete{
    "Signup", "ann", {Promise::Act::kComplete, "approved", 1, Outcome{Bytes("yes")}}};

BOOST_AUTO_TEST_SUITE(machine_end)

BOOST_AUTO_TEST_CASE(the_end_keeps_the_outcome_and_takes_the_wake_ups) {
  InvocationState state = accepted(plain_target());

  const Decision decision = finished(state, Failure{409, "cancelled", {}});

  BOOST_TEST((state.row.status == Status::kCompleted));
  BOOST_TEST(state.row.completed_at == kNow + 100);
  BOOST_REQUIRE(state.row.result.has_value());
  BOOST_TEST(std::get<Failure>(*state.row.result).message == "cancelled");
  BOOST_TEST((decision.wake_up == WakeUp::kTakeAll));
  BOOST_TEST(decision.row_changed);
  BOOST_TEST(decision.urgent);
}

BOOST_AUTO_TEST_CASE(everybody_who_waits_is_told_once) {
  InvocationState state = accepted(plain_target());
  Decision decision;
  attach(state, {id_of(2), 5}, true, decision);
  attach(state, {id_of(3), 6}, true, decision);
  attach(state, {id_of(2), 5}, true, decision);
  attach(state, {id_of(2), 7}, true, decision);

  const auto told = facts_of<Tell>(finished(state));

  BOOST_REQUIRE(told.size() == 3u);
  std::set<std::pair<InvocationId, CompletionId>> who;
  for (const Tell& tell : told) {
    who.insert({tell.to, completion_of(tell)});
    BOOST_TEST(*result_of<Bytes>(tell) == "out");
  }
  BOOST_TEST((who == std::set<std::pair<InvocationId, CompletionId>>{
                         {id_of(2), 5}, {id_of(2), 7}, {id_of(3), 6}}));
  BOOST_TEST(state.row.waiters.empty());
}

BOOST_AUTO_TEST_CASE(a_failure_is_told_as_one) {
  InvocationState state = accepted(plain_target());
  Decision decision;
  attach(state, {id_of(2), 5}, true, decision);

  const auto told = facts_of<Tell>(finished(state, Failure{404, "no", {{"a", "b"}}}));

  BOOST_REQUIRE(told.size() == 1u);
  BOOST_REQUIRE(result_of<Failure>(told[0]) != nullptr);
  BOOST_TEST((*result_of<Failure>(told[0]) == Failure{404, "no", {{"a", "b"}}}));
}

BOOST_AUTO_TEST_CASE(inv_7_sleeps_and_retries_that_are_open_are_dropped_at_the_end) {
  InvocationState sleeping = suspended();
  InvocationState failed = backing_off();
  InvocationState scheduled = accepted(plain_target(), kNow + 400);

  const Decision of_sleeping = finished(sleeping);
  const Decision of_failed = finished(failed);
  const Decision of_scheduled = finished(scheduled);

  BOOST_TEST((timers_dropped(of_sleeping) == std::vector<Timer>{sleep_timer()}));
  BOOST_TEST(sleeping.open_sleeps.empty());
  BOOST_TEST(sleeping.row.waits.empty());
  BOOST_TEST((timers_dropped(of_failed) == std::vector<Timer>{retry_timer()}));
  BOOST_TEST(failed.row.next_retry_at == 0);
  BOOST_TEST((timers_dropped(of_scheduled) ==
              std::vector<Timer>{{kNow + 400, id_of(1), TimerKind::kStart, 0}}));
}

BOOST_AUTO_TEST_CASE(what_is_kept_has_timers_that_remove_it) {
  struct Case {
    std::int64_t keep, keep_journal;
    std::set<std::pair<std::int64_t, TimerKind>> timers;
  };
  const std::int64_t end = kNow + 100;
  for (const Case& one :
       {Case{0, 0, {{end, TimerKind::kExpire}}}, Case{0, 500, {{end, TimerKind::kExpire}}},
        Case{500, 500, {{end + 500, TimerKind::kExpire}}},
        Case{500, 900, {{end + 500, TimerKind::kExpire}}},
        Case{500, 0, {{end + 500, TimerKind::kExpire}, {end, TimerKind::kExpireJournal}}},
        Case{
            500, 200, {{end + 500, TimerKind::kExpire}, {end + 200, TimerKind::kExpireJournal}}}}) {
    InvocationState state = accepted(plain_target());
    state.row.completion_retention_ms = one.keep;
    state.row.journal_retention_ms = one.keep_journal;

    std::set<std::pair<std::int64_t, TimerKind>> timers;
    for (const Timer& timer : timers_set(finished(state))) {
      timers.insert({timer.due_unix_ms, timer.kind});
    }

    BOOST_TEST((timers == one.timers), "kept " << one.keep << ", " << one.keep_journal);
  }
}

BOOST_AUTO_TEST_CASE(inv_8_what_is_kept_for_ever_does_not_expire_in_the_past) {
  InvocationState state = accepted(plain_target());
  state.row.completion_retention_ms = std::numeric_limits<std::int64_t>::max();
  state.row.journal_retention_ms = std::numeric_limits<std::int64_t>::max();

  for (const Timer& timer : timers_set(finished(state))) {
    BOOST_TEST(timer.due_unix_ms >= state.row.completed_at);
  }
}

BOOST_AUTO_TEST_CASE(inv_5_the_end_leaves_the_key) {
  InvocationState queued = accepted(exclusive_target());
  InvocationState running = accepted(exclusive_target());
  Decision decision;
  begin(running, kNow, decision);
  InvocationState scheduled = accepted(exclusive_target(), kNow + 400);
  InvocationState plain = accepted(plain_target());

  BOOST_TEST((finished(queued).queue == QueuePlace::kLeave));
  BOOST_TEST((finished(running).queue == QueuePlace::kLeave));
  BOOST_TEST((finished(scheduled).queue == QueuePlace::kKeep), "it never took a place");
  BOOST_TEST((finished(plain).queue == QueuePlace::kKeep));
}

BOOST_AUTO_TEST_CASE(inv_5_who_ends_in_the_batch_it_began_in_leaves_neither_place_nor_wake_up) {
  InvocationState state;
  state.row.id = id_of(1);
  state.row.target = exclusive_target();
  Decision decision;

  accept(state, input(), kNow, decision);
  finish(state, Bytes("out"), kNow, decision);

  BOOST_TEST((decision.queue == QueuePlace::kKeep));
  BOOST_TEST((decision.wake_up == WakeUp::kTakeAll));
  BOOST_TEST((state.row.status == Status::kCompleted));
}

BOOST_AUTO_TEST_CASE(attaching_to_a_completed_invocation_is_answered_at_once) {
  for (const bool wait : {true, false}) {
    InvocationState state = accepted(plain_target());
    finished(state);
    Decision decision;

    attach(state, {id_of(2), 5}, wait, decision);

    const auto told = facts_of<Tell>(decision);
    BOOST_REQUIRE(told.size() == 1u);
    BOOST_TEST((told[0].to == id_of(2)));
    BOOST_TEST(completion_of(told[0]) == 5u);
    BOOST_TEST(*result_of<Bytes>(told[0]) == "out");
    BOOST_TEST(state.row.waiters.empty());
    BOOST_TEST(!decision.row_changed);
  }
}

BOOST_AUTO_TEST_CASE(who_does_not_want_to_wait_is_told_there_is_nothing_yet) {
  InvocationState state = accepted(plain_target());
  Decision decision;

  attach(state, {id_of(2), 5}, false, decision);

  BOOST_REQUIRE(facts_of<Tell>(decision).size() == 1u);
  BOOST_TEST(result_of<Empty>(facts_of<Tell>(decision)[0]) != nullptr);
  BOOST_TEST(state.row.waiters.empty());
}

BOOST_AUTO_TEST_CASE(who_waits_is_remembered_once) {
  InvocationState state = accepted(plain_target());
  Decision first;
  attach(state, {id_of(2), 5}, true, first);
  Decision second;

  attach(state, {id_of(2), 5}, true, second);

  BOOST_TEST(first.row_changed);
  BOOST_TEST(facts_of<Tell>(first).empty());
  BOOST_TEST((state.row.waiters == std::vector<Waiter>{{id_of(2), 5}}));
  BOOST_TEST(!second.row_changed);
}

BOOST_AUTO_TEST_CASE(purging_removes_every_chunk_the_row_and_every_timer_left) {
  for (const std::int64_t keep : {-1000, 0, 500}) {
    for (const std::int64_t keep_journal : {-1000, 0, 200, 500, 900}) {
      InvocationState state = accepted(plain_target());
      state.row.completion_retention_ms = keep;
      state.row.journal_retention_ms = keep_journal;
      const std::set<Timer> set = as_set(timers_set(finished(state)));
      Decision decision;

      purge(state, {3, 8}, true, decision);

      const std::set<Timer> dropped = as_set(timers_dropped(decision));
      BOOST_TEST(std::includes(dropped.begin(), dropped.end(), set.begin(), set.end()),
                 "a timer is left when kept for " << keep << " and " << keep_journal << " ms");
      BOOST_TEST(facts_of<DropRow>(decision).size() == 1u);
      const auto chunks = facts_of<DropChunk>(decision);
      BOOST_REQUIRE(chunks.size() == 2u);
      BOOST_TEST(chunks[0].stamp == 3u);
      BOOST_TEST(chunks[1].stamp == 8u);
      BOOST_TEST((decision.wake_up == WakeUp::kTakeAll));
    }
  }
}

BOOST_AUTO_TEST_CASE(purging_the_journal_keeps_the_row_and_its_timer) {
  InvocationState state = accepted(plain_target());
  state.row.completion_retention_ms = 500;
  state.row.journal_retention_ms = 200;
  finished(state);
  Decision decision;

  purge(state, {3}, false, decision);

  BOOST_TEST((timers_dropped(decision) ==
              std::vector<Timer>{{kNow + 300, id_of(1), TimerKind::kExpireJournal, 0}}));
  BOOST_TEST(facts_of<DropRow>(decision).empty());
  BOOST_TEST(decision.row_changed);
  BOOST_TEST(state.entries == 0u);
  BOOST_TEST(state.commands == 0u);
  BOOST_TEST(state.row.result.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(machine_promises)

BOOST_AUTO_TEST_CASE(peeking_at_a_promise_tells_what_there_is_and_never_waits) {
  PromiseState open;
  PromiseState done;
  done.record.result = Bytes("yes");
  Decision of_open;
  Decision of_done;

  promise_act(open, {id_of(2), 5}, kPeek, of_open);
  promise_act(done, {id_of(2), 5}, kPeek, of_done);

  BOOST_TEST(result_of<Empty>(facts_of<Tell>(of_open).at(0)) != nullptr);
  BOOST_TEST(*result_of<Bytes>(facts_of<Tell>(of_done).at(0)) == "yes");
  BOOST_TEST(open.record.waiters.empty());
  BOOST_TEST(facts_of<SetPromise>(of_open).empty());
}

BOOST_AUTO_TEST_CASE(getting_an_open_promise_waits_and_asking_twice_waits_once) {
  PromiseState promise;
  Decision first;
  Decision second;

  promise_act(promise, {id_of(2), 5}, kGet, first);
  promise_act(promise, {id_of(2), 5}, kGet, second);

  BOOST_TEST(facts_of<Tell>(first).empty());
  const auto stored = facts_of<SetPromise>(first);
  BOOST_REQUIRE(stored.size() == 1u);
  BOOST_TEST(stored[0].service == "Signup");
  BOOST_TEST(stored[0].key == "ann");
  BOOST_TEST(stored[0].name == "approved");
  BOOST_TEST((stored[0].record.waiters == std::vector<Waiter>{{id_of(2), 5}}));
  BOOST_TEST((promise.record.waiters == std::vector<Waiter>{{id_of(2), 5}}));
}

BOOST_AUTO_TEST_CASE(completing_a_promise_tells_everybody_who_waits_once) {
  PromiseState promise;
  Decision decision;
  promise_act(promise, {id_of(2), 5}, kGet, decision);
  promise_act(promise, {id_of(3), 6}, kGet, decision);
  decision = {};

  promise_act(promise, {id_of(4), 7}, kComplete, decision);

  const auto told = facts_of<Tell>(decision);
  BOOST_REQUIRE(told.size() == 3u);
  for (const Tell& tell : told) {
    if (tell.to == id_of(4)) {
      BOOST_TEST(completion_of(tell) == 7u);
      BOOST_TEST(result_of<Empty>(tell) != nullptr, "who completes gets no value");
    } else {
      BOOST_TEST(*result_of<Bytes>(tell) == "yes");
    }
  }
  BOOST_TEST(promise.record.waiters.empty());
  const auto stored = facts_of<SetPromise>(decision);
  BOOST_REQUIRE(!stored.empty());
  BOOST_TEST(stored.back().record.result.has_value());
  BOOST_TEST(stored.back().record.waiters.empty());
}

BOOST_AUTO_TEST_CASE(a_promise_is_completed_once) {
  PromiseState promise;
  Decision decision;
  promise_act(promise, {id_of(2), 5}, kComplete, decision);
  decision = {};
  Request::PromiseAct other = kComplete;
  other.promise.result = Bytes("no");

  promise_act(promise, {id_of(3), 6}, other, decision);

  BOOST_TEST(std::get<Bytes>(*promise.record.result) == "yes");
  BOOST_TEST(facts_of<SetPromise>(decision).empty());
  const auto told = facts_of<Tell>(decision);
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST((told[0].to == id_of(3)));
  BOOST_REQUIRE(result_of<Failure>(told[0]) != nullptr);
  BOOST_TEST(result_of<Failure>(told[0])->code == 409);
}

BOOST_AUTO_TEST_CASE(a_promise_completed_by_a_failure_gives_the_failure) {
  PromiseState promise;
  Decision decision;
  Request::PromiseAct reject = kComplete;
  reject.promise.result = Failure{400, "rejected", {}};
  promise_act(promise, {id_of(2), 5}, reject, decision);
  decision = {};

  promise_act(promise, {id_of(3), 6}, kGet, decision);

  BOOST_REQUIRE(facts_of<Tell>(decision).size() == 1u);
  BOOST_REQUIRE(result_of<Failure>(facts_of<Tell>(decision)[0]) != nullptr);
  BOOST_TEST(result_of<Failure>(facts_of<Tell>(decision)[0])->message == "rejected");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::journal
