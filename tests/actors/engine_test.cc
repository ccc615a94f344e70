// The engine as a whole, on virtual time, with handlers that are lists of operations.

#include <boost/test/unit_test.hpp>

#include "tests/support/engine_fixture.h"
#include "tests/support/log_capture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::testing {

namespace {

using journal::HandlerKind;
using journal::ServiceKind;
using journal::Status;

Bytes value_of(const std::optional<journal::Outcome>& outcome) {
  BOOST_REQUIRE(outcome.has_value());
  const auto* value = std::get_if<Bytes>(&*outcome);
  return value == nullptr ? "FAILED: " + std::get<journal::Failure>(*outcome).message : *value;
}

// The key of the one erase in a batch.
struct KeyOf {
  Bytes& key;
  void put(BytesView, BytesView) {}
  void put_stamped(BytesView, BytesView) {}
  void erase(BytesView erased) { key = erased; }
  void add(BytesView, std::int64_t) {}
};

// Counts how often each named closure was executed.
struct Counter {
  std::map<std::string, int> executed;

  Op step(const std::string& name) {
    return run(name, [this, name]() -> actors::StepOutcome {
      ++executed[name];
      return Bytes("did " + name);
    });
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(engine)

BOOST_AUTO_TEST_CASE(a_call_without_steps_takes_one_commit_round) {
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Echo", "echo", {});
  EngineFixture world(handlers, handlers.catalog());
  world.settle();
  const auto before = world.committer().appends();

  const auto accepted = world.send(request("Echo", "echo", "hello"));

  BOOST_TEST(value_of(world.output(accepted.id)) == "hello");
  BOOST_TEST(world.committer().appends() - before == 1);
}

BOOST_AUTO_TEST_CASE(three_steps_run_once_each_in_five_rounds) {
  Counter counter;
  ScriptedHandlers handlers;
  handlers.add(
      ServiceKind::kService, "Shop", "order",
      {HandlerKind::kPlain, {counter.step("a"), counter.step("b"), counter.step("c")}, {}});
  EngineFixture world(handlers, handlers.catalog());
  world.settle();
  const auto before = world.committer().appends();

  const auto accepted = world.send(request("Shop", "order"));

  BOOST_TEST(value_of(world.output(accepted.id)) == "did c");
  BOOST_TEST(counter.executed["a"] == 1);
  BOOST_TEST(counter.executed["c"] == 1);
  BOOST_TEST(world.committer().appends() - before == 5);
}

BOOST_AUTO_TEST_CASE(inv_7_a_sleeper_leaves_memory_and_wakes_on_time_and_never_early) {
  Counter counter;
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "wait",
               {HandlerKind::kPlain, {sleep(86'400'000), counter.step("after")}, {}});
  EngineFixture world(handlers, handlers.catalog());

  const auto accepted = world.send(request("Shop", "wait"));
  BOOST_TEST((world.status(accepted.id) == Status::kSuspended));
  BOOST_TEST(world.engine().counts().active == 0);
  world.advance(Millis(86'399'000));
  BOOST_TEST(counter.executed["after"] == 0);
  world.advance(Millis(1'001));

  BOOST_TEST(value_of(world.output(accepted.id)) == "did after");
}

BOOST_AUTO_TEST_CASE(a_sleeper_survives_a_crash) {
  Counter counter;
  ScriptedHandlers handlers;
  handlers.add(
      ServiceKind::kService, "Shop", "wait",
      {HandlerKind::kPlain, {counter.step("before"), sleep(5'000), counter.step("after")}, {}});
  EngineFixture world(handlers, handlers.catalog());

  const auto accepted = world.send(request("Shop", "wait"));
  world.crash();
  world.clock().advance(Millis(60'000));
  world.start();
  world.settle();

  BOOST_TEST(value_of(world.output(accepted.id)) == "did after");
  BOOST_TEST(counter.executed["before"] == 1);
  BOOST_TEST(counter.executed["after"] == 1);
}

BOOST_AUTO_TEST_CASE(a_nested_call_tells_its_caller) {
  Counter counter;
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Outer", "go",
               {HandlerKind::kPlain, {call("Inner", "", "go", "x")}, {}});
  handlers.add(ServiceKind::kService, "Inner", "go",
               {HandlerKind::kPlain, {counter.step("in")}, {}});
  EngineFixture world(handlers, handlers.catalog());

  const auto accepted = world.send(request("Outer", "go"));

  BOOST_TEST(value_of(world.output(accepted.id)) == "did in");
}

BOOST_AUTO_TEST_CASE(a_failed_attempt_is_tried_again_and_paused_at_the_end) {
  ScriptedHandlers handlers;
  actors::RetryPolicy retry;
  retry.max_attempts = 3;
  handlers.add(ServiceKind::kService, "Bad", "go", {HandlerKind::kPlain, {fail("nope")}, retry});
  EngineFixture world(handlers, handlers.catalog());

  const auto accepted = world.send(request("Bad", "go"));
  BOOST_TEST((world.status(accepted.id) == Status::kBackingOff));
  world.advance(Millis(60'000));

  BOOST_TEST((world.status(accepted.id) == Status::kPaused));
  BOOST_TEST(handlers.attempts() == 3);
  const auto row = world.tables().invocation(accepted.id);
  BOOST_TEST((*row)->last_failure->message == "nope");
}

BOOST_AUTO_TEST_CASE(inv_5_exclusive_calls_of_a_key_run_one_after_the_other) {
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kObject, "Counter", "add",
               {HandlerKind::kExclusive, {get("n"), set("n", "+1")}, {}});
  EngineFixture world(handlers, handlers.catalog());

  std::vector<journal::InvocationId> ids;
  for (int i = 0; i < 50; ++i) {
    world.engine().send(request("Counter", "k", "add", ""),
                        [&](Result<actors::Accepted> one) { ids.push_back(one->id); });
  }
  world.settle();

  BOOST_REQUIRE(ids.size() == 50);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    BOOST_TEST(value_of(world.output(ids[i])) == std::to_string(i + 1));
  }
  BOOST_TEST(**world.tables().state("Counter", "k", "n") == "50");
}

BOOST_AUTO_TEST_CASE(inv_8_an_idempotency_key_names_one_invocation) {
  Counter counter;
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "buy",
               {HandlerKind::kPlain, {counter.step("pay")}, {}});
  EngineFixture world(handlers, handlers.catalog());

  auto one = request("Shop", "buy");
  one.idempotency_key = "k1";
  const auto first = world.send(one);
  const auto second = world.send(one);
  world.crash();
  world.start();
  const auto third = world.send(one);

  BOOST_TEST(first.fresh);
  BOOST_TEST(!second.fresh);
  BOOST_TEST(!third.fresh);
  BOOST_TEST((first.id == second.id && second.id == third.id));
  BOOST_TEST(counter.executed["pay"] == 1);
}

BOOST_AUTO_TEST_CASE(a_workflow_waits_for_a_promise_that_a_shared_handler_resolves) {
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kWorkflow, "Order", "run",
               {HandlerKind::kRun, {promise_get("approval")}, {}});
  handlers.add(ServiceKind::kWorkflow, "Order", "approve",
               {HandlerKind::kShared, {promise_set("approval", "yes")}, {}});
  EngineFixture world(handlers, handlers.catalog());

  const auto order = world.send(request("Order", "o1", "run", ""));
  world.advance(Millis(10'000));
  BOOST_TEST((world.status(order.id) == Status::kSuspended));
  world.crash();
  world.start();
  world.send(request("Order", "o1", "approve", ""));

  BOOST_TEST(value_of(world.output(order.id)) == "yes");
}

BOOST_AUTO_TEST_CASE(a_promise_that_somebody_waits_for_outlives_the_run) {
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kWorkflow, "Order", "run",
               {HandlerKind::kRun, {promise_set("paid", "no")}, {}});
  handlers.add(ServiceKind::kWorkflow, "Order", "wait",
               {HandlerKind::kShared, {promise_get("approval")}, {}});
  handlers.add(ServiceKind::kWorkflow, "Order", "approve",
               {HandlerKind::kShared, {promise_set("approval", "yes")}, {}});
  EngineFixture world(handlers, handlers.catalog());

  const auto order = world.send(request("Order", "o1", "run", ""));
  const auto waits = world.send(request("Order", "o1", "wait", ""));
  world.advance(Millis(2 * 86'400'000));
  BOOST_TEST(!world.output(order.id).has_value());
  BOOST_TEST(!world.tables().promise("Order", "o1", "paid")->has_value());
  world.crash();  // Its store is verified.
  world.start();
  world.send(request("Order", "o1", "approve", ""));

  BOOST_TEST(value_of(world.output(waits.id)) == "yes");
}

BOOST_AUTO_TEST_CASE(an_awakeable_wakes_a_parked_invocation) {
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Ask", "human", {HandlerKind::kPlain, {awakeable()}, {}});
  EngineFixture world(handlers, handlers.catalog());

  const auto asked = world.send(request("Ask", "human"));
  world.advance(Millis(10'000));
  BOOST_TEST(world.engine().counts().active == 0);
  std::optional<Result<actors::ActResult>> done;
  world.engine().signal(asked.id, {std::uint32_t{17}, Bytes("yes")},
                        [&](auto result) { done = result; });
  world.settle();

  BOOST_TEST(done->has_value());
  BOOST_TEST(value_of(world.output(asked.id)) == "yes");
}

BOOST_AUTO_TEST_CASE(inv_1_a_closure_runs_only_when_all_that_led_to_it_is_durable) {
  ScriptedHandlers handlers;
  std::optional<EngineFixture> world;
  const auto step = [&](const std::string& name) {
    return run(name, [&]() -> actors::StepOutcome {
      BOOST_TEST(world->committer().bytes_in_flight() == 0u);
      return Bytes("x");
    });
  };
  handlers.add(
      ServiceKind::kObject, "Shop", "go",
      {HandlerKind::kExclusive, {step("a"), set("k", "v"), step("b"), sleep(5), step("c")}, {}});
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    world.emplace(handlers, handlers.catalog(), seed);

    const auto accepted = world->send(request("Shop", "k", "go", ""));
    world->advance(Millis(10));

    BOOST_TEST(value_of(world->output(accepted.id)) == "x");
  }
}

BOOST_AUTO_TEST_CASE(inv_4_what_a_former_attempt_still_does_changes_nothing) {
  std::vector<std::function<void(actors::StepOutcome)>> held;
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "pay",
               {HandlerKind::kPlain,
                {run_held("pay", [&](auto done) { held.push_back(std::move(done)); })},
                {}});
  EngineFixture world(handlers, handlers.catalog());
  const auto act = [&](const journal::InvocationId& id, actors::Engine::Act what) {
    std::optional<Result<actors::ActResult>> done;
    world.engine().act(id, what, [&](auto result) { done = result; });
    world.settle();
    BOOST_REQUIRE(done.has_value());
    BOOST_TEST(done->has_value());
  };

  const auto accepted = world.send(request("Shop", "pay"));
  act(accepted.id, actors::Engine::Act::kPause);
  act(accepted.id, actors::Engine::Act::kResume);
  BOOST_REQUIRE(held.size() == 2u);  // The second attempt executes it again.
  held[0](Bytes("from the first attempt"));
  world.settle();
  BOOST_TEST((world.status(accepted.id) == Status::kRunning));
  held[1](Bytes("from the second attempt"));
  world.settle();

  BOOST_TEST(value_of(world.output(accepted.id)) == "from the second attempt");
  BOOST_TEST(world.engine().counts().active == 0u);
}

BOOST_AUTO_TEST_CASE(a_killed_invocation_is_over_at_once_and_its_children_with_it) {
  std::vector<std::function<void(actors::StepOutcome)>> held;
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Outer", "go",
               {HandlerKind::kPlain, {call("Inner", "", "go", "x")}, {}});
  handlers.add(ServiceKind::kService, "Inner", "go",
               {HandlerKind::kPlain,
                {run_held("in", [&](auto done) { held.push_back(std::move(done)); })},
                {}});
  EngineFixture world(handlers, handlers.catalog());

  const auto accepted = world.send(request("Outer", "go"));
  std::optional<Result<actors::ActResult>> done;
  world.engine().act(accepted.id, actors::Engine::Act::kKill, [&](auto result) { done = result; });
  world.settle();
  BOOST_TEST(value_of(world.output(accepted.id)) == "FAILED: killed");
  held[0](Bytes("too late"));
  world.settle();

  std::size_t killed = 0;
  (void)world.tables().each_invocation(std::nullopt, [&](Result<journal::Invocation> row) {
    const auto* failure = std::get_if<journal::Failure>(&*row->result);
    killed += failure != nullptr && failure->message == "killed";
    return true;
  });
  BOOST_TEST(killed == 2u);
  BOOST_TEST(world.engine().counts().active == 0u);
}

BOOST_AUTO_TEST_CASE(a_cancelled_sleeper_ends_with_409_and_leaves_no_timer) {
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "wait",
               {HandlerKind::kPlain, {sleep(86'400'000)}, {}});
  EngineFixture world(handlers, handlers.catalog());

  const auto accepted = world.send(request("Shop", "wait"));
  std::optional<Result<actors::ActResult>> done;
  world.engine().act(accepted.id, actors::Engine::Act::kCancel,
                     [&](auto result) { done = result; });
  world.settle();

  BOOST_TEST(value_of(world.output(accepted.id)) == "FAILED: Cancelled");
  const auto timers = world.tables().timers(std::nullopt, 10);
  BOOST_REQUIRE(timers->size() == 1u);
  BOOST_TEST((timers->front().kind == journal::TimerKind::kExpire));
}

BOOST_AUTO_TEST_CASE(inv_11_a_corrupt_record_quarantines_one_invocation_and_no_other) {
  LogCapture errors;
  Counter counter;
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "wait",
               {HandlerKind::kPlain, {sleep(60'000), counter.step("after")}, {}});
  EngineFixture world(handlers, handlers.catalog());
  const auto broken = world.send(request("Shop", "wait"));
  const auto whole = world.send(request("Shop", "wait"));
  storage::Batch batch;
  journal::erase_invocation(batch, broken.id);
  Bytes key;
  batch.visit(KeyOf{key});
  storage::Batch damage;
  damage.put(key, "not a record");
  world.expect_damage();
  (void)storage::write_one(world.store(), damage, storage::Sync::kYes);

  world.advance(Millis(61'000));

  BOOST_TEST(value_of(world.output(whole.id)) == "did after");
  BOOST_TEST(counter.executed["after"] == 1);
  std::optional<Result<std::optional<actors::Finished>>> answer;
  world.engine().output(broken.id, [&](auto result) { answer = result; });
  world.settle();
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST((answer->error().code() == ErrorCode::kCorruption));
}

BOOST_AUTO_TEST_CASE(results_are_gone_when_their_retention_is_over) {
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Echo", "echo", {});
  EngineFixture world(handlers, handlers.catalog());

  const auto accepted = world.send(request("Echo", "echo", "hello"));
  world.advance(Millis(86'400'000 - 10));
  BOOST_TEST(value_of(world.output(accepted.id)) == "hello");
  world.advance(Millis(20));

  BOOST_TEST(!world.output(accepted.id).has_value());
  BOOST_TEST(world.tables().journal(accepted.id)->empty());
}

BOOST_AUTO_TEST_CASE(a_delayed_send_starts_when_its_time_has_come) {
  Counter counter;
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "late",
               {HandlerKind::kPlain, {counter.step("x")}, {}});
  EngineFixture world(handlers, handlers.catalog());

  auto one = request("Shop", "late");
  one.not_before_unix_ms = to_unix_millis(world.clock().now()) + 60'000;
  const auto accepted = world.send(one);
  BOOST_TEST((world.status(accepted.id) == Status::kScheduled));
  world.crash();
  world.start();
  world.advance(Millis(59'999));
  BOOST_TEST(counter.executed["x"] == 0);
  world.advance(Millis(2));

  BOOST_TEST(value_of(world.output(accepted.id)) == "did x");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
