// The first and the last entry of a journal, which stand in the row of the invocation when they are
// small: whoever reads the journal finds them all the same.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <optional>

#include "tests/actors/remote_script.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::testing {
namespace {

using journal::Entry;
using journal::HandlerKind;
using journal::Input;
using journal::Output;
using journal::ServiceKind;
using journal::Status;

constexpr std::size_t kSmall = 20, kLarge = 2000;

std::vector<actors::ServiceInfo> services() {
  actors::ServiceInfo info;
  info.name = "Plain";
  info.deployment_id = "dp_1";
  info.handlers.emplace_back().name = "run";
  return {info};
}

bool act(EngineFixture& world, const journal::InvocationId& id, actors::Engine::Act what) {
  bool done = false;
  world.engine().act(id, what, [&](const auto& result) { done = result.has_value(); });
  world.settle();
  return done;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_ends)

BOOST_AUTO_TEST_CASE(a_call_elsewhere_is_replayed_from_its_row_and_its_journal_is_whole) {
  for (const std::size_t size : {kSmall, kLarge}) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      BOOST_TEST_CONTEXT("input of " << size << ", seed " << seed) {
        const Bytes body(size, 'x');
        RemoteHandlers handlers;
        bool ends = false;
        int starts = 0;
        handlers.script.start = [&](const auto& start, auto& host, const auto&) {
          ++starts;
          BOOST_REQUIRE(!start.journal.empty());
          const auto* input = std::get_if<Input>(&start.journal.front().body);
          BOOST_TEST((input != nullptr && input->value == body));
          if (!ends) return AttemptState::kBlocked;
          host.on_command(Entry{{}, Output{Bytes("out")}});
          return AttemptState::kEnded;
        };
        EngineFixture world(handlers, services(), seed);
        const auto id = world.send(request("Plain", "run", body)).id;
        BOOST_TEST(world.tables().journal(id)->size() == 1);
        BOOST_TEST(world.tables().chunks(id)->empty() == (size == kSmall));

        world.crash();
        ends = true;
        world.start();
        world.advance(Millis(10));

        BOOST_TEST(starts == 2);
        const auto entries = world.tables().journal(id).value();
        BOOST_REQUIRE(entries.size() == 2);
        BOOST_TEST(std::get<Input>(entries[0].entry.body).value == body);
        BOOST_TEST(
            (std::get<Output>(entries[1].entry.body).result == journal::Outcome(Bytes("out"))));
        BOOST_TEST(world.tables().chunks(id)->empty() == (size == kSmall));
        std::size_t seen = 0;
        const auto count = [&](const auto& of, const auto& whole) {
          seen += of == id ? whole->size() : 0;
          return true;
        };
        BOOST_TEST(world.tables().each_journal({}, count).has_value());
        BOOST_TEST(seen == 2);

        BOOST_TEST(act(world, id, actors::Engine::Act::kPurgeJournal));
        BOOST_TEST(world.tables().journal(id)->empty());
        BOOST_TEST((world.output(id) == journal::Outcome(Bytes("out"))));
      }
    }
  }
}

// What another tells while the end is on its way to the disk may have a stamp before entries that
// go with the end, and its receiver has not counted it.
BOOST_AUTO_TEST_CASE(inv_6_the_output_is_behind_the_last_command_whoever_else_tells_something) {
  int raced = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      RemoteHandlers handlers;
      std::function<void()> wake;
      std::optional<journal::InvocationId> told;
      handlers.script.start = [&](const auto&, auto& host, const auto& wakes) {
        if (!told) {
          wake = wakes;
          return AttemptState::kBlocked;
        }
        host.on_command(Entry{{}, journal::SendSignal{*told, std::uint32_t{20}, Bytes("s")}});
        host.on_command(Entry{{}, Output{Bytes("told")}});
        return AttemptState::kEnded;
      };
      handlers.script.woken = [&](auto& host, const auto&) {
        journal::Call later{.service = "Plain", .handler = "run"};
        later.not_before_unix_ms = 4'000'000'000'000;
        host.on_command(Entry{{}, later});
        host.on_command(Entry{{}, Output{Bytes("out")}});
        return AttemptState::kEnded;
      };
      EngineFixture world(handlers, services(), seed);
      const auto id = world.send(request("Plain", "run")).id;
      told = id;
      world.engine().send(request("Plain", "run"), [](const auto&) {});
      for (std::uint64_t steps = seed % 29; steps > 0; --steps) world.step();
      wake();
      world.settle();

      const auto entries = world.tables().journal(id).value();
      const auto is_output = [](const auto& one) {
        return std::holds_alternative<Output>(one.entry.body);
      };
      const auto output = std::find_if(entries.begin(), entries.end(), is_output);
      BOOST_REQUIRE(output != entries.end());
      BOOST_TEST(std::none_of(std::next(output), entries.end(),
                              [](const auto& one) { return one.entry.is_command(); }));
      const auto* second = std::get_if<journal::Notification>(&entries.at(1).entry.body);
      const bool is_signal = second != nullptr && second->of == decltype(second->of)(20U);
      raced += is_signal && entries.size() == 4 ? 1 : 0;
    }
  }
  BOOST_TEST(raced > 10);
}

// Also when nobody is in memory, and when the process ends in between.
BOOST_AUTO_TEST_CASE(inv_6_what_is_told_to_a_delayed_call_stands_behind_its_input) {
  for (const std::size_t size : {kSmall, kLarge}) {
    ScriptedHandlers handlers;
    handlers.add(ServiceKind::kService, "Ask", "human",
                 {HandlerKind::kPlain, {awakeable(), sleep(60'000)}, {}});
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      BOOST_TEST_CONTEXT("input of " << size << ", seed " << seed) {
        EngineFixture world(handlers, handlers.catalog(), seed);
        auto later = request("Ask", "human", Bytes(size, 'x'));
        later.not_before_unix_ms = to_unix_millis(world.clock().now()) + 5000;
        const auto id = world.send(later).id;
        BOOST_TEST((world.status(id) == Status::kScheduled));
        if (seed % 3 == 0) {
          world.crash();
          world.start();
        }
        world.engine().signal(id, journal::Notification{journal::kFirstAwakeable, Bytes("42")},
                              [](const auto&) {});
        world.settle();
        if (seed % 2 == 0) {
          world.crash();
          world.start();
        }
        world.advance(Millis(10'000));

        const auto entries = world.tables().journal(id).value();
        BOOST_REQUIRE(entries.size() >= 2);
        BOOST_TEST(std::holds_alternative<Input>(entries[0].entry.body));
        BOOST_TEST(std::holds_alternative<journal::Notification>(entries[1].entry.body));
        world.advance(Millis(70'000));
        BOOST_TEST((world.status(id) == Status::kCompleted));
      }
    }
  }
}

// Where the id is of a key, what was told to an earlier run of it must be told from what is told to
// this one; the stamp of the input does that.
BOOST_AUTO_TEST_CASE(inv_2_the_input_of_one_whose_id_is_of_a_key_has_a_stamp) {
  ScriptedHandlers handlers;
  handlers.add_plain("Plain", "run", {sleep(60'000)});
  EngineFixture world(handlers, handlers.catalog());
  auto with_key = request("Plain", "run", "x");
  with_key.idempotency_key = "k";

  const auto id = world.send(with_key).id;

  const auto chunks = world.tables().chunks(id).value();
  BOOST_REQUIRE(!chunks.empty());
  BOOST_TEST(std::holds_alternative<Input>(chunks[0].entry.body));
  BOOST_TEST(chunks[0].stamp > 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
