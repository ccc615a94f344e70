// Sleeping: for seconds or months, through any number of processes.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>
#include <utility>
#include <vector>

#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

// Tells when it woke up, as the closure of a step saw it.
Service sleeper(World*& world) {
  return Service("Shop")
      .handler("for",
               [&world](Context& ctx, std::int64_t millis) -> Task<std::int64_t> {
                 co_await ctx.sleep(std::chrono::milliseconds(millis), "a nap");
                 co_return co_await ctx.run("woke", [&world] { return world->now_unix_ms(); });
               })
      .handler("until", [&world](Context& ctx, std::int64_t unix_ms) -> Task<std::int64_t> {
        co_await ctx.sleep_until(
            std::chrono::system_clock::time_point(std::chrono::milliseconds(unix_ms)));
        co_return co_await ctx.run("woke", [&world] { return world->now_unix_ms(); });
      });
}

void check_time(const std::string& woke, std::int64_t due) {
  BOOST_REQUIRE(!woke.empty());
  BOOST_TEST(std::stoll(woke) >= due);  // INV-7: never early.
  BOOST_TEST(std::stoll(woke) <= due + 10);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sleep)

BOOST_AUTO_TEST_CASE(inv_7_a_sleep_of_months_ends_on_time_whatever_happened_meanwhile) {
  World* clock = nullptr;
  World world({sleeper(clock)});
  clock = &world;
  constexpr std::chrono::milliseconds kThreeMonths = 24h * 91;
  const std::int64_t due = world.now_unix_ms() + kThreeMonths.count();

  const InvocationId id = world.send(to("Shop", "for", json(std::int64_t{kThreeMonths.count()})));
  for (int month = 0; month < 3; ++month) {
    world.advance(24h * 30);
    BOOST_TEST(world.active() == 0u);
    world.restart();
  }
  BOOST_TEST((world.status(id) == Status::kSuspended));
  world.advance(25h);

  check_time(world.result(id), due);
}

BOOST_AUTO_TEST_CASE(a_sleep_that_became_due_while_there_was_no_process_ends_at_the_start) {
  World* clock = nullptr;
  World world({sleeper(clock)});
  clock = &world;

  const InvocationId id = world.send(to("Shop", "for", json(std::int64_t{60'000})));
  world.restart_after(24h);
  world.advance(10ms);

  check_time(world.result(id), world.now_unix_ms() - 10);
}

BOOST_AUTO_TEST_CASE(sleep_until_names_a_moment_and_one_in_the_past_is_over_at_once) {
  World* clock = nullptr;
  World world({sleeper(clock)});
  clock = &world;
  const std::int64_t due = world.now_unix_ms() + 3'600'000;

  const InvocationId future = world.send(to("Shop", "until", json(due)));
  const InvocationId past = world.send(to("Shop", "until", json(std::int64_t{5})));
  world.advance(20ms);
  BOOST_TEST(!world.result(past).empty());
  world.restart();
  world.advance(1h);

  check_time(world.result(future), due);
}

BOOST_AUTO_TEST_CASE(a_sleep_of_nothing_and_one_of_for_ever_are_both_fine) {
  World* clock = nullptr;
  World world({sleeper(clock)});
  clock = &world;

  const InvocationId none = world.send(to("Shop", "for", json(std::int64_t{0})));
  const InvocationId ever = world.send(to("Shop", "for", json(INT64_MAX / 2'000'000)));
  world.advance(1s);
  BOOST_TEST(!world.result(none).empty());
  world.restart();
  world.advance(24h * 400);

  BOOST_TEST((world.status(ever) == Status::kSuspended));
}

BOOST_AUTO_TEST_CASE(a_hundred_sleepers_wake_in_the_order_of_their_times) {
  World* clock = nullptr;
  World world({sleeper(clock)});
  clock = &world;
  const std::int64_t begin = world.now_unix_ms();

  std::vector<InvocationId> ids;
  for (std::int64_t i = 0; i < 100; ++i) {
    ids.push_back(world.send(to("Shop", "for", json(std::int64_t{(i * 37) % 100 * 1'000}))));
  }
  world.restart();
  world.advance(2min);

  for (std::int64_t i = 0; i < 100; ++i) {
    check_time(world.result(ids[static_cast<std::size_t>(i)]), begin + (i * 37) % 100 * 1'000);
  }
}

// Timers that are far away are left in the table for an hour, and looked for again.
BOOST_AUTO_TEST_CASE(inv_7_sleeps_of_any_length_that_begin_at_any_time_end_on_time) {
  World* clock = nullptr;
  World world({sleeper(clock)});
  clock = &world;
  constexpr std::int64_t kHourMs = 3'600'000;
  std::mt19937_64 random(7);
  const auto draw = [&](std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random);
  };

  std::vector<std::pair<InvocationId, std::int64_t>> sleepers;
  for (int i = 0; i < 100; ++i) {  // Less than a day in all, after which results are gone.
    const std::int64_t about = draw(0, 3) * kHourMs;
    const std::int64_t length = std::max<std::int64_t>(0, about + draw(-30, 30));
    sleepers.emplace_back(world.send(to("Shop", "for", json(length))),
                          world.now_unix_ms() + length);
    if (draw(0, 2) == 0) world.advance(Millis(draw(0, kHourMs / 4)));
    if (draw(0, 40) == 0) world.advance(Millis(4 * kHourMs));  // Nothing is left to wait for.
  }
  world.advance(Millis(4 * kHourMs));

  for (const auto& [id, due] : sleepers) check_time(world.result(id), due);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
