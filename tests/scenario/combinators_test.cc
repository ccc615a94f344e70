// Combinators: the winner is the same in every attempt, whenever the process was stopped.

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

std::vector<ServiceDefinition> with_echo(Service service) {
  return {std::move(service), Service("Echo")
                                  .handler("after",
                                           [](Context& ctx, int seconds) -> Task<int> {
                                             co_await ctx.sleep(std::chrono::seconds(seconds));
                                             co_return seconds;
                                           })
                                  .handler("fail", [](Context& ctx, int seconds) -> Task<int> {
                                    co_await ctx.sleep(std::chrono::seconds(seconds));
                                    throw TerminalError("no",
                                                        400 + static_cast<std::uint16_t>(seconds));
                                  })};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(combinators)

BOOST_AUTO_TEST_CASE(all_any_race_settled_and_timeout_over_mixed_futures) {
  const auto handler = [](Context& ctx) -> Task<std::string> {
    std::string text;
    const auto [step, nap, echo] = co_await all(ctx.run("step", [] { return 1; }), ctx.sleep(1s),
                                                ctx.call<int>("Echo", "after", 2));
    text += "all " + std::to_string(step + echo);
    const auto any_of = co_await any(ctx.call<int>("Echo", "fail", 1),
                                     ctx.call<int>("Echo", "after", 3), ctx.sleep(5s));
    text += " any " + std::to_string(any_of.index());
    const auto first = co_await race(ctx.sleep(2s), ctx.call<int>("Echo", "after", 1));
    text += " race " + std::to_string(first.index());
    const auto [good, bad] =
        co_await all_settled(ctx.call<int>("Echo", "after", 1), ctx.call<int>("Echo", "fail", 2));
    text += good && !bad ? " settled " + std::to_string(bad.error().code()) : " not settled";
    const auto late = co_await settled(with_timeout(ctx.call<int>("Echo", "after", 60), 1s));
    text += late ? " late" : " timeout " + std::to_string(late.error().code());
    const int soon = co_await with_timeout(ctx.call<int>("Echo", "after", 1), 60s);
    co_return text + " soon " + std::to_string(soon);
  };
  const std::string expected = "\"all 3 any 1 race 1 settled 402 timeout 408 soon 1\"";
  for (const bool crash : {false, true}) {
    World world(with_echo(Service("Mix").handler("go", handler)));

    const InvocationId id = world.send(to("Mix", "go"));
    for (int second = 0; second < 20; ++second) {
      if (crash) world.restart();
      world.advance(1s);
    }

    BOOST_TEST(world.result(id) == expected);
  }
}

BOOST_AUTO_TEST_CASE(all_fails_with_the_first_failure_and_any_only_when_all_have_failed) {
  const auto handler = [](Context& ctx) -> Task<std::string> {
    std::vector<Future<int>> several;
    for (const int seconds : {3, 1, 2}) {
      several.push_back(ctx.call<int>("Echo", "fail", int{seconds}));
    }
    const auto every = co_await settled(all(std::move(several)));
    std::vector<Future<int>> more;
    for (const int seconds : {3, 1}) more.push_back(ctx.call<int>("Echo", "fail", int{seconds}));
    const auto none = co_await settled(any(std::move(more)));
    co_return std::to_string(every.error().code()) + (none ? " some" : " none");
  };
  World world(with_echo(Service("Mix").handler("go", handler)));

  const InvocationId id = world.send(to("Mix", "go"));
  world.advance(1500ms);
  world.restart();
  world.advance(10s);

  BOOST_TEST(world.result(id) == "\"401 none\"");
}

// What becomes known at the same instant comes in one order, and that is recorded: the handler
// tells the outside which way it went, again and again, in as many processes as there are writes.
BOOST_AUTO_TEST_CASE(inv_2_a_close_race_has_one_winner_whichever_write_is_the_last) {
  for (std::uint64_t nth = 1;; ++nth) {
    std::vector<std::string> decisions;
    const auto handler = [&decisions](Context& ctx) -> Task<std::string> {
      std::vector<Future<int>> runners;
      for (int i = 0; i < 4; ++i) {
        const int seconds = 1;
        runners.push_back(ctx.call<int>("Echo", "after", seconds));
      }
      const auto first = co_await race(std::move(runners));
      auto a = ctx.run("a", [] { return 1; });
      auto b = ctx.call<int>("Echo", "after", 0);
      auto c = ctx.sleep(0s);
      const auto second = co_await race(a, b, c);
      const std::string decision = std::to_string(first.index) + std::to_string(second.index());
      decisions.push_back(decision);
      co_await ctx.run("tell " + decision, [] {});  // Another name on replay would be a mismatch.
      int rest = 0;  // Of the losers; the winner's outcome has been taken.
      if (second.index() != 0) rest += co_await a;
      if (second.index() != 1) rest += co_await b;
      co_await ctx.sleep(1s);
      co_return decision + " " + std::to_string(rest);
    };
    World world(with_echo(Service("Mix").handler("go", handler)), nth);
    world.fail_write(nth, nth % 2 == 0 ? World::Failure::kLost : World::Failure::kStored);

    const auto id = world.ask(with_idempotency_key(to("Mix", "go"), "1"));
    world.endure(10s);
    world.restart();

    BOOST_TEST_CONTEXT("write " << nth) {
      BOOST_REQUIRE(!decisions.empty());
      BOOST_TEST(world.result(id) ==
                 "\"" + decisions.back() + (decisions.back()[1] == '0' ? " 0\"" : " 1\""));
    }
    if (!world.has_failed()) break;
  }
}

BOOST_AUTO_TEST_CASE(a_loser_that_keeps_failing_holds_nobody_up) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx) -> Task<std::string> {
    const auto paid =
        co_await settled(with_timeout(ctx.run("pay",
                                              [&ledger] {
                                                ledger.count("pay");
                                                throw std::runtime_error("bank is closed");
                                              }),
                                      3s));
    const int before = ledger["pay"];
    co_await ctx.run("undo", [&ledger] { ledger.count("undo"); });
    co_await ctx.sleep(24h);
    co_await ctx.run("tell", [&ledger] { ledger.count("tell"); });
    co_return paid
        ? "paid"
        : std::to_string(paid.error().code()) + (ledger["pay"] == before ? "" : " and tried again");
  };
  World world({Service("Mix").handler("go", handler)});

  const InvocationId id = world.send(to("Mix", "go"));
  world.advance(1min);
  BOOST_TEST((world.status(id) == Status::kSuspended));
  BOOST_TEST(ledger["undo"] == 1);
  world.restart();
  world.advance(24h);

  BOOST_TEST(world.result(id) == "\"408\"");
  BOOST_TEST(ledger["undo"] == 1);
  BOOST_TEST(ledger["tell"] == 1);
}

BOOST_AUTO_TEST_CASE(a_step_fails_when_it_is_awaited_not_before) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx) -> Task<std::string> {
    auto flaky = ctx.run("flaky", [&ledger] {
      if (ledger.count("flaky") < 3) throw std::runtime_error("not yet");
    });
    co_await ctx.sleep(1h);
    co_await flaky;
    co_return "done";
  };
  World world({Service("Mix").handler("go", handler)});

  const InvocationId id = world.send(to("Mix", "go"));
  BOOST_TEST((world.status(id) == Status::kSuspended));
  world.advance(2h);

  BOOST_TEST(world.result(id) == "\"done\"");
  BOOST_TEST(ledger["flaky"] == 3);
}

BOOST_AUTO_TEST_CASE(losers_are_not_left_hanging) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx) -> Task<std::string> {
    auto answer = ctx.awakeable<std::string>();
    const auto first = co_await race(ctx.run("step", [&ledger] { ledger.count("step"); }),
                                     ctx.sleep(24h * 365), answer.future);
    co_return std::to_string(first.index());
  };
  World world({Service("Mix").handler("go", handler)});

  const InvocationId id = world.send(to("Mix", "go"));

  BOOST_TEST(world.result(id) == "\"0\"");
  BOOST_TEST(world.active() == 0u);
  world.restart();
  BOOST_TEST(world.active() == 0u);
  BOOST_TEST(ledger["step"] == 1);
}

// Its journal is read once more in the end, not once for each of them.
BOOST_AUTO_TEST_CASE(who_waits_for_many_is_woken_when_that_is_decided_and_not_by_each) {
  for (const char* const how : {"all", "settled", "any"}) {
    int begun = 0;
    const auto handler = [&begun, how](Context& ctx) -> Task<int> {
      ++begun;
      std::vector<Future<int>> calls;
      const bool fails = how == std::string("any");
      for (int i = 1; i <= 30; ++i) {
        calls.push_back(ctx.call<int>("Echo", fails && i < 30 ? "fail" : "after", 10 * i));
      }
      if (fails) co_return (co_await any(std::move(calls))).value;
      if (how == std::string("all")) co_return (co_await all(std::move(calls))).back();
      co_return (co_await all_settled(std::move(calls))).back().value();
    };
    World world(with_echo(Service("Fan").handler("out", handler)));

    const InvocationId id = world.send(to("Fan", "out"));
    world.advance(290s);
    BOOST_TEST(world.active() == 0u);
    BOOST_TEST(world.result(id) == "");
    world.advance(20s);

    BOOST_TEST(world.result(id) == "300");
    BOOST_TEST(begun == 2, how << " began " << begun << " times");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
