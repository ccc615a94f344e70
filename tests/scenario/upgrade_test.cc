// A handler whose code changed under a running invocation is stopped, never fed a wrong value.

#include <boost/test/unit_test.hpp>

#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

// Its code is what `version` says.
Service shop(std::string& version, Ledger& ledger) {
  return Service("Shop").handler("order", [&version, &ledger](Context& ctx) -> Task<std::string> {
    if (version == "no steps") co_return "done without";
    const std::string name = version == "renamed" ? "charge" : "pay";
    std::string paid;
    if (version == "a sleep instead") {
      co_await ctx.sleep(1s);
    } else {
      paid = co_await ctx.run(name, [&] { return name + std::to_string(ledger.count(name)); });
    }
    co_await ctx.sleep(1h);
    if (version == "one step more") {
      co_await ctx.run("more", [&] { ledger.count("more"); });
    }
    const std::string shipped =
        co_await ctx.run("ship", [&] { return "ship" + std::to_string(ledger.count("ship")); });
    co_await ctx.sleep(1h);
    co_return paid + " " + shipped;
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(upgrade)

BOOST_AUTO_TEST_CASE(inv_2_changed_code_is_stopped_with_570_and_goes_on_when_the_old_is_back) {
  struct Change {
    std::string version, recorded, instead;
  };
  const std::vector<Change> changes = {
      {"renamed", "Run \"pay\"", "Run \"charge\""},
      {"a sleep instead", "Run \"pay\"", "Sleep"},
      {"no steps", "Run \"pay\"", "Output"},
  };
  for (const Change& change : changes) {
    std::string version;
    Ledger ledger;
    World world({shop(version, ledger)});

    const InvocationId id = world.send(to("Shop", "order"));
    version = change.version;
    world.restart();
    world.advance(61min);

    BOOST_TEST_CONTEXT(change.version) {
      BOOST_TEST((world.status(id) == Status::kBackingOff));
      const auto failure = world.row(id)->last_failure;
      BOOST_REQUIRE(failure.has_value());
      BOOST_TEST(failure->code == 570);
      BOOST_TEST(failure->related_command.value_or(99) == 1u);
      BOOST_TEST(failure->related_command_name == "pay");
      BOOST_TEST(failure->related_command_type == "Run");
      BOOST_TEST_CONTEXT(failure->message) {
        BOOST_TEST(failure->message.find(change.recorded) != std::string::npos);
        BOOST_TEST(failure->message.find(change.instead) != std::string::npos);
      }
      BOOST_TEST(ledger["charge"] == 0);
      BOOST_TEST(ledger["ship"] == 0);

      version = "";
      world.restart();
      world.advance(3h);
      BOOST_TEST(world.result(id) == "\"pay1 ship1\"");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_step_put_in_before_one_that_is_recorded_is_not_executed) {
  std::string version;
  Ledger ledger;
  World world({shop(version, ledger)});

  const InvocationId id = world.send(to("Shop", "order"));
  world.advance(61min);
  BOOST_TEST(ledger["ship"] == 1);
  version = "one step more";
  world.restart();
  world.advance(1h);

  BOOST_TEST((world.status(id) == Status::kBackingOff));
  const auto failure = world.row(id)->last_failure;
  BOOST_REQUIRE(failure.has_value());
  BOOST_TEST(failure->code == 570);
  BOOST_TEST(failure->related_command_name == "ship");
  BOOST_TEST(ledger["more"] == 0);
}

BOOST_AUTO_TEST_CASE(code_that_changed_only_after_what_is_recorded_just_goes_on) {
  std::string version;
  Ledger ledger;
  World world({shop(version, ledger)});

  const InvocationId id = world.send(to("Shop", "order"));
  version = "one step more";
  world.restart();
  world.advance(3h);

  BOOST_TEST(world.result(id) == "\"pay1 ship1\"");
  BOOST_TEST(ledger["more"] == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
