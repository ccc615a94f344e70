// Chance and time are the same in every attempt, and different in every invocation.

#include <boost/test/unit_test.hpp>
#include <random>

#include "tests/scenario/world.h"

namespace holdfast::testing {

BOOST_AUTO_TEST_SUITE(deterministic)

BOOST_AUTO_TEST_CASE(inv_2_now_random_and_uuid_are_the_same_in_every_attempt) {
  std::map<std::string, std::set<std::string>> seen;
  std::map<std::string, int> attempts;
  const auto handler = [&](Context& ctx) -> Task<std::string> {
    const auto time_text = [&] {
      return std::to_string(ctx.now().time_since_epoch() / std::chrono::milliseconds(1));
    };
    ++attempts[ctx.invocation_id()];
    std::string text = time_text();
    auto random = ctx.random();
    text += " " + std::to_string(random());
    text += " " + std::to_string(std::uniform_int_distribution<int>(1, 6)(random));
    text += " " + ctx.uuid();
    co_await ctx.sleep(1h);
    const std::string later = time_text();
    text += " " + ctx.uuid();
    seen[ctx.invocation_id()].insert(text + " " + later);
    co_await ctx.sleep(1h);
    co_return text + " " + later;
  };
  World world({Service("Chance").handler("go", handler)});

  const InvocationId one = world.send(to("Chance", "go"));
  const InvocationId two = world.send(to("Chance", "go"));
  for (int process = 0; process < 6; ++process) {
    world.restart();
    world.advance(25min);
  }

  BOOST_TEST(!world.result(one).empty());
  BOOST_TEST(!world.result(two).empty());
  BOOST_TEST(attempts[one.text()] >= 3);
  BOOST_TEST(seen[one.text()].size() == 1u);
  BOOST_TEST(seen[two.text()].size() == 1u);
  BOOST_TEST(world.result(one) != world.result(two));
}

BOOST_AUTO_TEST_CASE(a_uuid_is_a_version_4_uuid) {
  const auto handler = [](Context& ctx) -> Task<std::string> { co_return ctx.uuid(); };
  World world({Service("Chance").handler("go", handler)});

  const std::string uuid = world.call(to("Chance", "go"));

  BOOST_REQUIRE(uuid.size() == 38u);
  BOOST_TEST(uuid[1 + 14] == '4');
  BOOST_TEST(std::string("89ab").find(uuid[1 + 19]) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(inv_3_now_is_recorded_once_whichever_write_is_the_last) {
  for (std::uint64_t nth = 1;; ++nth) {
    std::vector<std::int64_t> told;
    const auto handler = [&told](Context& ctx) -> Task<std::int64_t> {
      const std::int64_t now = ctx.now().time_since_epoch() / std::chrono::milliseconds(1);
      co_await ctx.run("tell", [&told, now] { told.push_back(now); });
      co_await ctx.sleep(1min);
      co_return now;
    };
    World world({Service("Chance").handler("go", handler)}, nth);
    world.fail_write(nth, nth % 2 == 0 ? World::Failure::kLost : World::Failure::kStored);

    const auto id = world.ask(with_idempotency_key(to("Chance", "go"), "1"));
    world.endure(2min);

    // INV-1: what a closure was told was durable, so no later attempt knows another time.
    BOOST_TEST_CONTEXT("write " << nth) {
      BOOST_REQUIRE(!told.empty());
      for (const std::int64_t now : told) BOOST_TEST(world.result(id) == std::to_string(now));
    }
    if (!world.has_failed()) break;
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
