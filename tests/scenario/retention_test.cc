// Retention: how long results, journals, idempotency keys and workflows are remembered.

#include <boost/test/unit_test.hpp>

#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

const auto kEcho = [](Context& ctx, int value) -> Task<int> {
  co_return co_await ctx.run("echo", [value] { return value; });
};

}  // namespace

BOOST_AUTO_TEST_SUITE(retention)

BOOST_AUTO_TEST_CASE(a_journal_goes_before_the_result_and_both_go_while_nobody_looks) {
  World world({Service("Echo").handler("go", kEcho,
                                       {.journal_retention = 1h, .idempotency_retention = 10h})});

  const InvocationId id = world.send(with_idempotency_key(to("Echo", "go", "5"), "k"));
  BOOST_TEST(world.journal_size(id) > 0u);
  world.restart();
  world.advance(61min);
  BOOST_TEST(world.journal_size(id) == 0u);
  BOOST_TEST(world.result(id) == "5");
  world.restart_after(9h);
  world.advance(1s);

  BOOST_TEST(!world.row(id).has_value());
}

BOOST_AUTO_TEST_CASE(inv_8_an_idempotency_key_is_free_again_when_its_result_is_forgotten) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx) -> Task<int> {
    co_return co_await ctx.run("count", [&ledger] { return ledger.count("count"); });
  };
  World world({Service("Count").handler("go", handler, {.idempotency_retention = 1h})});

  const auto request = with_idempotency_key(to("Count", "go"), "k");
  BOOST_TEST(world.call(request) == "1");
  world.advance(59min);
  BOOST_TEST(world.call(request) == "1");
  world.restart();
  world.advance(2min);

  BOOST_TEST(world.call(request) == "2");
}

BOOST_AUTO_TEST_CASE(a_workflow_takes_state_and_promises_with_it) {
  const auto run = [](WorkflowContext& ctx) -> Task<void> {
    ctx.set("a", 1);
    co_await ctx.promise<int>("p").resolve(7);
  };
  const auto look = [](SharedWorkflowContext& ctx) -> Task<std::string> {
    const auto a = co_await ctx.get<int>("a");
    const auto p = co_await ctx.promise<int>("p").peek();
    const int number = a.value_or(0) * 10 + p.value_or(0);
    co_return std::to_string(number);
  };
  World world({Workflow("Job").run(run, "run", {.workflow_retention = 1h}).shared("look", look)});

  const InvocationId first = world.send(to_key("Job", "w", "run"));
  BOOST_TEST(world.call(to_key("Job", "w", "look")) == "\"17\"");
  world.restart();
  world.advance(61min);
  BOOST_TEST(!world.row(first).has_value());
  BOOST_TEST(world.call(to_key("Job", "w", "look")) == "\"0\"");
  const InvocationId second = world.send(to_key("Job", "w", "run"));

  BOOST_TEST((first == second));
  BOOST_TEST(world.call(to_key("Job", "w", "look")) == "\"17\"");
}

BOOST_AUTO_TEST_CASE(purge_forgets_at_once_and_only_what_is_finished) {
  const auto nap = [](Context& ctx) -> Task<void> { co_await ctx.sleep(1h); };
  World world({Service("Echo").handler("go", kEcho).handler("nap", nap)});

  const InvocationId done = world.send(with_idempotency_key(to("Echo", "go", "5"), "k"));
  const InvocationId running = world.send(to("Echo", "nap"));
  BOOST_TEST(world.act(done, Act::kPurgeJournal).has_value());
  BOOST_TEST(world.journal_size(done) == 0u);
  BOOST_TEST(world.result(done) == "5");
  BOOST_TEST(world.act(done, Act::kPurge).has_value());
  const auto refused = world.act(running, Act::kPurge);
  world.restart();

  BOOST_TEST(!world.row(done).has_value());
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code() == ErrorCode::kConflict));
  world.advance(61min);
  BOOST_TEST((world.status(running) == Status::kCompleted));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
