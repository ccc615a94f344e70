// Restart as new: the same input once more, under another id.

#include <boost/test/unit_test.hpp>

#include "tests/scenario/world.h"

namespace holdfast::testing {

BOOST_AUTO_TEST_SUITE(restart)

BOOST_AUTO_TEST_CASE(a_failed_invocation_runs_again_with_its_input_and_headers) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx, std::string what) -> Task<std::string> {
    const int times = co_await ctx.run("try", [&ledger] { return ledger.count("try"); });
    if (times == 1) throw TerminalError("no luck", 500);
    const auto& headers = ctx.headers();
    co_return what + " " + (headers.empty() ? "" : headers.front().second);
  };
  World world({Service("Luck").handler("go", handler)});
  auto request = with_idempotency_key(to("Luck", "go", json(std::string("again"))), "k");
  request.headers = {{"x-tenant", "blue"}};

  const InvocationId first = world.send(request);
  BOOST_TEST(world.result(first) == "FAILED 500 no luck");
  world.restart();
  const auto second = world.restart_as_new(first);
  BOOST_REQUIRE(second.has_value());

  BOOST_TEST((*second != first));
  BOOST_TEST(world.result(*second) == "\"again blue\"");
  BOOST_TEST(world.result(first) == "FAILED 500 no luck");
  BOOST_TEST((world.row(*second)->source == journal::Source::kRestartAsNew));
}

BOOST_AUTO_TEST_CASE(an_exclusive_one_takes_its_place_in_the_queue) {
  const auto add = [](ObjectContext& ctx, int amount) -> Task<int> {
    co_await ctx.sleep(1min);
    const int sum = (co_await ctx.get<int>("n")).value_or(0) + amount;
    ctx.set("n", sum);
    co_return sum;
  };
  World world({Object("Counter").exclusive("add", add)});

  const InvocationId first = world.send(to_key("Counter", "k", "add", "5"));
  world.advance(61s);
  const InvocationId next = world.send(to_key("Counter", "k", "add", "1"));
  const auto again = world.restart_as_new(first);
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST((world.status(*again) == Status::kQueued));
  world.restart();
  world.advance(3min);

  BOOST_TEST(world.result(next) == "6");
  BOOST_TEST(world.result(*again) == "11");
}

BOOST_AUTO_TEST_CASE(is_refused_for_workflows_and_for_what_is_not_finished_or_unknown) {
  const auto run = [](WorkflowContext&) -> Task<void> { co_return; };
  const auto nap = [](Context& ctx) -> Task<void> { co_await ctx.sleep(1h); };
  World world({Workflow("Job").run(run), Service("Shop").handler("nap", nap)});

  const InvocationId workflow = world.send(to_key("Job", "w", "run"));
  const InvocationId running = world.send(to("Shop", "nap"));
  InvocationId nobody = running;
  nobody.uuid[3] ^= 1;

  BOOST_TEST((world.restart_as_new(workflow).error().code() == ErrorCode::kInvalidArgument));
  BOOST_TEST((world.restart_as_new(running).error().code() == ErrorCode::kConflict));
  BOOST_TEST((world.restart_as_new(nobody).error().code() == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
