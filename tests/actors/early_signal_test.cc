// Signals to invocations that are about to be: they are in the journal behind the input, or were
// never seen; and those of a caller arrive.

#include <boost/test/unit_test.hpp>

#include "tests/support/engine_fixture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::testing {
namespace {

using journal::HandlerKind;
using journal::ServiceKind;
using journal::Status;

actors::StepOutcome done() { return Bytes("done"); }

}  // namespace

BOOST_AUTO_TEST_SUITE(early_signal)

// A signal may be on its way to an id that nobody has yet. Whoever then comes to be under that id
// has it in its journal, or has never seen it.
BOOST_AUTO_TEST_CASE(
    inv_6_a_signal_to_one_that_comes_to_be_meanwhile_is_in_its_journal_or_not_seen) {
  const auto id = journal::idempotent_id("Ask", std::nullopt, "human", "k");
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Tell", "it", {HandlerKind::kPlain, {resolve(id, "42")}, {}});
  handlers.add(ServiceKind::kService, "Ask", "human",
               {HandlerKind::kPlain, {awakeable(), run("a", done), sleep(60'000)}, {}});
  int seen = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      EngineFixture world(handlers, handlers.catalog(), seed);
      world.settle();
      world.engine().send(request("Tell", "it"), [](const auto&) {});
      for (std::uint64_t steps = seed % 20; steps > 0; --steps) world.step();
      auto ask = request("Ask", "human");
      ask.idempotency_key = "k";
      world.engine().send(ask, [](const auto&) {});
      for (std::uint64_t steps = seed % 37; steps > 0; --steps) world.step();
      if (seed % 2 == 0) {
        world.crash();
        world.start();
        world.engine().send(ask, [](const auto&) {});
      }
      world.settle();
      world.advance(Millis(5'000));
      const auto commands = (*world.tables().invocation(id))->journal_commands;
      seen += commands > 1 ? 1 : 0;

      world.crash();
      world.start();
      world.advance(Millis(70'000));

      const bool done = world.status(id) == Status::kCompleted;
      BOOST_TEST(done == (commands > 1), "after a crash it is another story");
    }
  }
  BOOST_TEST(seen > 0);
  BOOST_TEST(seen < 400);
}

// Who calls by a key and then signals finds the callee there, in whatever order their batches come.
BOOST_AUTO_TEST_CASE(inv_6_a_signal_to_whom_one_has_just_called_by_a_key_is_not_lost) {
  const auto id = journal::idempotent_id("Ask", std::nullopt, "human", "k");
  Op ask = send("Ask", "", "human", "");
  ask.idempotency_key = "k";
  for (const std::int64_t pause_ms : {0, 1}) {
    ScriptedHandlers handlers;
    std::vector<Op> ops = {ask, resolve(id, "42")};
    if (pause_ms > 0) ops.insert(ops.begin() + 1, sleep(pause_ms));
    handlers.add(ServiceKind::kService, "Tell", "it", {HandlerKind::kPlain, ops, {}});
    handlers.add(ServiceKind::kService, "Ask", "human",
                 {HandlerKind::kPlain, {awakeable(), run("a", done), sleep(60'000)}, {}});
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      BOOST_TEST_CONTEXT("seed " << seed) {
        EngineFixture world(handlers, handlers.catalog(), seed);
        world.settle();
        world.send(request("Tell", "it"));

        world.advance(Millis(10'000));
        world.crash();
        world.start();
        world.advance(Millis(60'000));

        BOOST_TEST((world.status(id) == Status::kCompleted));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
