// Durable promises of a workflow: set once, from any of its handlers, read by all.

#include <boost/test/unit_test.hpp>

#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

Workflow approval() {
  return Workflow("Order")
      .run([](WorkflowContext& ctx) -> Task<std::string> {
        const std::string who = co_await ctx.promise<std::string>("approved").get();
        co_return "approved by " + who;
      })
      .shared("approve",
              [](SharedWorkflowContext& ctx, std::string who) -> Task<void> {
                co_await ctx.promise<std::string>("approved").resolve(who);
              })
      .shared("refuse",
              [](SharedWorkflowContext& ctx, std::string why) -> Task<void> {
                co_await ctx.promise<std::string>("approved").reject(why, 403);
              })
      .shared("peek",
              [](SharedWorkflowContext& ctx) -> Task<std::string> {
                const auto value = co_await ctx.promise<std::string>("approved").peek();
                co_return value.value_or("open");
              })
      .shared("wait", [](SharedWorkflowContext& ctx) -> Task<std::string> {
        co_return co_await ctx.promise<std::string>("approved").get();
      });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(promise)

BOOST_AUTO_TEST_CASE(all_who_wait_get_the_value_however_late_and_in_whatever_process) {
  World world({approval()});

  const InvocationId run = world.send(to_key("Order", "o", "run"));
  const InvocationId waits = world.send(to_key("Order", "o", "wait"));
  BOOST_TEST(world.call(to_key("Order", "o", "peek")) == "\"open\"");
  world.advance(24h * 40);
  world.restart();
  world.send(to_key("Order", "o", "approve", json(std::string("Ada"))));

  BOOST_TEST(world.result(run) == "\"approved by Ada\"");
  BOOST_TEST(world.result(waits) == "\"Ada\"");
  world.restart();
  BOOST_TEST(world.call(to_key("Order", "o", "peek")) == "\"Ada\"");
  BOOST_TEST(world.call(to_key("Order", "o", "wait")) == "\"Ada\"");
}

BOOST_AUTO_TEST_CASE(a_promise_may_be_kept_before_the_run_begins) {
  World world({approval()});

  world.send(to_key("Order", "o", "approve", json(std::string("Ada"))));
  world.restart();

  BOOST_TEST(world.call(to_key("Order", "o", "run")) == "\"approved by Ada\"");
}

BOOST_AUTO_TEST_CASE(is_completed_once_and_who_comes_second_is_told_409) {
  World world({approval()});

  const InvocationId run = world.send(to_key("Order", "o", "run"));
  world.send(to_key("Order", "o", "approve", json(std::string("Ada"))));
  const std::string second = world.call(to_key("Order", "o", "approve", json(std::string("Bob"))));

  BOOST_TEST(second.starts_with("FAILED 409"));
  BOOST_TEST(world.result(run) == "\"approved by Ada\"");
}

BOOST_AUTO_TEST_CASE(a_rejection_is_thrown_at_everyone) {
  World world({approval()});

  const InvocationId run = world.send(to_key("Order", "o", "run"));
  const InvocationId waits = world.send(to_key("Order", "o", "wait"));
  world.restart();
  world.send(to_key("Order", "o", "refuse", json(std::string("too dear"))));

  BOOST_TEST(world.result(run) == "FAILED 403 too dear");
  BOOST_TEST(world.result(waits) == "FAILED 403 too dear");
  BOOST_TEST(world.call(to_key("Order", "o", "peek")) == "FAILED 403 too dear");
}

BOOST_AUTO_TEST_CASE(inv_8_a_workflow_key_names_one_run) {
  World world({approval()});

  const InvocationId first = world.send(to_key("Order", "o", "run"));
  world.restart();
  const InvocationId second = world.send(to_key("Order", "o", "run"));
  const InvocationId other = world.send(to_key("Order", "p", "run"));
  world.send(to_key("Order", "o", "approve", json(std::string("Ada"))));

  BOOST_TEST((first == second));
  BOOST_TEST(world.result(first) == "\"approved by Ada\"");
  BOOST_TEST(world.result(other) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
