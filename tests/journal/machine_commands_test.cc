// The machine: what follows from each command, who is asked, and what folding a journal finds.

#include <boost/test/unit_test.hpp>

#include "journal/machine/machine.h"
#include "tests/journal/machine_samples.h"

namespace holdfast::journal {
namespace {

Decision commanded(InvocationState& state, EntryBody body, const Resolution* resolution = nullptr) {
  Decision decision;
  command(state, Entry{"step", std::move(body)}, resolution, kNow, decision);
  return decision;
}

Resolution resolved(Target target) {
  Resolution resolution;
  resolution.target = std::move(target);
  resolution.completion_retention_ms = 5000;
  resolution.journal_retention_ms = 3000;
  resolution.fresh_id = id_of(77);
  return resolution;
}

Call call_of(const Target& target) {
  Call call;
  call.service = target.service;
  call.key = target.key;
  call.handler = target.handler;
  call.parameter = "in";
  call.headers = {{"a", "b"}};
  call.id_completion = 4;
  call.completion = 5;
  return call;
}

BOOST_AUTO_TEST_SUITE(machine_commands)

BOOST_AUTO_TEST_CASE(inv_6_every_command_is_appended_as_it_came) {
  const Target target = plain_target();
  const Resolution resolution = resolved(target);
  const std::vector<EntryBody> bodies = {Output{Bytes("x")},
                                         ReadState{"k", 1, {}},
                                         ListState{1, {}},
                                         WriteState{"k", "v"},
                                         ClearState{},
                                         Sleep{kNow + 1, 1},
                                         Run{1},
                                         call_of(target),
                                         Promise{},
                                         SendSignal{id_of(2), std::uint32_t{17}, Bytes("x"), true},
                                         Attach{id_of(2), 1}};
  for (const EntryBody& body : bodies) {
    InvocationState state = accepted(run_target());

    const Decision decision = commanded(state, body, &resolution);

    const auto appended = facts_of<Append>(decision);
    BOOST_REQUIRE(!appended.empty());
    BOOST_TEST(appended[0].entry.name == "step");
    BOOST_TEST(appended[0].entry.body.index() == body.index());
    BOOST_TEST(state.entries == 1 + appended.size());
    BOOST_TEST(state.commands == 2u);
    BOOST_TEST((decision.wake_up == WakeUp::kKeep));
  }
}

BOOST_AUTO_TEST_CASE(reading_state_asks_nobody_and_may_wait_for_the_next_batch) {
  InvocationState state = accepted(run_target());

  const Decision read = commanded(state, ReadState{"k", 0, Bytes("v")});
  const Decision list = commanded(state, ListState{0, {"k"}});

  for (const Decision& decision : {read, list}) {
    BOOST_TEST(decision.facts.size() == 1u);
    BOOST_TEST(decision.requests.empty());
    BOOST_TEST(!decision.urgent);
  }
}

BOOST_AUTO_TEST_CASE(writing_and_clearing_state_are_facts) {
  InvocationState state = accepted(exclusive_target());

  const auto written = facts_of<SetState>(commanded(state, WriteState{"k", "v"}));
  const auto cleared = facts_of<DropState>(commanded(state, ClearState{"k"}));
  const auto all = facts_of<DropState>(commanded(state, ClearState{}));

  BOOST_REQUIRE(written.size() == 1u);
  BOOST_TEST(written[0].key == "k");
  BOOST_TEST(written[0].value == "v");
  BOOST_REQUIRE(cleared.size() == 1u);
  BOOST_TEST(cleared[0].key == "k");
  BOOST_TEST(all.empty(), "the owner adds the keys, which only it knows");
}

BOOST_AUTO_TEST_CASE(a_sleep_sets_its_timer_and_stays_open) {
  InvocationState state = accepted(plain_target());

  const Decision decision = commanded(state, Sleep{kNow + 5000, 7});

  BOOST_TEST((timers_set(decision) == std::vector<Timer>{sleep_timer()}));
  BOOST_TEST((state.open_sleeps == std::vector<Timer>{sleep_timer()}));
  BOOST_TEST(decision.urgent);
}

BOOST_AUTO_TEST_CASE(the_outcome_of_a_step_is_a_completion) {
  for (const Outcome& outcome : {Outcome{Bytes("x")}, Outcome{Failure{500, "no", {}}}}) {
    InvocationState state = accepted(plain_target());
    commanded(state, Run{3});
    Decision decision;

    propose(state, 3, outcome, decision);

    const auto notifications = entries_of<Notification>(decision);
    BOOST_REQUIRE(notifications.size() == 1u);
    BOOST_TEST(completion_of(notifications[0]) == 3u);
    BOOST_TEST(std::holds_alternative<Bytes>(notifications[0].result) ==
               std::holds_alternative<Bytes>(outcome));
    BOOST_TEST(decision.urgent);
    BOOST_TEST(state.entries == 3u);
    BOOST_TEST(state.commands == 2u);
  }
}

BOOST_AUTO_TEST_CASE(progress_ends_the_count_of_failed_attempts) {
  for (const bool by_command : {true, false}) {
    InvocationState state = backing_off();
    Decision decision;
    wake(state, kNow, decision);
    decision = {};

    if (by_command) {
      command(state, Entry{{}, Run{1}}, nullptr, kNow, decision);
    } else {
      propose(state, 1, Bytes("x"), decision);
    }

    BOOST_TEST(state.row.retry_count == 0u);
    BOOST_TEST(state.row.retrying_since == 0);
    BOOST_TEST(!state.row.last_failure.has_value());
    BOOST_TEST(decision.row_changed);
  }
}

BOOST_AUTO_TEST_CASE(a_plain_call_creates_its_callee_in_the_same_batch) {
  InvocationState state = accepted(exclusive_target());
  state.row.trace_parent = "00-trace";
  const Resolution resolution = resolved(plain_target());

  const Decision decision = commanded(state, call_of(plain_target()), &resolution);

  BOOST_TEST(decision.requests.empty());
  const auto created = facts_of<Create>(decision);
  BOOST_REQUIRE(created.size() == 1u);
  const Invocation& row = created[0].invocation;
  BOOST_TEST((row.id == id_of(77)));
  BOOST_TEST((row.status == Status::kRunning));
  BOOST_TEST((row.source == Source::kService));
  BOOST_TEST((row.caller == id_of(1)));
  BOOST_TEST(row.caller_target == "Counter/ann/add");
  BOOST_TEST(row.trace_parent == "00-trace");
  BOOST_TEST(row.completion_retention_ms == 5000);
  BOOST_TEST(row.journal_retention_ms == 3000);
  BOOST_TEST(row.created_at == kNow);
  BOOST_TEST((row.waiters == std::vector<Waiter>{{id_of(1), 5}}));
  const auto& begins_with = std::get<Input>(created[0].input.body);
  BOOST_TEST(begins_with.value == "in");
  BOOST_TEST((begins_with.headers == Headers{{"a", "b"}}));
  const auto notifications = entries_of<Notification>(decision);
  BOOST_REQUIRE(notifications.size() == 1u);
  BOOST_TEST(completion_of(notifications[0]) == 4u);
  BOOST_TEST((std::get<InvocationId>(notifications[0].result) == id_of(77)));
  BOOST_TEST(decision.urgent);
}

BOOST_AUTO_TEST_CASE(a_callee_that_runs_at_once_says_since_when) {
  InvocationState state = accepted(plain_target());
  const Resolution resolution = resolved(plain_target());

  const Decision decision = commanded(state, call_of(plain_target()), &resolution);

  BOOST_TEST(facts_of<Create>(decision)[0].invocation.running_at == kNow);
  BOOST_TEST(facts_of<Create>(decision)[0].invocation.last_start_at == kNow);
}

BOOST_AUTO_TEST_CASE(inv_5_a_callee_that_is_exclusive_queues) {
  InvocationState state = accepted(plain_target());
  const Resolution resolution = resolved(exclusive_target());

  const Decision decision = commanded(state, call_of(exclusive_target()), &resolution);

  BOOST_TEST((facts_of<Create>(decision)[0].invocation.status == Status::kQueued));
  BOOST_TEST((decision.queue == QueuePlace::kKeep), "the caller takes no place");
}

BOOST_AUTO_TEST_CASE(a_send_has_no_waiter_and_may_be_delayed) {
  InvocationState state = accepted(plain_target());
  const Resolution resolution = resolved(plain_target());
  Call now = call_of(plain_target());
  now.completion = 0;
  Call later = now;
  later.not_before_unix_ms = kNow + 60'000;

  const Decision at_once = commanded(state, now, &resolution);
  const Decision delayed = commanded(state, later, &resolution);

  const Invocation running = facts_of<Create>(at_once)[0].invocation;
  BOOST_TEST(running.waiters.empty());
  BOOST_TEST((running.status == Status::kRunning));
  const Invocation scheduled = facts_of<Create>(delayed)[0].invocation;
  BOOST_TEST((scheduled.status == Status::kScheduled));
  BOOST_TEST(scheduled.scheduled_start_at == kNow + 60'000);
}

BOOST_AUTO_TEST_CASE(inv_8_a_call_whose_id_is_determined_is_asked_of_its_owner) {
  Call idempotent = call_of(plain_target());
  idempotent.idempotency_key = "once";
  const std::pair<Call, Target> cases[] = {{idempotent, plain_target()},
                                           {call_of(run_target()), run_target()}};
  for (const auto& [call, target] : cases) {
    InvocationState state = accepted(plain_target());
    const Resolution resolution = resolved(target);

    const Decision decision = commanded(state, call, &resolution);

    BOOST_TEST(facts_of<Create>(decision).empty());
    BOOST_REQUIRE(decision.requests.size() == 1u);
    const Request& request = decision.requests[0];
    BOOST_TEST((request.to == callee_of(call, resolution).first));
    BOOST_TEST(request.number == 1u);
    BOOST_TEST(request.completion == 5u);
    const auto& start = std::get<Request::StartCall>(request.what);
    BOOST_TEST(start.wait);
    BOOST_TEST((start.invocation.id == request.to));
    BOOST_TEST((start.invocation.waiters == std::vector<Waiter>{{id_of(1), 5}}));
    BOOST_TEST(
        (std::get<InvocationId>(entries_of<Notification>(decision)[0].result) == request.to));
  }
}

BOOST_AUTO_TEST_CASE(a_signal_for_another_is_told_to_it) {
  InvocationState state = accepted(plain_target());

  const Decision by_index =
      commanded(state, SendSignal{id_of(2), std::uint32_t{17}, Failure{400, "no", {}}, true});
  const Decision by_name = commanded(state, SendSignal{id_of(2), std::string("go"), Bytes("x")});

  const auto told = facts_of<Tell>(by_index);
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST((told[0].to == id_of(2)));
  BOOST_TEST(std::get<std::uint32_t>(std::get<Notification>(told[0].entry.body).of) == 17u);
  BOOST_REQUIRE(result_of<Failure>(told[0]) != nullptr);
  BOOST_TEST(result_of<Failure>(told[0])->message == "no");
  const Tell named = facts_of<Tell>(by_name).at(0);
  BOOST_TEST(std::get<std::string>(std::get<Notification>(named.entry.body).of) == "go");
  BOOST_TEST(*result_of<Bytes>(named) == "x");
  BOOST_TEST(state.entries == 3u, "what is told is not in its own journal");
}

BOOST_AUTO_TEST_CASE(a_promise_is_asked_of_the_run_of_the_workflow_key) {
  InvocationState state = accepted(run_target());

  const Decision decision =
      commanded(state, Promise{Promise::Act::kComplete, "approved", 9, Outcome{Bytes("yes")}});

  BOOST_REQUIRE(decision.requests.size() == 1u);
  const Request& request = decision.requests[0];
  BOOST_TEST((request.to == workflow_run_id("Signup", "ann")));
  BOOST_TEST(request.completion == 9u);
  const auto& act = std::get<Request::PromiseAct>(request.what);
  BOOST_TEST(act.service == "Signup");
  BOOST_TEST(act.key == "ann");
  BOOST_TEST(act.promise.key == "approved");
  BOOST_TEST(facts_of<SetPromise>(decision).empty());
}

BOOST_AUTO_TEST_CASE(attaching_is_asked_of_the_other_invocation) {
  for (const bool wait : {true, false}) {
    InvocationState state = accepted(plain_target());

    const Decision decision = commanded(state, Attach{id_of(2), 6, wait});

    BOOST_REQUIRE(decision.requests.size() == 1u);
    BOOST_TEST((decision.requests[0].to == id_of(2)));
    BOOST_TEST(decision.requests[0].completion == 6u);
    BOOST_TEST(std::get<Request::AttachTo>(decision.requests[0].what).wait == wait);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(machine_requests)

BOOST_AUTO_TEST_CASE(inv_8_the_callee_of_a_determined_call_is_always_the_same) {
  Call idempotent = call_of(plain_target());
  idempotent.idempotency_key = "once";
  Resolution one = resolved(plain_target());
  Resolution two = one;
  two.fresh_id = id_of(78);

  BOOST_TEST((callee_of(idempotent, one) == callee_of(idempotent, two)));
  BOOST_TEST(callee_of(idempotent, one).second);
  BOOST_TEST((callee_of(idempotent, one).first ==
              idempotent_id("Greeter", std::nullopt, "greet", "once")));
  BOOST_TEST((callee_of(call_of(run_target()), resolved(run_target())) ==
              std::pair(workflow_run_id("Signup", "ann"), true)));
  BOOST_TEST((callee_of(call_of(plain_target()), one) == std::pair(id_of(77), false)));
}

BOOST_AUTO_TEST_CASE(an_idempotent_callee_of_a_key_is_named_by_its_key_too) {
  Call call = call_of(exclusive_target());
  call.idempotency_key = "once";

  const InvocationId id = callee_of(call, resolved(exclusive_target())).first;

  BOOST_TEST((id == idempotent_id("Counter", "ann", "add", "once")));
  BOOST_TEST((id != idempotent_id("Counter", std::nullopt, "add", "once")));
}

BOOST_AUTO_TEST_CASE(the_request_asked_again_is_the_one_asked_first) {
  InvocationState state = accepted(run_target());
  const Resolution resolution = resolved(run_target());
  for (const EntryBody& body :
       {EntryBody(call_of(run_target())), EntryBody(Attach{id_of(2), 6, true}),
        EntryBody(Promise{Promise::Act::kGet, "approved", 9, {}})}) {
    const std::uint32_t number = state.commands;
    const Request first = commanded(state, body, &resolution).requests.at(0);

    const auto again = request_of(state, number, Entry{"step", body}, &resolution, kNow + 99);

    BOOST_REQUIRE(again.has_value());
    BOOST_TEST((again->to == first.to));
    BOOST_TEST(again->number == first.number);
    BOOST_TEST(again->completion == first.completion);
    BOOST_TEST(again->what.index() == first.what.index());
  }
}

BOOST_AUTO_TEST_CASE(commands_that_need_nobody_have_no_request) {
  const InvocationState state = accepted(plain_target());
  const Resolution resolution = resolved(plain_target());
  for (const EntryBody& body :
       {EntryBody(Sleep{kNow, 1}), EntryBody(Run{1}), EntryBody(WriteState{"k", "v"}),
        EntryBody(Output{}), EntryBody(call_of(plain_target()))}) {
    BOOST_TEST(!request_of(state, 1, Entry{{}, body}, &resolution, kNow).has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(machine_fold)

BOOST_AUTO_TEST_CASE(folding_counts_entries_and_commands) {
  InvocationState state;

  state.fold(input());
  state.fold(Entry{{}, Run{1}});
  state.fold(completion(1, Bytes("x")));
  state.fold(Entry{{}, Notification{kCancelSignal, Empty{}}});

  BOOST_TEST(state.entries == 4u);
  BOOST_TEST(state.commands == 2u);
}

BOOST_AUTO_TEST_CASE(folding_finds_the_sleeps_that_are_open) {
  InvocationState state;
  state.row.id = id_of(1);

  state.fold(input());
  state.fold(Entry{{}, Sleep{kNow + 1, 1}});
  state.fold(Entry{{}, Sleep{kNow + 5000, 7}});
  state.fold(completion(1, Empty{}));
  state.fold(Entry{{}, Notification{std::uint32_t{7}, Empty{}}});

  BOOST_TEST((state.open_sleeps == std::vector<Timer>{sleep_timer()}));
}

BOOST_AUTO_TEST_CASE(folding_finds_the_asks_without_an_answer_by_number_of_the_command) {
  InvocationState state;

  state.fold(input());
  state.fold(Entry{{}, Attach{id_of(2), 1, true}});
  state.fold(Entry{{}, Promise{Promise::Act::kGet, "p", 2, {}}});
  state.fold(completion(9, Empty{}));
  state.fold(Entry{{}, Promise{Promise::Act::kGet, "q", 3, {}}});
  state.fold(Entry{{}, Run{4}});
  state.fold(completion(2, Bytes("x")));
  state.fold(completion(4, Bytes("x")));

  BOOST_REQUIRE(state.open_asks.size() == 2u);
  BOOST_TEST(state.open_asks[0].first == 1u);
  BOOST_TEST(std::holds_alternative<Attach>(state.open_asks[0].second.body));
  BOOST_TEST(state.open_asks[1].first == 3u);
  BOOST_TEST(std::get<Promise>(state.open_asks[1].second.body).key == "q");
}

BOOST_AUTO_TEST_CASE(the_callees_id_is_not_yet_the_answer_of_a_call) {
  InvocationState state;
  Call call = call_of(run_target());

  state.fold(Entry{{}, call});
  state.fold(completion(call.id_completion, id_of(2)));
  BOOST_TEST(state.open_asks.size() == 1u);
  state.fold(completion(call.completion, Bytes("x")));

  BOOST_TEST(state.open_asks.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::journal
