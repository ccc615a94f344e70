// What a closure may refer to is there until the closure has ended: an await that throws, and so
// ends the handler's variables, does not do that while one is executed.

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "tests/sdk/support/scripted_host.h"

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using runtime::SessionState;
using testing::TestRun;
using testing::text_handler;

// A variable of a handler: says whether it is still there.
class Variable {
 public:
  explicit Variable(bool& there) : there_(there) { there_ = true; }
  ~Variable() { there_ = false; }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  bool& there_;
};

BOOST_AUTO_TEST_SUITE(closures_in_flight)

BOOST_AUTO_TEST_CASE(a_cancellation_is_thrown_when_no_closure_is_executed_any_more) {
  bool there = false, seen = false;
  TestRun run(text_handler([&](Context& ctx) -> Task<std::string> {
    Variable variable(there);
    co_await ctx.run("charge", [&] { seen = there; });
    co_return "charged";
  }));
  run.start();

  BOOST_TEST((run.cancel() == SessionState::kBlocked));
  BOOST_TEST(there);
  BOOST_TEST((run.execute_step() == SessionState::kEnded));

  BOOST_TEST(seen, "the closure found the variable gone");
  BOOST_TEST(run.result() == "failed 409 Cancelled");
  BOOST_TEST((run.restart() == SessionState::kEnded));
  BOOST_TEST(run.result() == "failed 409 Cancelled");
}

BOOST_AUTO_TEST_CASE(nor_while_one_is_executed_that_it_does_not_wait_for) {
  bool there = false, seen = false;
  TestRun run(text_handler([&](Context& ctx) -> Task<std::string> {
    Variable variable(there);
    auto mail = ctx.run("mail", [&] { seen = there; });
    co_await ctx.sleep(24h);
    co_await mail;
    co_return "";
  }));
  run.start();

  BOOST_TEST((run.cancel() == SessionState::kBlocked));
  BOOST_TEST((run.execute_step() == SessionState::kEnded));

  BOOST_TEST(seen);
}

BOOST_AUTO_TEST_CASE(when_one_of_all_fails_the_others_end_first) {
  bool there = false, seen = false;
  TestRun run(text_handler([&](Context& ctx) -> Task<std::string> {
    Variable variable(there);
    const auto refuse = [] { throw TerminalError("refused", 402); };
    auto first = ctx.run("refused", refuse);
    auto second = ctx.run("slow", [&] { seen = there; });
    co_await all(first, second);
    co_return "";
  }));
  run.start();

  BOOST_TEST((run.execute_step() == SessionState::kBlocked));
  BOOST_TEST(there);
  BOOST_TEST((run.execute_step() == SessionState::kEnded));

  BOOST_TEST(seen);
  BOOST_TEST(run.result() == "failed 402 refused");
  BOOST_TEST((run.restart() == SessionState::kEnded));
  BOOST_TEST(run.result() == "failed 402 refused");
}

BOOST_AUTO_TEST_CASE(what_can_be_tried_again_does_not_hold_up_a_cancellation) {
  TestRun run(text_handler([&](Context& ctx) -> Task<std::string> {
    const auto fails = [] { throw RetryableError("later", 1s); };
    co_await ctx.run("fails", fails);
    co_return "";
  }));
  run.start();
  run.cancel();

  BOOST_TEST((run.execute_step() == SessionState::kEnded));

  BOOST_TEST(run.result() == "failed 409 Cancelled");
}

// A time limit is one: the closure goes on, and owns what it uses.
BOOST_AUTO_TEST_CASE(a_race_goes_on_while_the_closure_that_lost_is_executed) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    auto slow = ctx.run("slow", [] {});
    auto limit = ctx.sleep(1s);
    const auto first = co_await race(slow, limit);
    co_return std::to_string(first.index());
  }));
  run.start();

  BOOST_TEST((run.complete(2) == SessionState::kEnded));

  BOOST_TEST(run.result() == "1");
}

BOOST_AUTO_TEST_CASE(a_time_limit_does_not_wait_for_the_closure_that_exceeds_it) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    try {
      co_await with_timeout(ctx.run("slow", [] {}), 1s);
    } catch (const TimeoutError&) {
      co_return "too late";
    }
    co_return "in time";
  }));
  run.start();

  BOOST_TEST((run.complete(2) == SessionState::kEnded));

  BOOST_TEST(run.result() == "too late");
}

// In a replay a closure without an outcome has not begun, and refers to the same variables.
BOOST_AUTO_TEST_CASE(one_that_has_not_begun_does_not_begin_after_the_exception) {
  bool there = false;
  TestRun run(text_handler([&](Context& ctx) -> Task<std::string> {
    bool cancelled = false;
    try {
      Variable variable(there);
      auto first = ctx.run("first", [&] { BOOST_TEST(there); });
      auto second = ctx.run("second", [&] { BOOST_TEST(there); });
      co_await first;
      co_await second;
    } catch (const CancelledError&) {
      cancelled = true;
    }
    if (cancelled) co_await ctx.run("undo", [] {});
    co_return "undone";
  }));
  run.start();
  run.cancel();

  BOOST_TEST((run.restart() == SessionState::kBlocked));
  BOOST_TEST(!there);
  BOOST_TEST(run.host.steps.size() == 1u);
  BOOST_TEST((run.execute_step() == SessionState::kEnded));

  BOOST_TEST(run.result() == "undone");
}

BOOST_AUTO_TEST_CASE(nor_does_the_cancellation_of_a_call_begin_it) {
  bool there = false;
  TestRun run(text_handler([&](Context& ctx) -> Task<std::string> {
    Variable variable(there);
    auto step = ctx.run("step", [&] { BOOST_TEST(there); });
    auto call = ctx.call<int>("S", "h", 1);
    co_await step;
    co_await call;
    co_return "";
  }));
  run.start();
  run.callee(2, "inv_1lNf3nIQpAfe0HKpHcbEHXKintjhm75b0y");
  run.cancel();

  BOOST_TEST((run.restart() == SessionState::kEnded));

  BOOST_TEST(!there);
  BOOST_TEST(run.host.steps.empty());
  BOOST_TEST(run.result() == "failed 409 Cancelled");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast
