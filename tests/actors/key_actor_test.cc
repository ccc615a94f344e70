// The queue of an object key, whose owner may leave memory whenever it likes.

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/engine_fixture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::testing {

using journal::HandlerKind;
using journal::ServiceKind;

BOOST_AUTO_TEST_SUITE(key_actor)

// A late mail of one who left long ago finds an owner that knows of nobody who has been inside
// since.
BOOST_AUTO_TEST_CASE(inv_5_adds_are_not_lost_while_the_owner_of_the_key_leaves_again_and_again) {
  constexpr std::uint64_t kSeeds = 5'000;
  constexpr std::size_t kAdds = 6;
  const auto step = [] { return actors::StepOutcome(Bytes("done")); };
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ScriptedHandlers handlers;
    handlers.add(
        ServiceKind::kObject, "Counter", "add",
        {HandlerKind::kExclusive, {run("a step", step), get("n"), set("n", "+1"), get("n")}, {}});
    ManualClock clock;
    EngineFixture::Options options;
    options.engine.park_after_ms = 0;
    EngineFixture world(handlers, handlers.catalog(), seed, options, clock);

    std::vector<journal::InvocationId> adds;
    for (std::size_t i = 0; i < kAdds; ++i) {
      world.engine().send(request("Counter", "ann", "add", {}),
                          [&](Result<actors::Accepted> accepted) { adds.push_back(accepted->id); });
      for (std::uint64_t steps = (seed * 7 + i * 13) % 40; steps > 0 && world.step(); --steps) {
      }
    }
    world.advance(Millis(100));

    std::set<std::string> counts;
    for (const auto& id : adds) {
      const auto outcome = world.output(id);
      BOOST_REQUIRE(outcome.has_value());
      counts.insert(std::get<Bytes>(*outcome));
    }
    BOOST_TEST(counts.size() == kAdds, "seed " << seed);
  }
}

// Rows are in the store before whoever decided on them has the receipt, and the owner of a key
// reads there.
BOOST_AUTO_TEST_CASE(inv_5_who_is_let_in_before_he_knows_his_place_takes_his_turn) {
  constexpr std::size_t kCalls = 3;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    ScriptedHandlers handlers;
    handlers.add(ServiceKind::kObject, "Counter", "add",
                 {HandlerKind::kExclusive, {get("n"), set("n", "+1")}, {}});
    ManualClock clock;
    EngineFixture::Options options;
    options.is_rough = true;
    EngineFixture world(handlers, handlers.catalog(), seed, options, clock);

    std::vector<journal::InvocationId> calls;
    for (std::size_t i = 0; i < kCalls; ++i) {
      world.engine().send(
          request("Counter", "ann", "add", {}),
          [&](Result<actors::Accepted> accepted) { calls.push_back(accepted->id); });
    }
    world.settle();

    BOOST_REQUIRE(calls.size() == kCalls);
    for (const auto& id : calls) BOOST_TEST(world.output(id).has_value(), "seed " << seed);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
