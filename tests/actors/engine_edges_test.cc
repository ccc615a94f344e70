// The engine at its edges: a crash between two steps, two things at once, a clock that is set back,
// a row that cannot be read. On virtual time; where the order matters, in many orders or cut at
// every step.

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <new>

#include "tests/support/aborts.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/log_capture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::testing {

namespace {

using actors::Engine;
using journal::HandlerKind;
using journal::ServiceKind;
using journal::Status;

constexpr std::uint64_t kSeeds = 40;
// More than recovery brings back in two portions.
constexpr std::size_t kMany = 1100;
constexpr unsigned kHangs = 60;  // Seconds after which a case that should end has not.

Bytes value_of(const std::optional<journal::Outcome>& outcome) {
  BOOST_REQUIRE(outcome.has_value());
  const auto* value = std::get_if<Bytes>(&*outcome);
  return value == nullptr ? "FAILED: " + std::get<journal::Failure>(*outcome).message : *value;
}

// A step that ends at once.
Op quick(const std::string& name) {
  return run(name, []() -> actors::StepOutcome { return Bytes("x"); });
}

// Steps that block until the test lets them end.
struct Held {
  std::vector<std::function<void(actors::StepOutcome)>> ends;

  Op step(const std::string& name) {
    return run_held(name, [this](auto end) { ends.push_back(std::move(end)); });
  }
};

// None: not answered.
std::optional<Result<actors::ActResult>> act(EngineFixture& world, const journal::InvocationId& id,
                                             Engine::Act what) {
  std::optional<Result<actors::ActResult>> answer;
  world.engine().act(id, what, [&](auto result) { answer = result; });
  world.settle();
  return answer;
}

// The key of the one write in a batch.
Bytes key_of(const storage::Batch& batch) {
  struct Visitor {
    Bytes key;
    void put(BytesView written, BytesView) { key = written; }
    void put_stamped(BytesView, BytesView) {}
    void erase(BytesView erased) { key = erased; }
    void add(BytesView, std::int64_t) {}
  } visitor;
  batch.visit(visitor);
  return visitor.key;
}

void overwrite(EngineFixture& world, BytesView key, BytesView value) {
  storage::Batch damage;
  damage.put(key, value);
  world.expect_damage();
  BOOST_REQUIRE(storage::write_one(world.store(), damage, storage::Sync::kYes).has_value());
}

// Handlers that break their promise not to throw.
struct ThrowingHandlers final : actors::Handlers {
  struct Throwing final : actors::Attempt {
    actors::AttemptState start(actors::AttemptStart) override { throw std::bad_alloc(); }
    actors::AttemptState notify(const journal::Notification&) override {
      return actors::AttemptState::kBlocked;
    }
    actors::AttemptState step_done(journal::CompletionId, actors::StepOutcome) override {
      return actors::AttemptState::kBlocked;
    }
    journal::WaitSet waiting() const override { return {}; }
    actors::AttemptError error() const override { return {}; }
  };
  Result<actors::OpenedAttempt> open(const journal::Invocation&, actors::AttemptHost&,
                                     std::function<void()>) override {
    return actors::OpenedAttempt{std::make_unique<Throwing>(), {}, 0};
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(engine_edges)

BOOST_AUTO_TEST_CASE(an_idempotent_send_of_a_sender_that_crashed_is_not_lost) {
  ScriptedHandlers handlers;
  Op once = send("Mail", "", "deliver", "");
  once.idempotency_key = "once";
  handlers.add(ServiceKind::kService, "Shop", "order", {HandlerKind::kPlain, {once}, {}});
  handlers.add(ServiceKind::kService, "Mail", "deliver", {HandlerKind::kPlain, {quick("a")}, {}});
  const auto sent = journal::idempotent_id("Mail", std::nullopt, "deliver", "once");

  int accepted_before_the_crash = 0;
  for (int steps = 1; steps < 60; ++steps) {
    EngineFixture world(handlers, handlers.catalog(), 3);
    world.settle();
    std::optional<journal::InvocationId> sender;
    world.engine().send(request("Shop", "order"),
                        [&](Result<actors::Accepted> accepted) { sender = accepted->id; });
    for (int i = 0; i < steps; ++i) world.step();
    world.crash();
    world.start();
    world.advance(Millis(60'000));

    if (!sender) continue;
    ++accepted_before_the_crash;
    BOOST_TEST_CONTEXT("crash after " << steps << " steps") {
      BOOST_TEST((world.status(*sender) == Status::kCompleted));
      BOOST_TEST(value_of(world.output(sent)) == "x");
    }
  }
  BOOST_TEST(accepted_before_the_crash > 0);
}

BOOST_AUTO_TEST_CASE(a_kill_is_answered_while_a_later_step_blocks) {
  Held held;
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "order",
               {HandlerKind::kPlain, {quick("a"), held.step("b")}, {}});
  EngineFixture world(handlers, handlers.catalog());
  const auto accepted = world.send(request("Shop", "order"));
  BOOST_REQUIRE(held.ends.size() == 1u);

  const auto answer = act(world, accepted.id, Engine::Act::kKill);

  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST(answer->has_value());
  BOOST_TEST(value_of(world.output(accepted.id)) == "FAILED: killed");
  held.ends[0](Bytes("too late"));
  world.settle();
  BOOST_TEST(value_of(world.output(accepted.id)) == "FAILED: killed");
  BOOST_TEST(world.engine().counts().active == 0u);
}

BOOST_AUTO_TEST_CASE(two_acts_at_once_are_both_answered) {
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "order", {});
  auto order = request("Shop", "order");
  order.idempotency_key = "k";
  const auto id = journal::idempotent_id("Shop", std::nullopt, "order", "k");
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    EngineFixture world(handlers, handlers.catalog(), seed);

    int answers = 0;
    world.engine().send(order, [](const auto&) {});
    world.engine().act(id, Engine::Act::kCancel, [&](const auto&) { ++answers; });
    world.engine().act(id, Engine::Act::kCancel, [&](const auto&) { ++answers; });
    world.advance(Millis(60'000));

    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_TEST(answers == 2);
      BOOST_TEST((world.status(id) == Status::kCompleted));
      BOOST_TEST(world.engine().counts().active == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_waiter_leaves_memory_after_writing_state) {
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kObject, "Cart", "check_out",
               {HandlerKind::kExclusive, {quick("a"), set("k", "v"), awakeable()}, {}});
  EngineFixture world(handlers, handlers.catalog());

  const auto accepted = world.send(request("Cart", "key", "check_out", ""));
  world.advance(Millis(60'000));

  BOOST_TEST((world.status(accepted.id) == Status::kSuspended));
  BOOST_TEST(world.engine().counts().active == 0u);
  const auto written = world.tables().state("Cart", "key", "k");
  BOOST_REQUIRE((written.has_value() && written->has_value()));
  BOOST_TEST(**written == "v");
  world.engine().signal(accepted.id, {std::uint32_t{17}, Bytes("yes")}, [](const auto&) {});
  world.settle();
  BOOST_TEST(value_of(world.output(accepted.id)) == "yes");
}

BOOST_AUTO_TEST_CASE(inv_5_the_last_attempt_killed_hands_its_writes_to_the_next) {
  actors::RetryPolicy once;
  once.max_attempts = 1;
  once.on_max_attempts = actors::OnMaxAttempts::kKill;
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kObject, "Counter", "add_and_fail",
               {HandlerKind::kExclusive, {get("n"), set("n", "+1"), fail("no")}, once});
  handlers.add(ServiceKind::kObject, "Counter", "add",
               {HandlerKind::kExclusive, {get("n"), set("n", "+1")}, {}});
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    EngineFixture world(handlers, handlers.catalog(), seed);

    for (int i = 0; i < 6; ++i) {
      world.engine().send(request("Counter", "k", i % 2 == 0 ? "add_and_fail" : "add", ""),
                          [](const auto&) {});
    }
    world.advance(Millis(5'000));

    const auto counted = world.tables().state("Counter", "k", "n");
    BOOST_REQUIRE((counted.has_value() && counted->has_value()));
    BOOST_TEST(**counted == "6", "seed " << seed << ": counted to " << **counted);
  }
}

BOOST_AUTO_TEST_CASE(state_that_an_operator_replaced_is_seen_by_the_next_holder) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Held held;
    ScriptedHandlers handlers;
    handlers.add(ServiceKind::kObject, "Cart", "fill",
                 {HandlerKind::kExclusive, {quick("a"), get("n"), held.step("b")}, {}});
    handlers.add(ServiceKind::kObject, "Cart", "read", {HandlerKind::kExclusive, {get("n")}, {}});
    EngineFixture world(handlers, handlers.catalog(), seed);
    world.send(request("Cart", "k", "fill", ""));
    BOOST_REQUIRE(held.ends.size() == 1u);

    bool replaced = false;
    world.engine().replace_state("Cart", "k", {{"n", "new"}},
                                 [&](const auto& result) { replaced = result.has_value(); });
    world.settle();
    held.ends[0](Bytes("y"));
    const auto reader = world.send(request("Cart", "k", "read", ""));

    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_TEST(replaced);
      BOOST_TEST(value_of(world.output(reader.id)) == "new");
    }
  }
}

// The wait becomes long in the same turn in which the cancellation comes.
BOOST_AUTO_TEST_CASE(a_cancellation_right_after_the_clock_was_set_back_is_heard_whatever_crashes) {
  int acknowledged = 0;
  for (int cut = 0; cut < 20; ++cut) {
    BOOST_TEST_CONTEXT("crash after " << cut << " steps") {
      ScriptedHandlers handlers;
      handlers.add(ServiceKind::kService, "Shop", "wait", {HandlerKind::kPlain, {sleep(500)}, {}});
      EngineFixture world(handlers, handlers.catalog());
      const auto waits = world.send(request("Shop", "wait"));

      world.clock().set(world.clock().now() - Millis(3'600'000));
      bool promised = false;
      world.engine().act(waits.id, actors::Engine::Act::kCancel,
                         [&](const auto& done) { promised = done.has_value(); });
      for (int step = 0; step < cut; ++step) world.step();
      world.crash();
      world.start();
      world.advance(Millis(10'000));

      BOOST_TEST((!promised || world.status(waits.id) == Status::kCompleted));
      acknowledged += promised;
    }
  }
  BOOST_TEST(acknowledged > 0);
}

BOOST_AUTO_TEST_CASE(inv_7_a_clock_set_back_fires_nothing_early) {
  constexpr std::int64_t kSleepMs = 600'000;
  constexpr std::int64_t kHourMs = 3'600'000;
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "wait", {HandlerKind::kPlain, {sleep(kSleepMs)}, {}});
  EngineFixture world(handlers, handlers.catalog());

  const auto before = world.send(request("Shop", "wait"));
  world.clock().set(world.clock().now() - Millis(kHourMs));
  const auto after = world.send(request("Shop", "wait"));

  world.advance(Millis(kSleepMs - 1));
  BOOST_TEST(!world.output(after.id).has_value());
  world.advance(Millis(1));
  BOOST_TEST(world.output(after.id).has_value());
  world.advance(Millis(kHourMs - 1));
  BOOST_TEST(!world.output(before.id).has_value());
  world.advance(Millis(1));
  BOOST_TEST(world.output(before.id).has_value());
}

BOOST_AUTO_TEST_CASE(inv_7_what_is_due_when_the_clock_leaps_fires_when_that_is_told) {
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "wait",
               {HandlerKind::kPlain, {sleep(7'200'000)}, {}});
  EngineFixture world(handlers, handlers.catalog());
  const auto waits = world.send(request("Shop", "wait"));
  world.advance(Millis(1000));

  world.clock().advance(Millis(7'200'000));
  world.settle();
  BOOST_TEST(!world.output(waits.id).has_value());
  world.engine().clock_was_set();
  world.settle();

  BOOST_TEST(world.output(waits.id).has_value());
}

BOOST_AUTO_TEST_CASE(inv_7_a_clock_that_was_wrong_for_a_moment_keeps_nobody_asleep) {
  constexpr std::int64_t kSleepMs = 1000;
  const Millis hour(3'600'000);
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "wait", {HandlerKind::kPlain, {sleep(kSleepMs)}, {}});
  EngineFixture world(handlers, handlers.catalog());

  const auto before = world.send(request("Shop", "wait"));
  world.clock().set(world.clock().now() - hour);
  world.advance(Millis(2 * kSleepMs));
  world.clock().set(world.clock().now() + hour);
  const auto after = world.send(request("Shop", "wait"));
  world.advance(Millis(kSleepMs));

  BOOST_TEST(world.output(before.id).has_value());
  BOOST_TEST(world.output(after.id).has_value());
}

BOOST_AUTO_TEST_CASE(inv_7_a_start_timer_of_an_earlier_life_changes_nothing) {
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "late", {HandlerKind::kPlain, {quick("a")}, {}});
  EngineFixture world(handlers, handlers.catalog());
  const std::int64_t start = to_unix_millis(world.clock().now());
  auto late = request("Shop", "late");
  late.idempotency_key = "k";

  late.not_before_unix_ms = start + 60'000;
  const auto first = world.send(late);
  for (const auto what : {Engine::Act::kCancel, Engine::Act::kPurge}) {
    const auto answer = act(world, first.id, what);
    BOOST_REQUIRE(answer.has_value());
    BOOST_REQUIRE(answer->has_value());
  }
  late.not_before_unix_ms = start + 7'200'000;
  const auto second = world.send(late);
  BOOST_TEST(second.fresh);

  world.advance(Millis(7'199'999));
  BOOST_TEST((world.status(second.id) == Status::kScheduled));
  BOOST_TEST(handlers.attempts() == 0u);
  world.advance(Millis(1));
  BOOST_TEST(value_of(world.output(second.id)) == "x");
}

BOOST_AUTO_TEST_CASE(inv_11_a_timer_that_cannot_be_read_stops_no_other) {
  LogCapture errors;
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "wait", {HandlerKind::kPlain, {sleep(30'000)}, {}});
  EngineFixture world(handlers, handlers.catalog());
  const auto accepted = world.send(request("Shop", "wait"));
  storage::Batch first_of_all;
  journal::put_timer(first_of_all, {1, accepted.id, journal::TimerKind::kSleep, 1});
  overwrite(world, key_of(first_of_all) + "too long", "");

  world.crash();
  world.start();
  world.advance(Millis(30'000));

  BOOST_TEST(world.output(accepted.id).has_value());
  BOOST_TEST(errors.contains("timer cannot be read"));
}

BOOST_AUTO_TEST_CASE(inv_11_a_place_in_a_queue_that_cannot_be_read_stops_no_other) {
  LogCapture errors;
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kObject, "Cart", "wait",
               {HandlerKind::kExclusive, {sleep(30'000)}, {}});
  EngineFixture world(handlers, handlers.catalog());
  const auto first = world.send(request("Cart", "k", "wait", ""));
  world.send(request("Cart", "k", "wait", ""));
  const auto third = world.send(request("Cart", "k", "wait", ""));
  const auto places = world.tables().queue("Cart", "k", 0, 10);
  BOOST_REQUIRE(places.has_value());
  BOOST_REQUIRE(places->size() == 3u);
  storage::Batch second_place;
  journal::erase_queued(second_place,
                        {ServiceKind::kObject, HandlerKind::kExclusive, "Cart", "k", "wait"},
                        (*places)[1].stamp);
  overwrite(world, key_of(second_place), "not a place");

  world.crash();
  world.start();
  world.advance(Millis(60'000));

  BOOST_TEST(world.output(first.id).has_value());
  BOOST_TEST(world.output(third.id).has_value());
  BOOST_TEST(errors.contains("place in a queue cannot be read"));
}

BOOST_AUTO_TEST_CASE(recovery_that_a_crash_cuts_short_is_done_by_the_next) {
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Ask", "human", {HandlerKind::kPlain, {awakeable()}, {}});
  EngineFixture world(handlers, handlers.catalog());
  for (std::size_t i = 0; i < kMany; ++i) {
    world.engine().send(request("Ask", "human"), [](const auto&) {});
  }
  world.settle();
  BOOST_REQUIRE(world.engine().counts().active == kMany);

  world.crash();
  world.start();
  world.settle();
  const std::size_t recovered = world.engine().counts().active;
  world.crash();
  world.start();
  world.advance(Millis(100));

  BOOST_TEST(recovered > 0u);
  BOOST_TEST(recovered < kMany);  // There was something to cut short.
  BOOST_TEST(world.engine().counts().active == kMany);
}

BOOST_AUTO_TEST_CASE(a_crash_with_a_long_queue_on_one_key_ends_and_the_queue_goes_on) {
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kObject, "Cart", "wait", {HandlerKind::kExclusive, {sleep(1)}, {}});
  EngineFixture world(handlers, handlers.catalog());
  std::vector<journal::InvocationId> ids;
  for (std::size_t i = 0; i < kMany; ++i) {
    world.engine().send(request("Cart", "k", "wait", ""),
                        [&](Result<actors::Accepted> one) { ids.push_back(one->id); });
  }
  world.settle();
  BOOST_REQUIRE(ids.size() == kMany);

  world.crash();
  world.start();
  world.crash();
  world.start();
  world.advance(Millis(10'000));

  std::size_t finished = 0;
  for (const auto& id : ids) finished += world.output(id).has_value();
  BOOST_TEST(finished == kMany);
  BOOST_TEST(world.engine().counts().active == 0u);
}

BOOST_AUTO_TEST_CASE(an_exception_out_of_a_handler_ends_the_process) {
  BOOST_TEST(aborts([] {
    alarm(kHangs);
    ScriptedHandlers scripts;
    scripts.add(ServiceKind::kService, "Shop", "order", {});
    ThrowingHandlers handlers;
    EngineFixture world(handlers, scripts.catalog());
    world.engine().send(request("Shop", "order"), [](const auto&) {});
    world.settle();
  }));
}

BOOST_AUTO_TEST_CASE(a_kill_that_is_durable_reaches_all_children_whatever_crashes) {
  int killed = 0;
  for (int cut = 0; cut < 60; ++cut) {
    BOOST_TEST_CONTEXT("crash after " << cut << " steps") {
      ScriptedHandlers handlers;
      handlers.add(ServiceKind::kService, "Outer", "go",
                   {HandlerKind::kPlain, {call("Middle", "", "go", "")}, {}});
      handlers.add(ServiceKind::kService, "Middle", "go",
                   {HandlerKind::kPlain, {call("Inner", "", "go", "")}, {}});
      handlers.add(ServiceKind::kService, "Inner", "go", {HandlerKind::kPlain, {awakeable()}, {}});
      EngineFixture world(handlers, handlers.catalog(), 7);
      const auto outer = world.send(request("Outer", "go"));
      world.advance(Millis(10'000));

      world.engine().act(outer.id, actors::Engine::Act::kKill, [](const auto&) {});
      for (int step = 0; step < cut; ++step) world.step();
      world.crash();
      world.start();
      world.advance(Millis(10'000));

      int completed = 0;
      (void)world.tables().each_invocation(std::nullopt, [&](Result<journal::Invocation> row) {
        completed += row->status == Status::kCompleted;
        return true;
      });
      BOOST_TEST((completed == 0 || completed == 3));
      killed += completed == 3;
    }
  }
  BOOST_TEST(killed > 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
