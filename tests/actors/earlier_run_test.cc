// An id of a key may have several runs, one after the other. What an earlier one had asked for may
// be answered when it is long gone.

#include <boost/test/unit_test.hpp>
#include <functional>
#include <optional>
#include <vector>

#include "tests/support/engine_fixture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::testing {

namespace {

using journal::HandlerKind;
using journal::ServiceKind;

constexpr std::int64_t kHour = 3'600'000;

// A workflow that waits for a human, is killed and removed, and begins anew as `then`.
class Reborn {
 public:
  // With an odd seed each leaves memory before what comes next.
  explicit Reborn(std::uint64_t seed) : leaves_memory_(seed % 2 == 1) {
    handlers_.add(ServiceKind::kService, "Ask", "human", {HandlerKind::kPlain, {awakeable()}, {}});
    handlers_.add(ServiceKind::kWorkflow, "Order", "run", {HandlerKind::kRun, {}, {}});
    handlers_.add(ServiceKind::kWorkflow, "Order", "wait", {HandlerKind::kShared, {}, {}});
    handlers_.add(ServiceKind::kWorkflow, "Order", "approve",
                  {HandlerKind::kShared, {promise_set("approval", "yes")}, {}});
    world_.emplace(handlers_, handlers_.catalog(), seed);
    human_ = world_->send(request("Ask", "human")).id;
    other_human_ = world_->send(request("Ask", "human")).id;
  }

  EngineFixture& world() { return *world_; }
  Op attach_to_human() const { return attach(human_); }
  Op attach_to_another() const { return attach(other_human_); }

  void run(Op first, Op then) {
    order_ = run_once("run", {std::move(first)});
    remove();
    BOOST_REQUIRE((run_once("run", {std::move(then)}) == order_));
  }
  void wait(Op first, Op then) {
    order_ = run_once("wait", {std::move(first)});
    remove();
    BOOST_REQUIRE((run_once("wait", {std::move(then)}) == order_));
  }
  // All at once: each is asked for as soon as the one before has been answered, whatever is under
  // way.
  void run_at_once(Op first, std::vector<Op> then) {
    set_run({std::move(first)});
    world_->engine().send(request("Order", "o1", "run", ""), [this, then](auto accepted) {
      order_ = accepted->id;
      set_run(then);
      act(actors::Engine::Act::kKill, [this] {
        act(actors::Engine::Act::kPurge,
            [this] { world_->engine().send(request("Order", "o1", "run", ""), [](auto) {}); });
      });
    });
  }
  void human_answers() {
    world_->engine().signal(human_, {std::uint32_t{17}, Bytes("yes")}, [](auto) {});
  }
  std::optional<journal::Outcome> output() { return world_->output(order_); }

 private:
  void set_run(std::vector<Op> ops) {
    handlers_.add(ServiceKind::kWorkflow, "Order", "run", {HandlerKind::kRun, std::move(ops), {}});
  }
  void act(actors::Engine::Act what, std::function<void()> then) {
    world_->engine().act(order_, what, [this, what, then](auto done) {
      if (done) return then();
      act(what, then);  // It was not over yet.
    });
  }
  journal::InvocationId run_once(const std::string& handler, std::vector<Op> ops) {
    const HandlerKind kind = handler == "run" ? HandlerKind::kRun : HandlerKind::kShared;
    handlers_.add(ServiceKind::kWorkflow, "Order", handler, {kind, std::move(ops), {}});
    auto asked = request("Order", "o1", handler, "");
    if (kind == HandlerKind::kShared) asked.idempotency_key = "one";
    const auto accepted = world_->send(asked);
    BOOST_TEST(accepted.fresh);
    world_->settle();
    if (leaves_memory_) world_->advance(Millis(10'000));
    return accepted.id;
  }
  void remove() {
    for (const auto act : {actors::Engine::Act::kKill, actors::Engine::Act::kPurge}) {
      std::optional<Result<actors::ActResult>> done;
      world_->engine().act(order_, act, [&](auto result) { done = result; });
      world_->settle();
      BOOST_REQUIRE((done && done->has_value()));
    }
  }

  const bool leaves_memory_;
  ScriptedHandlers handlers_;
  std::optional<EngineFixture> world_;
  journal::InvocationId human_, other_human_;
  journal::InvocationId order_;
};

bool is(const std::optional<journal::Outcome>& outcome, const Bytes& value) {
  return outcome && std::holds_alternative<Bytes>(*outcome) && std::get<Bytes>(*outcome) == value;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(earlier_run)

BOOST_AUTO_TEST_CASE(
    inv_2_inv_7_an_answer_to_an_earlier_run_does_not_end_the_sleep_of_a_later_one) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Reborn order(seed);
    order.run(order.attach_to_human(), sleep(kHour));

    order.human_answers();
    order.world().advance(Millis(1'000));

    BOOST_TEST(!order.output().has_value());
    order.world().crash();  // Its store is verified.
    order.world().start();
    order.world().advance(Millis(kHour));
    BOOST_TEST(order.output().has_value());
  }
}

BOOST_AUTO_TEST_CASE(inv_2_nor_when_the_process_ends_at_any_moment_on_the_way) {
  for (int steps = 0; steps < 60; ++steps) {
    BOOST_TEST_CONTEXT(steps << " steps") {
      Reborn order(static_cast<std::uint64_t>(steps) + 1);
      order.run(order.attach_to_human(), sleep(kHour));

      order.human_answers();
      for (int i = 0; i < steps / 2; ++i) order.world().step();
      order.world().crash();
      order.world().start();
      order.world().settle();
      order.human_answers();
      order.world().advance(Millis(1'000));

      BOOST_TEST(!order.output().has_value());
      order.world().advance(Millis(kHour));
      BOOST_TEST(order.output().has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(inv_2_nor_the_wait_of_one_that_is_in_memory_then) {
  for (std::uint64_t seed = 2; seed <= 20; seed += 2) {
    Reborn order(seed);
    order.run(order.attach_to_human(), order.attach_to_another());

    order.human_answers();
    order.world().settle();

    BOOST_TEST(!order.output().has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_later_run_does_not_wait_for_the_receipts_of_an_earlier_one) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Reborn order(seed);
    order.run_at_once(order.attach_to_human(), {promise_set("a", "b"), sleep(10)});

    order.world().advance(Millis(1'000));

    BOOST_TEST(order.output().has_value(), "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(a_later_run_does_not_see_the_state_of_an_earlier_one_that_executes_yet) {
  std::vector<std::function<void(actors::StepOutcome)>> held;
  ScriptedHandlers handlers;
  const auto run = [&](std::vector<Op> ops) {
    handlers.add(ServiceKind::kWorkflow, "Order", "run", {HandlerKind::kRun, std::move(ops), {}});
  };
  run({set("n", "7"), run_held("work", [&](auto done) { held.push_back(std::move(done)); })});
  EngineFixture world(handlers, handlers.catalog());
  const auto order = world.send(request("Order", "o1", "run", ""));
  BOOST_REQUIRE(held.size() == 1u);
  for (const auto act : {actors::Engine::Act::kKill, actors::Engine::Act::kPurge}) {
    world.engine().act(order.id, act, [](auto done) { BOOST_TEST(done.has_value()); });
    world.settle();
  }
  run({set("n", "+1"), get("n")});
  world.send(request("Order", "o1", "run", ""));

  const auto output = world.output(order.id);
  BOOST_TEST(is(output, "1"), (is(output, "8") ? "8" : "neither 1 nor 8"));
  held[0](Bytes("too late"));
}

BOOST_AUTO_TEST_CASE(a_later_run_that_asks_the_same_is_answered) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Reborn order(seed);
    order.run(order.attach_to_human(), order.attach_to_human());

    order.human_answers();
    order.world().advance(Millis(1'000));

    BOOST_TEST(is(order.output(), "yes"));
  }
}

BOOST_AUTO_TEST_CASE(inv_2_a_promise_tells_the_run_that_asked_and_no_later_one) {
  Reborn order(1);
  order.wait(promise_get("approval"), sleep(kHour));

  order.world().send(request("Order", "o1", "approve", ""));
  order.world().advance(Millis(1'000));

  BOOST_TEST(!order.output().has_value());
  order.world().crash();
  order.world().start();
  order.world().advance(Millis(kHour));
  BOOST_TEST(order.output().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
