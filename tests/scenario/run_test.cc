// Steps: what ctx.run() promises.

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "tests/scenario/world.h"

namespace holdfast::testing {

BOOST_AUTO_TEST_SUITE(run)

BOOST_AUTO_TEST_CASE(a_closure_gives_a_value_nothing_or_what_an_awaitable_gives) {
  const auto handler = [](Context& ctx) -> Task<std::string> {
    const std::string value = co_await ctx.run("value", [] { return std::string("a"); });
    co_await ctx.run("nothing", [] {});
    const int awaited = co_await ctx.run("awaitable", []() -> Task<int> { co_return 7; });
    const auto many = co_await ctx.run("vector", [] { return std::vector<int>{1, 2}; });
    const auto none = co_await ctx.run("none", [] { return std::optional<int>(); });
    co_return value + std::to_string(awaited) + std::to_string(many.size()) +
        (none ? "some" : "none");
  };
  World world({Service("Shop").handler("go", handler)});

  BOOST_TEST(world.call(to("Shop", "go")) == "\"a72none\"");
}

BOOST_AUTO_TEST_CASE(inv_3_a_finished_step_is_not_executed_again_by_any_later_process) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx) -> Task<int> {
    const int first = co_await ctx.run("first", [&ledger] { return ledger.count("first"); });
    co_await ctx.sleep(1min);
    const int second = co_await ctx.run("second", [&ledger] { return ledger.count("second"); });
    co_await ctx.sleep(1min);
    co_return first + second;
  };
  World world({Service("Shop").handler("go", handler)});

  const InvocationId id = world.send(to("Shop", "go"));
  world.restart();
  world.advance(90s);
  world.restart();
  world.restart();
  world.advance(90s);

  BOOST_TEST(world.result(id) == "2");
  BOOST_TEST(ledger["first"] == 1);
  BOOST_TEST(ledger["second"] == 1);
}

BOOST_AUTO_TEST_CASE(a_terminal_error_is_recorded_and_never_retried) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx) -> Task<std::string> {
    const auto failed = co_await settled(ctx.run("pay",
                                                 [&ledger] {
                                                   ledger.count("pay");
                                                   throw TerminalError("card refused", 402);
                                                 },
                                                 {.max_attempts = 5}));
    co_await ctx.sleep(1h);
    co_return std::to_string(failed.error().code()) + " " + failed.error().message();
  };
  World world({Service("Shop").handler("go", handler)});

  const InvocationId id = world.send(to("Shop", "go"));
  world.restart();
  world.advance(2h);

  BOOST_TEST(world.result(id) == "\"402 card refused\"");
  BOOST_TEST(ledger["pay"] == 1);
}

BOOST_AUTO_TEST_CASE(a_terminal_error_that_nobody_catches_is_the_result) {
  const auto handler = [](Context& ctx) -> Task<int> {
    co_return co_await ctx.run("pay", []() -> int { throw TerminalError("card refused", 402); });
  };
  World world({Service("Shop").handler("go", handler)});

  BOOST_TEST(world.call(to("Shop", "go")) == "FAILED 402 card refused");
}

BOOST_AUTO_TEST_CASE(a_failed_step_is_tried_again_at_its_intervals) {
  std::vector<std::int64_t> times;
  World* clock = nullptr;
  const auto handler = [&](Context& ctx) -> Task<std::string> {
    const RunOptions options{.initial_interval = 100ms,
                             .factor = 3,
                             .max_interval = 500ms,
                             .max_attempts = 5,
                             .jitter = 0};
    const auto failed = co_await settled(ctx.run(
        "pay",
        [&] {
          times.push_back(clock->now_unix_ms());
          throw std::runtime_error("bank is closed");
        },
        options));
    co_return failed.error().message();
  };
  World world({Service("Shop").handler("go", handler)});
  clock = &world;

  const std::int64_t begin = world.now_unix_ms();
  const InvocationId id = world.send(to("Shop", "go"));
  world.advance(1min);

  BOOST_TEST(world.result(id) == "\"bank is closed\"");
  BOOST_REQUIRE(times.size() == 5u);
  const std::vector<std::int64_t> due = {0, 100, 400, 900, 1400};
  for (std::size_t i = 0; i < due.size(); ++i) {
    BOOST_TEST(times[i] >= begin + due[i]);  // Never early, and soon.
    BOOST_TEST(times[i] <= begin + due[i] + 20 * static_cast<std::int64_t>(i));
  }
}

BOOST_AUTO_TEST_CASE(a_step_that_has_failed_for_good_can_be_compensated) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx) -> Task<std::string> {
    const auto paid = co_await settled(ctx.run("pay",
                                               [&ledger] {
                                                 ledger.count("pay");
                                                 throw std::runtime_error("bank is closed");
                                               },
                                               {.initial_interval = 10ms, .max_attempts = 3}));
    if (!paid) co_await ctx.run("undo", [&ledger] { ledger.count("undo"); });
    paid.rethrow();
    co_return "paid";
  };
  World world({Service("Shop").handler("go", handler)});

  const InvocationId id = world.send(to("Shop", "go"));
  world.advance(1min);

  BOOST_TEST(world.result(id) == "FAILED 500 bank is closed");
  BOOST_TEST(ledger["pay"] == 3);
  BOOST_TEST(ledger["undo"] == 1);
}

BOOST_AUTO_TEST_CASE(the_count_of_attempts_survives_a_crash) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx) -> Task<std::string> {
    co_await ctx.run("before", [] {});
    const auto paid = co_await settled(
        ctx.run("pay",
                [&ledger] {
                  ledger.count("pay");
                  throw std::runtime_error("bank is closed");
                },
                {.initial_interval = 1min, .factor = 1, .max_attempts = 4, .jitter = 0}));
    co_return paid ? "paid" : "failed";
  };
  World world({Service("Shop").handler("go", handler)});

  const InvocationId id = world.send(to("Shop", "go"));
  for (int process = 0; process < 3; ++process) {
    world.restart();
    world.advance(61s);
  }

  BOOST_TEST(world.result(id) == "\"failed\"");
  BOOST_TEST(ledger["pay"] == 4);
}

BOOST_AUTO_TEST_CASE(the_duration_of_retries_has_a_limit) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx) -> Task<std::string> {
    const auto paid = co_await settled(
        ctx.run("pay",
                [&ledger] {
                  ledger.count("pay");
                  throw std::runtime_error("bank is closed");
                },
                {.initial_interval = 10s, .factor = 1, .max_duration = 35s, .jitter = 0}));
    co_return paid ? "paid" : "failed";
  };
  World world({Service("Shop").handler("go", handler)});

  const InvocationId id = world.send(to("Shop", "go"));
  world.advance(10min);

  BOOST_TEST(world.result(id) == "\"failed\"");
  BOOST_TEST(ledger["pay"] == 5);  // At 0, 10, 20, 30 and 40 seconds.
}

BOOST_AUTO_TEST_CASE(a_step_gets_its_own_attempts_after_another_has_used_up_some) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx) -> Task<std::string> {
    for (const char* name : {"a", "b"}) {
      co_await ctx.run(name,
                       [&ledger, name] {
                         if (ledger.count(name) < 3) throw std::runtime_error("not yet");
                       },
                       {.initial_interval = 10ms, .max_attempts = 3});
    }
    co_return "done";
  };
  World world({Service("Shop").handler("go", handler)});

  const InvocationId id = world.send(to("Shop", "go"));
  world.advance(10s);

  BOOST_TEST(world.result(id) == "\"done\"");
  BOOST_TEST(ledger["b"] == 3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
