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

BOOST_AUTO_TEST_SUITE(retryable_error)

BOOST_AUTO_TEST_CASE(a_step_that_knows_when_to_try_again_is_heard_but_has_its_attempts_only) {
  for (const bool has_policy : {false, true}) {
    TestRun run(text_handler([has_policy](Context& ctx) -> Task<std::string> {
      co_await ctx.sleep(1s);
      const auto fails = []() -> int { throw RetryableError("busy", 1500ms); };
      const RunOptions two = {.initial_interval = 100ms, .max_attempts = 2};
      const int value =
          has_policy ? co_await ctx.run("step", fails, two) : co_await ctx.run("step", fails);
      co_return std::to_string(value);
    }));
    run.start();
    run.complete(1);

    BOOST_TEST((run.execute_step() == SessionState::kFailed));

    BOOST_TEST(run.session->error().message == "busy");
    BOOST_TEST(run.session->error().next_retry_delay_ms.value() == 1500);
    run.retry_count = 1;
    run.restart();
    BOOST_TEST((run.execute_step() == SessionState::kEnded) == has_policy);
    if (has_policy) BOOST_TEST(run.result() == "failed 500 busy");
  }
}

BOOST_AUTO_TEST_CASE(a_handler_that_knows_when_to_try_again_is_heard) {
  TestRun run(text_handler([](Context&) -> Task<std::string> {
    throw RetryableError("busy", 1500ms);
    co_return "";
  }));

  run.start();

  BOOST_TEST((run.session->state() == SessionState::kFailed));
  BOOST_TEST(run.session->error().message == "busy");
  BOOST_TEST(run.session->error().next_retry_delay_ms.value() == 1500);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast
