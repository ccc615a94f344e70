// Retries of attempts: at intervals, paused or killed at the end, resumed by an operator.

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

// Fails until it is mended.
Service broken(bool& mended, Ledger& ledger, RetryPolicy retry) {
  return Service("Shop").handler("go",
                                 [&mended, &ledger](Context& ctx) -> Task<std::string> {
                                   const int first = co_await ctx.run(
                                       "first", [&ledger] { return ledger.count("first"); });
                                   ledger.count("attempt");
                                   if (!mended) throw std::runtime_error("out of order");
                                   co_return "first" + std::to_string(first);
                                 },
                                 {.retry_policy = retry});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pause)

BOOST_AUTO_TEST_CASE(after_the_last_attempt_it_waits_for_an_operator_who_may_resume_it) {
  bool mended = false;
  Ledger ledger;
  World world({broken(mended, ledger, {.initial_interval = 1s, .max_attempts = 4})});

  const InvocationId id = world.send(to("Shop", "go"));
  for (int process = 0; process < 4; ++process) {
    world.restart();
    world.advance(20s);
  }
  BOOST_TEST((world.status(id) == Status::kPaused));
  BOOST_TEST(ledger["attempt"] == 4);
  BOOST_TEST(world.row(id)->last_failure->message == "out of order");
  world.advance(24h * 30);
  BOOST_TEST(ledger["attempt"] == 4);
  mended = true;
  world.restart();
  BOOST_TEST(world.act(id, Act::kResume).has_value());

  BOOST_TEST(world.result(id) == "\"first1\"");
  BOOST_TEST(ledger["first"] == 1);
}

BOOST_AUTO_TEST_CASE(one_that_is_resumed_and_still_broken_gets_all_its_attempts_again) {
  bool mended = false;
  Ledger ledger;
  World world({broken(mended, ledger, {.initial_interval = 1s, .max_attempts = 3})});

  const InvocationId id = world.send(to("Shop", "go"));
  world.advance(1min);
  BOOST_TEST((world.status(id) == Status::kPaused));
  (void)world.act(id, Act::kResume);
  world.advance(1min);

  BOOST_TEST((world.status(id) == Status::kPaused));
  BOOST_TEST(ledger["attempt"] == 6);
}

BOOST_AUTO_TEST_CASE(the_policy_may_say_kill_instead) {
  bool mended = false;
  Ledger ledger;
  World world({broken(
      mended, ledger,
      {.initial_interval = 1s, .max_attempts = 3, .on_max_attempts = OnMaxAttempts::kKill})});

  const InvocationId id = world.send(to("Shop", "go"));
  world.restart();
  world.advance(1min);

  BOOST_TEST(world.result(id) == "FAILED 500 out of order");
  BOOST_TEST(ledger["attempt"] == 3);
}

BOOST_AUTO_TEST_CASE(the_intervals_grow_and_have_a_limit) {
  bool mended = false;
  Ledger ledger;
  World world({broken(mended, ledger,
                      {.initial_interval = 1s, .factor = 2, .max_interval = 4s, .jitter = 0})});

  world.send(to("Shop", "go"));
  std::vector<int> attempts;
  for (const auto wait : {900ms, 200ms, 1800ms, 300ms, 3700ms, 400ms, 3600ms, 500ms}) {
    world.advance(wait);
    attempts.push_back(ledger["attempt"]);
  }

  // At 0, 1, 3, 7 and 11 seconds.
  BOOST_TEST(attempts == (std::vector<int>{1, 2, 2, 3, 3, 4, 4, 5}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_operator_pauses_a_running_one_and_nothing_is_lost) {
  Ledger ledger;
  std::string mail;
  const auto handler = [&](Context& ctx) -> Task<std::string> {
    auto answer = ctx.awakeable<std::string>();
    co_await ctx.run("mail", [&] {
      ledger.count("mail");
      mail = answer.id;
    });
    const std::string text = co_await answer.future;
    co_await ctx.sleep(1min);
    co_return text;
  };
  World world({Service("Ask").handler("go", handler)});

  const InvocationId id = world.send(to("Ask", "go"));
  BOOST_TEST(world.act(id, Act::kPause).has_value());
  BOOST_TEST(world.resolve(mail, "\"yes\"").has_value());
  world.restart();
  world.advance(1h);
  BOOST_TEST((world.status(id) == Status::kPaused));
  BOOST_TEST(world.act(id, Act::kResume).has_value());
  BOOST_TEST(world.act(id, Act::kPause).has_value());
  world.advance(2min);
  BOOST_TEST((world.status(id) == Status::kPaused));
  world.restart();
  BOOST_TEST(world.act(id, Act::kResume).has_value());

  BOOST_TEST(world.result(id) == "\"yes\"");
  BOOST_TEST(ledger["mail"] == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
