#include <boost/test/unit_test.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

#include "tests/sdk/support/scripted_host.h"

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using runtime::SessionState;
using testing::TestRun;
using testing::text_handler;

// In these tests call n (from 0) has the result completion 2n + 2.
CallFuture<int> ask(Context& ctx) { return ctx.call<int>("S", "h", 0); }

// Gives the same journal to a new attempt, which must end alike.
void check_replay(TestRun& run) {
  const std::string result = run.result();
  BOOST_TEST((run.restart() == SessionState::kEnded));
  BOOST_TEST(run.host.commands.empty());
  run.journal.pop_back();  // Without the output the attempt decides once more, knowing all.
  BOOST_TEST((run.restart() == SessionState::kEnded));
  BOOST_TEST(run.result() == result);
}

BOOST_AUTO_TEST_SUITE(combinators)

BOOST_AUTO_TEST_CASE(all_gives_every_value) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    auto [number, nothing, more] = co_await all(ask(ctx), ctx.sleep(1s), ask(ctx));
    static_assert(std::is_same_v<decltype(nothing), std::monostate>);
    co_return std::to_string(number + more);
  }));
  run.start();

  run.complete(5, "2");
  run.complete(2, "1");
  BOOST_TEST(run.result() == "none");
  run.complete(3);

  BOOST_TEST(run.result() == "3");
  check_replay(run);
}

BOOST_AUTO_TEST_CASE(all_throws_the_first_failure_without_waiting_for_the_rest) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    std::vector<Future<int>> calls;
    for (int i = 0; i < 3; ++i) calls.push_back(ask(ctx));
    co_await all(std::move(calls));
    co_return "";
  }));
  run.start();

  run.fail(6, 410, "third");

  BOOST_TEST(run.result() == "failed 410 third");
  check_replay(run);
}

BOOST_AUTO_TEST_CASE(all_of_nothing_is_there_at_once) {
  TestRun run(text_handler([](Context&) -> Task<std::string> {
    const std::vector<int> values = co_await all(std::vector<Future<int>>());
    co_return std::to_string(values.size());
  }));

  BOOST_TEST((run.start() == SessionState::kEnded));

  BOOST_TEST(run.result() == "0");
}

BOOST_AUTO_TEST_CASE(race_names_the_winner_and_leaves_the_loser_awaitable) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    auto slow = ask(ctx);
    auto timer = ctx.sleep(1s);
    const auto winner = co_await race(slow, timer);
    const int value = co_await slow;
    co_return std::to_string(winner.index()) + std::to_string(value);
  }));
  run.start();

  run.complete(3);
  BOOST_TEST((run.session->waiting().completions == std::vector<protocol::CompletionId>{2}));
  run.complete(2, "7");

  BOOST_TEST(run.result() == "17");
  check_replay(run);  // Both are known there; the timer is still first.
}

BOOST_AUTO_TEST_CASE(race_of_a_vector_throws_when_the_winner_failed) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    std::vector<Future<int>> calls;
    calls.push_back(ask(ctx));
    calls.push_back(ask(ctx));
    const Winner<int> winner = co_await race(std::move(calls));
    co_return std::to_string(winner.index);
  }));
  run.start();

  run.fail(4, 404, "gone");

  BOOST_TEST(run.result() == "failed 404 gone");
}

BOOST_AUTO_TEST_CASE(any_gives_the_first_success) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    const auto winner = co_await any(ask(ctx), ask(ctx), ask(ctx));
    co_return std::to_string(winner.index()) + std::to_string(std::get<2>(winner));
  }));
  run.start();

  run.fail(2, 404, "gone");
  run.complete(6, "5");

  BOOST_TEST(run.result() == "25");
  check_replay(run);
}

BOOST_AUTO_TEST_CASE(any_throws_the_first_failure_when_all_failed) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    co_await any(ask(ctx), ask(ctx));
    co_return "";
  }));
  run.start();

  run.fail(4, 404, "first");
  BOOST_TEST(run.result() == "none");
  run.fail(2, 404, "second");

  BOOST_TEST(run.result() == "failed 404 first");
}

BOOST_AUTO_TEST_CASE(all_settled_tells_how_each_ended) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    const auto [good, bad] = co_await all_settled(ask(ctx), ask(ctx));
    co_return std::to_string(good.value()) + bad.error().message();
  }));
  run.start();

  run.fail(4, 404, "gone");
  run.complete(2, "1");

  BOOST_TEST(run.result() == "1gone");
  check_replay(run);
}

BOOST_AUTO_TEST_CASE(with_timeout_throws_when_the_timer_is_first) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    auto slow = ask(ctx);
    try {
      co_await with_timeout(slow, 5s);
    } catch (const TimeoutError&) {
      co_return "late";
    }
    co_return "in time";
  }));
  run.start();
  BOOST_TEST(run.command<protocol::SleepCommand>(1).wake_up_unix_ms == 1'005'000);

  run.complete(3);
  run.complete(2, "1");

  BOOST_TEST(run.result() == "late");
  check_replay(run);
}

BOOST_AUTO_TEST_CASE(combinations_nest) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    auto both = all(ask(ctx), ask(ctx));
    auto winner = co_await with_timeout(race(std::move(both), ctx.sleep(1s)), 5s);
    co_return std::to_string(winner.index());
  }));
  run.start();

  run.complete(2, "1");
  run.complete(4, "2");
  run.complete(5);

  BOOST_TEST(run.result() == "0");
  check_replay(run);
}

BOOST_AUTO_TEST_CASE(settled_catches_a_failure_and_keeps_its_type) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    auto sub = [](Context& inner) -> Task<int> { co_return co_await ask(inner) + 1; };
    const Settled<int> first = co_await settled(sub(ctx));
    const auto second = co_await settled(ctx.sleep(1s));
    try {
      second.rethrow();
    } catch (const CancelledError&) {
      co_return std::to_string(first.value()) + "cancelled";
    }
    co_return "";
  }));
  run.start();

  run.complete(2, "1");
  run.cancel();

  BOOST_TEST(run.result() == "2cancelled");
  check_replay(run);
}

BOOST_AUTO_TEST_CASE(a_future_is_taken_once) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    auto call = ask(ctx);
    const int value = co_await call;
    co_return std::to_string(value + co_await call);
  }));
  run.start();

  BOOST_TEST((run.complete(2, "1") == SessionState::kFailed));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(session_cancellation)

BOOST_AUTO_TEST_CASE(it_is_thrown_at_the_await_and_steps_may_still_compensate) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    bool cancelled = false;
    try {
      co_await ctx.sleep(1h);
    } catch (const CancelledError&) {
      cancelled = true;
    }
    if (cancelled) co_await ctx.run("undo", [] {});
    throw CancelledError();
  }));
  run.start();

  BOOST_TEST((run.cancel() == SessionState::kBlocked));
  BOOST_TEST((run.execute_step() == SessionState::kEnded));

  BOOST_TEST(run.result() == "failed 409 Cancelled");
  check_replay(run);
}

BOOST_AUTO_TEST_CASE(calls_under_way_are_cancelled_first_in_order) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    auto done = ask(ctx);
    auto first = ask(ctx);
    auto second = ask(ctx);
    co_await all(done, first, second);
    co_return "";
  }));
  run.start();
  run.callee(1, "inv_a");
  run.complete(2, "1");
  run.callee(3, "inv_b");

  // The id of the third is not known: it must be waited for, or that call could not be cancelled.
  BOOST_TEST((run.cancel() == SessionState::kBlocked));
  BOOST_TEST((run.session->waiting().completions == std::vector<protocol::CompletionId>{5}));
  BOOST_TEST((run.callee(5, "inv_c") == SessionState::kEnded));

  BOOST_TEST(run.host.commands.size() == 6U);
  BOOST_TEST(run.command<protocol::SendSignalCommand>(3).target_invocation == "inv_b");
  BOOST_TEST(run.command<protocol::SendSignalCommand>(4).target_invocation == "inv_c");
  BOOST_TEST(run.result() == "failed 409 Cancelled");
  check_replay(run);
}

BOOST_AUTO_TEST_CASE(it_is_thrown_once_and_a_second_one_again) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    std::string seen;
    for (int i = 0; i < 3; ++i) {
      try {
        co_await ctx.sleep(1s);
        seen += "s";
      } catch (const CancelledError&) {
        seen += "c";
      }
    }
    co_return seen;
  }));
  run.start();

  run.cancel();
  run.complete(1);
  run.complete(2);
  run.cancel();

  BOOST_TEST(run.result() == "csc");
  check_replay(run);
}

BOOST_AUTO_TEST_CASE(what_was_decided_before_is_not_taken_away_in_replay) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    auto first = ctx.sleep(1s);
    auto second = ctx.sleep(2s);
    co_await first;
    co_await second;
    co_await ctx.sleep(3s);
    co_return "";
  }));
  run.start();

  run.complete(2);
  run.complete(1);
  BOOST_TEST((run.cancel() == SessionState::kEnded));

  BOOST_TEST(run.host.commands.size() == 4U);
  check_replay(run);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast
