// One exclusive handler at a time for a key, in the order of arrival; shared ones beside it.

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

// Notes when it is inside; two at once in one key would show.
struct Rooms {
  std::map<std::string, std::string> guest;
  std::vector<std::string> order;
  bool clash = false;

  Object service() {
    return Object("Room")
        .exclusive("stay",
                   [this](ObjectContext& ctx, std::string who) -> Task<void> {
                     const std::string key = ctx.key();
                     co_await ctx.run("enter", [&] {
                       clash |= !guest[key].empty() && guest[key] != who;
                       guest[key] = who;
                       order.push_back(key + who);
                     });
                     co_await ctx.sleep(10s);
                     co_await ctx.run("leave", [&] { guest[key].clear(); });
                   })
        .exclusive("fail",
                   [](ObjectContext&) -> Task<void> {
                     throw TerminalError("no", 400);
                     co_return;
                   })
        .shared("look", [](SharedObjectContext& ctx) -> Task<std::string> { co_return ctx.key(); });
  }
};

actors::InvokeRequest stay(const std::string& key, const std::string& who) {
  return with_idempotency_key(to_key("Room", key, "stay", json(who)), key + who);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exclusive_key)

BOOST_AUTO_TEST_CASE(inv_5_one_at_a_time_in_order_through_crashes_while_other_keys_go_on) {
  Rooms rooms;
  World world({rooms.service()});

  std::vector<InvocationId> ids;
  for (const char* who : {"a", "b", "c", "d"}) ids.push_back(world.send(stay("1", who)));
  ids.push_back(world.send(stay("2", "x")));
  BOOST_TEST(rooms.order == (std::vector<std::string>{"1a", "2x"}),
             boost::test_tools::per_element());
  for (int i = 0; i < 9; ++i) {
    world.restart();
    world.advance(5s);
    BOOST_TEST(world.call(to_key("Room", "1", "look")) == "\"1\"");
  }

  for (const InvocationId& id : ids) BOOST_TEST((world.status(id) == Status::kCompleted));
  BOOST_TEST(rooms.order == (std::vector<std::string>{"1a", "2x", "1b", "1c", "1d"}),
             boost::test_tools::per_element());
  BOOST_TEST(!rooms.clash);
}

BOOST_AUTO_TEST_CASE(inv_5_holds_whichever_write_is_the_last) {
  for (std::uint64_t nth = 1;; ++nth) {
    Rooms rooms;
    World world({rooms.service()}, nth);
    world.fail_write(nth, nth % 2 == 0 ? World::Failure::kLost : World::Failure::kStored);

    std::vector<InvocationId> ids;
    for (const char* who : {"a", "b", "c"}) ids.push_back(world.ask(stay("1", who)));
    world.endure(1min);

    BOOST_TEST_CONTEXT("write " << nth) {
      for (const InvocationId& id : ids) BOOST_TEST((world.status(id) == Status::kCompleted));
      BOOST_TEST(!rooms.clash);
      const std::set<std::string> guests(rooms.order.begin(), rooms.order.end());
      BOOST_TEST(guests.size() == 3u);
      BOOST_TEST(std::is_sorted(rooms.order.begin(), rooms.order.end()));
    }
    if (!world.has_failed()) break;
  }
}

BOOST_AUTO_TEST_CASE(a_holder_that_fails_is_killed_or_cancelled_makes_way) {
  Rooms rooms;
  World world({rooms.service()});

  const InvocationId failed = world.send(to_key("Room", "1", "fail"));
  const InvocationId killed = world.send(stay("1", "a"));
  const InvocationId cancelled = world.send(stay("1", "b"));
  const InvocationId last = world.send(stay("1", "c"));
  rooms.guest.clear();
  BOOST_TEST(world.act(killed, Act::kKill).has_value());
  rooms.guest.clear();
  world.restart();
  BOOST_TEST(world.act(cancelled, Act::kCancel).has_value());
  world.advance(1min);

  BOOST_TEST(world.result(failed) == "FAILED 400 no");
  BOOST_TEST((world.status(last) == Status::kCompleted));
}

BOOST_AUTO_TEST_CASE(a_holder_that_backs_off_keeps_its_key) {
  Ledger ledger;
  const auto flaky = [&ledger](ObjectContext& ctx) -> Task<int> {
    co_return co_await ctx.run("try", [&ledger] {
      if (ledger.count("try") < 3) throw std::runtime_error("not yet");
      return 1;
    });
  };
  const auto next = [&ledger](ObjectContext& ctx) -> Task<int> {
    co_return co_await ctx.run("next", [&ledger] { return ledger["try"]; });
  };
  World world({Object("Room").exclusive("flaky", flaky).exclusive("next", next)});

  world.send(to_key("Room", "1", "flaky"));
  const InvocationId after = world.send(to_key("Room", "1", "next"));
  world.restart();
  BOOST_TEST((world.status(after) == Status::kQueued));
  world.advance(1min);

  BOOST_TEST(world.result(after) == "3");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
