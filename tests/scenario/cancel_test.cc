// Cancellation: an exception at the next await, calls under way cancelled first, and steps that
// undo things still run.

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

// Sleeps for a day; undoes what it did when that is cancelled.
Service careful(Ledger& ledger) {
  return Service("Shop").handler("order", [&ledger](Context& ctx) -> Task<std::string> {
    co_await ctx.run("reserve", [&ledger] { ledger.count("reserve"); });
    const auto waited = co_await settled(ctx.sleep(24h));
    if (!waited) {
      co_await ctx.run("release", [&ledger] { ledger.count("release"); });
      co_await ctx.sleep(1min);
      co_await ctx.run("tell", [&ledger] { ledger.count("tell"); });
      waited.rethrow();
    }
    co_return "done";
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cancel)

BOOST_AUTO_TEST_CASE(is_thrown_where_the_handler_waits_and_compensation_survives_crashes) {
  Ledger ledger;
  World world({careful(ledger)});

  const InvocationId id = world.send(to("Shop", "order"));
  world.advance(10s);
  BOOST_TEST(world.act(id, Act::kCancel).has_value());
  BOOST_TEST(ledger["release"] == 1);
  BOOST_TEST(world.result(id) == "");
  world.restart();
  world.advance(2min);

  BOOST_TEST(world.result(id) == "FAILED 409 Cancelled");
  BOOST_TEST(ledger["reserve"] == 1);
  BOOST_TEST(ledger["release"] == 1);
  BOOST_TEST(ledger["tell"] == 1);
}

BOOST_AUTO_TEST_CASE(a_second_one_is_thrown_at_the_await_after) {
  Ledger ledger;
  World world({careful(ledger)});

  const InvocationId id = world.send(to("Shop", "order"));
  (void)world.act(id, Act::kCancel);
  world.restart();
  BOOST_TEST(world.act(id, Act::kCancel).has_value());

  BOOST_TEST(world.result(id) == "FAILED 409 Cancelled");
  BOOST_TEST(ledger["release"] == 1);
  BOOST_TEST(ledger["tell"] == 0);  // The second one hit the sleep in between.
}

BOOST_AUTO_TEST_CASE(reaches_the_calls_under_way_first) {
  Ledger ledger;
  const auto outer = [](Context& ctx) -> Task<std::string> {
    co_return co_await ctx.call<std::string>("Shop", "order");
  };
  World world({careful(ledger), Service("Outer").handler("go", outer)});

  const InvocationId id = world.send(to("Outer", "go"));
  world.advance(10s);
  world.restart();
  (void)world.act(id, Act::kCancel);
  world.advance(2min);

  BOOST_TEST(world.result(id) == "FAILED 409 Cancelled");
  BOOST_TEST(ledger["tell"] == 1);
  for (const auto& row : world.rows()) BOOST_TEST((row.status == Status::kCompleted));
}

BOOST_AUTO_TEST_CASE(a_scheduled_and_a_queued_one_end_at_once_without_having_run) {
  Ledger ledger;
  const auto hold = [&ledger](ObjectContext& ctx) -> Task<void> {
    ledger.count("hold");
    co_await ctx.sleep(1h);
  };
  World world({careful(ledger), Object("Key").exclusive("hold", hold)});
  auto later = to("Shop", "order");
  later.not_before_unix_ms = world.now_unix_ms() + 60'000;

  const InvocationId scheduled = world.send(later);
  world.send(to_key("Key", "k", "hold"));
  const InvocationId queued = world.send(to_key("Key", "k", "hold"));
  BOOST_TEST(world.act(scheduled, Act::kCancel).has_value());
  BOOST_TEST(world.act(queued, Act::kCancel).has_value());
  world.restart();
  world.advance(3h);

  BOOST_TEST(world.result(scheduled) == "FAILED 409 canceled");
  BOOST_TEST(world.result(queued) == "FAILED 409 canceled");
  BOOST_TEST(ledger["reserve"] == 0);
  BOOST_TEST(ledger["hold"] <= 3);  // Attempts of the first one only: it was parked and replayed.
}

BOOST_AUTO_TEST_CASE(one_that_backs_off_or_is_paused_hears_it_at_once) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx) -> Task<void> {
    const auto paid = co_await settled(ctx.run("pay", [&ledger]() -> int {
      ledger.count("pay");
      throw std::runtime_error("bank is closed");
    }));
    if (!paid) co_await ctx.run("undo", [&ledger] { ledger.count("undo"); });
    paid.rethrow();
  };
  const RetryPolicy slow{.initial_interval = 1h, .max_interval = 1h};
  World world({Service("Shop").handler("go", handler, {.retry_policy = slow})});

  const InvocationId backing_off = world.send(to("Shop", "go"));
  const InvocationId paused = world.send(to("Shop", "go"));
  BOOST_TEST((world.status(backing_off) == Status::kBackingOff));
  BOOST_TEST(world.act(paused, Act::kPause).has_value());
  world.restart();
  BOOST_TEST(world.act(backing_off, Act::kCancel).has_value());
  BOOST_TEST(world.act(paused, Act::kCancel).has_value());

  BOOST_TEST(world.result(backing_off) == "FAILED 409 Cancelled");
  BOOST_TEST(world.result(paused) == "FAILED 409 Cancelled");
  BOOST_TEST(ledger["undo"] == 2);
}

BOOST_AUTO_TEST_CASE(a_step_that_failed_is_not_tried_once_more_when_it_is_cancelled) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx) -> Task<void> {
    co_await ctx.run("pay", [&ledger] {
      ledger.count("pay");
      throw std::runtime_error("bank is closed");
    });
  };
  World world({Service("Shop").handler("go", handler)});

  const InvocationId id = world.send(to("Shop", "go"));
  BOOST_TEST(world.act(id, Act::kCancel).has_value());

  BOOST_TEST(world.result(id) == "FAILED 409 Cancelled");
  BOOST_TEST(ledger["pay"] == 1);
}

BOOST_AUTO_TEST_CASE(a_cancelled_step_is_not_executed_beside_what_undoes_it) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx) -> Task<void> {
    const auto credit = co_await settled(ctx.run("credit", [&ledger] {
      ledger.count("credit");
      throw std::runtime_error("bank is closed");
    }));
    co_await ctx.run("refund", [&ledger] {
      if (ledger.count("refund") < 3) throw std::runtime_error("bank is closed");
    });
    credit.rethrow();
  };
  World world({Service("Shop").handler("go", handler)});

  const InvocationId id = world.send(to("Shop", "go"));
  world.advance(5s);
  (void)world.act(id, Act::kCancel);
  const int credits = ledger["credit"];
  for (int process = 0; process < 4; ++process) {
    world.restart();
    world.advance(10s);
  }

  BOOST_TEST(world.result(id) == "FAILED 409 Cancelled");
  BOOST_TEST(ledger["refund"] == 3);
  BOOST_TEST(ledger["credit"] == credits);
}

BOOST_AUTO_TEST_CASE(inv_2_is_at_the_same_place_whichever_write_is_the_last) {
  for (std::uint64_t nth = 1;; ++nth) {
    Ledger ledger;
    const auto canceller = [](Context& ctx, std::string id) -> Task<void> {
      co_await ctx.sleep(10s);
      ctx.invocation(id).cancel();
    };
    World world({careful(ledger), Service("Boss").handler("cancel", canceller)}, nth);
    world.fail_write(nth, nth % 2 == 0 ? World::Failure::kLost : World::Failure::kStored);

    const auto id = world.ask(with_idempotency_key(to("Shop", "order"), "1"));
    world.ask(with_idempotency_key(to("Boss", "cancel", json(id.text())), "2"));
    world.endure(2min);

    BOOST_TEST_CONTEXT("write " << nth) {
      BOOST_TEST(world.result(id) == "FAILED 409 Cancelled");
      for (const auto& [step, times] : ledger.all()) BOOST_TEST(times <= 2, step);
      BOOST_TEST(ledger.all().size() == 3u);
    }
    if (!world.has_failed()) break;
  }
}

BOOST_AUTO_TEST_CASE(a_finished_one_cannot_be_cancelled) {
  World world({Service("Echo").handler("go", [](Context&) -> Task<void> { co_return; })});

  const InvocationId id = world.send(to("Echo", "go"));
  const auto refused = world.act(id, Act::kCancel);

  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code() == ErrorCode::kConflict));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
