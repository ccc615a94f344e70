// Handlers elsewhere, as the engine sees them: attempts that begin to act as soon as they are
// started, bring news at any time, and cannot be dropped.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>

#include "actors/handler.h"
#include "tests/actors/remote_script.h"
#include "tests/support/engine_fixture.h"

namespace holdfast::testing {
namespace {

using journal::Entry;
using journal::HandlerKind;
using journal::ServiceKind;

std::vector<actors::ServiceInfo> services() {
  const auto service = [](const char* name, ServiceKind kind, HandlerKind handler) {
    actors::ServiceInfo info;
    info.name = name;
    info.kind = kind;
    info.deployment_id = "dp_1";
    info.handlers.emplace_back().name = "run";
    info.handlers.back().kind = handler;
    return info;
  };
  return {service("Plain", ServiceKind::kService, HandlerKind::kPlain),
          service("Object", ServiceKind::kObject, HandlerKind::kExclusive)};
}

AttemptState finish(actors::AttemptHost& host) {
  host.on_command(Entry{{}, journal::Output{Bytes("out")}});
  return AttemptState::kEnded;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(remote_start)

BOOST_AUTO_TEST_CASE(inv_1_a_handler_elsewhere_begins_when_its_invocation_is_durable) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RemoteHandlers handlers;
    EngineFixture world(handlers, services(), seed);
    int started = 0;
    handlers.script.start = [&](const auto& start, auto& host, const auto&) {
      const auto row = world.tables().invocation(start.invocation.id);
      BOOST_TEST((row.has_value() && row->has_value()));
      ++started;
      return finish(host);
    };

    world.send(request("Plain", "run"));
    world.send(request("Object", "k", "run", ""));

    BOOST_TEST(started == 2);
  }
}

BOOST_AUTO_TEST_CASE(inv_1_a_key_passes_to_a_handler_elsewhere_when_what_it_sees_is_durable) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RemoteHandlers handlers;
    EngineFixture world(handlers, services(), seed);
    std::vector<journal::InvocationId> before;
    handlers.script.start = [&](const auto& start, auto& host, const auto&) {
      for (const auto& id : before) {
        BOOST_TEST((world.status(id) == journal::Status::kCompleted));
      }
      before.push_back(start.invocation.id);
      host.on_command(Entry{{}, journal::WriteState{"n", std::to_string(before.size())}});
      return finish(host);
    };

    for (int i = 0; i < 5; ++i) {
      world.engine().send(request("Object", "k", "run", ""), [](auto) {});
    }
    world.settle();

    BOOST_TEST(before.size() == 5u);
  }
}

BOOST_AUTO_TEST_CASE(inv_1_an_attempt_on_hold_is_released_when_all_that_it_was_shown_is_durable) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    RemoteHandlers handlers;
    handlers.ahead = true;
    EngineFixture world(handlers, services(), seed);
    std::vector<journal::InvocationId> before;
    journal::InvocationId shown;
    bool held = false;
    int ahead = 0, released = 0;
    std::function<void()> go_on;
    handlers.script.start = [&](const auto& start, auto&, const auto& wake) {
      BOOST_TEST(!held);  // One at a time for the key.
      shown = start.invocation.id;
      held = start.hold;
      ahead += start.hold ? 1 : 0;
      wake();  // A rude endpoint says something before it may.
      go_on = wake;
      return AttemptState::kBlocked;
    };
    handlers.script.release = [&] {
      BOOST_TEST(held);
      held = false;
      ++released;
      const auto row = world.tables().invocation(shown);
      BOOST_TEST((row.has_value() && row->has_value()));
      for (const auto& id : before) {
        BOOST_TEST((world.status(id) == journal::Status::kCompleted));
      }
      go_on();
    };
    handlers.script.woken = [&](auto& host, const auto&) {
      BOOST_TEST(!held);  // It is not listened to.
      before.push_back(shown);
      host.on_command(Entry{{}, journal::WriteState{"n", std::to_string(before.size())}});
      return finish(host);
    };

    for (int i = 0; i < 5; ++i) {
      world.engine().send(request("Object", "k", "run", ""), [](auto) {});
    }
    world.settle();

    BOOST_TEST(before.size() == 5u);
    BOOST_TEST(ahead > 0);
    BOOST_TEST(released == ahead);
  }
}

BOOST_AUTO_TEST_CASE(
    an_attempt_that_cannot_be_opened_ahead_leaves_no_row_behind_when_it_is_the_last) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    RemoteHandlers handlers;
    handlers.ahead = true;
    auto served = services();
    served[0].handlers[0].retry.max_attempts = 1;
    served[0].handlers[0].retry.on_max_attempts = actors::OnMaxAttempts::kKill;
    EngineFixture world(handlers, std::move(served), seed);
    // Somebody has the owner look around before its receipt is in.
    handlers.refuses = [&](const auto& id) { world.engine().output(id, [](auto) {}); };

    const auto accepted = world.send(request("Plain", "run"));
    world.settle();

    BOOST_TEST((world.status(accepted.id) == journal::Status::kCompleted));
    BOOST_TEST(world.tables().wake_ups(accepted.id)->empty());
    BOOST_TEST(world.committer().at_work() == 0u);
  }
}

// The cancellation waits for a receipt, and is decided in the turn in which the attempt says that
// it has suspended itself.
BOOST_AUTO_TEST_CASE(a_cancellation_that_meets_a_suspension_is_heard) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      RemoteHandlers handlers;
      EngineFixture world(handlers, services(), seed);
      int started = 0, woken = 0;
      std::function<void()> wake_up;
      handlers.script.waits = {{1}, {journal::kCancelSignal}, {}};
      handlers.script.start = [&](const auto&, auto& host, const auto& wake) {
        wake_up = wake;
        return ++started == 1 ? AttemptState::kBlocked : finish(host);
      };
      handlers.script.woken = [&](auto& host, const auto&) {
        if (++woken > 1) return AttemptState::kSuspended;
        const auto due = to_unix_millis(world.clock().now()) + 3'600'000;
        host.on_command(Entry{{}, journal::Sleep{due, 1}});
        return AttemptState::kBlocked;
      };
      const auto accepted = world.send(request("Plain", "run"));

      wake_up();
      world.step();
      world.engine().act(accepted.id, actors::Engine::Act::kCancel, [](const auto&) {});
      wake_up();
      world.settle();

      BOOST_TEST(started == 2);
      BOOST_TEST((world.status(accepted.id) == journal::Status::kCompleted));
    }
  }
}

// SDKs wait for the cancellation beside it, and version 7 says so.
BOOST_AUTO_TEST_CASE(one_that_only_sleeps_for_long_is_asked_to_suspend_at_once) {
  const auto asked_when_it_waits_for = [](journal::WaitSet waits) {
    RemoteHandlers handlers;
    EngineFixture world(handlers, services());
    int asked = 0;
    handlers.script.computes = false;
    handlers.script.waits = std::move(waits);
    handlers.script.asked_to_suspend = [&] { ++asked; };
    handlers.script.start = [&](const auto&, auto& host, const auto&) {
      const auto due = to_unix_millis(world.clock().now()) + 3'600'000;
      host.on_command(Entry{{}, journal::Sleep{due, 1}});
      return AttemptState::kBlocked;
    };
    world.send(request("Plain", "run"));
    return asked > 0;
  };

  BOOST_TEST(asked_when_it_waits_for({{1}, {}, {}}));
  BOOST_TEST(asked_when_it_waits_for({{1}, {journal::kCancelSignal}, {}}));
  BOOST_TEST(!asked_when_it_waits_for({{1}, {journal::kCancelSignal, 17}, {}}));
  BOOST_TEST(!asked_when_it_waits_for({{1}, {journal::kCancelSignal}, {"name"}}));
}

// Only what it says next, or is told, changes anything.
BOOST_AUTO_TEST_CASE(one_that_computes_or_was_asked_to_suspend_is_not_looked_at_again) {
  for (const std::int64_t park_after_ms : {0, 1, 1000}) {
    RemoteHandlers handlers;
    EngineFixture::Options options;
    options.engine.park_after_ms = park_after_ms;
    ManualClock clock;
    EngineFixture world(handlers, services(), 1, options, clock);
    int asked = 0;
    std::function<void()> says_something;
    handlers.script.waits = {{}, {17}, {}};
    handlers.script.asked_to_suspend = [&] { ++asked; };
    handlers.script.start = [&](const auto&, auto&, const auto& wake) {
      says_something = wake;
      return AttemptState::kBlocked;
    };
    handlers.script.woken = [](auto&, const auto&) { return AttemptState::kBlocked; };
    world.send(request("Plain", "run"));

    world.advance(Millis(10'000));
    BOOST_TEST(asked == 0);
    BOOST_TEST(world.messages_to_come() == 0u);

    handlers.script.computes = false;
    says_something();
    world.advance(Millis(10'000));
    BOOST_TEST(asked == 1);
    BOOST_TEST(world.messages_to_come() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(an_attempt_on_hold_can_be_killed) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RemoteHandlers handlers;
    handlers.ahead = true;
    EngineFixture world(handlers, services(), seed);
    bool killed = false;
    handlers.script.start = [&](const auto& start, auto&, const auto&) {
      world.engine().act(start.invocation.id, actors::Engine::Act::kKill,
                         [&](auto done) { killed = done.has_value(); });
      return AttemptState::kBlocked;
    };

    const auto accepted = world.send(request("Plain", "run"));

    BOOST_TEST(killed);
    BOOST_TEST((world.status(accepted.id) == journal::Status::kCompleted));
    BOOST_TEST(world.committer().at_work() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_handler_that_is_faster_than_the_disk_is_held_up) {
  RemoteHandlers handlers;
  EngineFixture world(handlers, services());
  std::optional<journal::InvocationId> id;
  std::size_t sent = 0, most_ahead = 0;
  handlers.script.start = [&](const auto& start, auto&, const auto& wake) {
    id = start.invocation.id;
    wake();
    return AttemptState::kBlocked;
  };
  handlers.script.woken = [&](auto& host, const auto& wake) {
    const auto entries = world.tables().journal(*id);
    most_ahead = std::max(most_ahead, 1 + sent - entries->size());
    if (sent == 300) return finish(host);
    // One that somebody waits for, so that each is a batch.
    host.on_command(Entry{{}, journal::Sleep{INT64_MAX / 2, static_cast<std::uint32_t>(++sent)}});
    wake();
    return AttemptState::kBlocked;
  };

  world.send(request("Plain", "run"));

  BOOST_TEST(sent == 300u);
  BOOST_TEST(most_ahead <= 4u);
  BOOST_TEST(world.output(*id).has_value());
}

BOOST_AUTO_TEST_CASE(commands_that_nobody_waits_for_are_stored_all_the_same) {
  RemoteHandlers handlers;
  EngineFixture world(handlers, services());
  std::optional<journal::InvocationId> id;
  std::size_t sent = 0, most_ahead = 0;
  handlers.script.start = [&](const auto& start, auto&, const auto& wake) {
    id = start.invocation.id;
    wake();
    return AttemptState::kBlocked;
  };
  handlers.script.woken = [&](auto& host, const auto& wake) {
    const auto entries = world.tables().journal(*id);
    most_ahead = std::max(most_ahead, 1 + sent - entries->size());
    if (sent == 1000) return AttemptState::kBlocked;
    host.on_command(Entry{{}, journal::Run{static_cast<std::uint32_t>(++sent)}});
    wake();
    return AttemptState::kBlocked;
  };

  world.send(request("Plain", "run"));

  BOOST_TEST(sent == 1000u);
  BOOST_TEST(most_ahead <= 16u * 5);
}

BOOST_AUTO_TEST_CASE(a_handler_that_never_stops_sending_can_be_killed) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    RemoteHandlers handlers;
    EngineFixture world(handlers, services(), seed);
    std::optional<journal::InvocationId> id;
    std::uint32_t sent = 0;
    bool killed = false;
    handlers.script.start = [&](const auto& start, auto&, const auto& wake) {
      id = start.invocation.id;
      wake();
      return AttemptState::kBlocked;
    };
    handlers.script.woken = [&](auto& host, const auto& wake) {
      if (sent == 5000) return AttemptState::kBlocked;
      host.on_command(Entry{{}, journal::Sleep{INT64_MAX / 2, ++sent}});
      wake();
      if (sent == 100) {
        world.engine().act(*id, actors::Engine::Act::kKill, [&](auto) { killed = true; });
      }
      return AttemptState::kBlocked;
    };

    world.send(request("Plain", "run"));

    BOOST_TEST(killed);
    BOOST_TEST(sent < 200u);
    BOOST_TEST((world.status(*id) == journal::Status::kCompleted));
  }
}

BOOST_AUTO_TEST_CASE(inv_1_an_ack_comes_also_when_the_handler_goes_on_meanwhile) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RemoteHandlers handlers;
    EngineFixture world(handlers, services(), seed);
    std::optional<journal::InvocationId> id;
    std::uint32_t sent = 0;
    int acks = 0;
    handlers.script.start = [&](const auto& start, auto&, const auto& wake) {
      id = start.invocation.id;
      wake();
      return AttemptState::kBlocked;
    };
    handlers.script.woken = [&](auto& host, const auto& wake) {
      ++sent;
      host.on_command(Entry{{}, journal::Run{sent}}, sent == 1);
      if (sent < 3) wake();
      return AttemptState::kBlocked;
    };
    handlers.script.all_durable = [&] {
      ++acks;
      BOOST_TEST(world.tables().journal(*id)->size() == 1 + sent);
    };

    world.send(request("Plain", "run"));

    BOOST_TEST(acks == 1);
  }
}

BOOST_AUTO_TEST_CASE(the_last_output_is_the_result_also_after_one_that_was_acknowledged) {
  RemoteHandlers handlers;
  EngineFixture world(handlers, services());
  handlers.script.start = [&](const auto& start, auto& host, const auto& wake) {
    if (start.journal.size() == 1) {
      host.on_command(Entry{{}, journal::Output{Bytes("first")}}, true);
      wake();
      return AttemptState::kBlocked;
    }
    host.on_command(Entry{{}, journal::Output{Bytes("last")}});
    return AttemptState::kEnded;
  };
  handlers.script.woken = [](auto&, const auto&) { return AttemptState::kFailed; };

  const auto accepted = world.send(request("Plain", "run"));
  world.advance(Millis(10'000));

  BOOST_TEST((world.output(accepted.id) == journal::Outcome(Bytes("last"))));
  const auto entries = world.tables().journal(accepted.id).value();
  const auto* output = std::get_if<journal::Output>(&entries.back().entry.body);
  BOOST_REQUIRE(output != nullptr);
  BOOST_TEST((output->result == journal::Outcome(Bytes("last"))));
}

BOOST_AUTO_TEST_CASE(inv_1_an_output_that_wants_an_ack_is_stored_before_the_end_and_once) {
  for (const bool crashes : {false, true}) {
    RemoteHandlers handlers;
    EngineFixture world(handlers, services());
    std::optional<journal::InvocationId> id;
    const auto outputs_stored = [&] {
      const auto entries = world.tables().journal(*id).value();
      return std::count_if(entries.begin(), entries.end(), [](const auto& one) {
        return std::holds_alternative<journal::Output>(one.entry.body);
      });
    };
    int acks = 0;
    std::function<void()> go_on;
    handlers.script.start = [&](const auto& start, auto& host, const auto& wake) {
      id = start.invocation.id;
      if (start.journal.size() > 1) return AttemptState::kEnded;  // All has been said.
      go_on = wake;
      host.on_command(Entry{{}, journal::Output{Bytes("out")}}, true);
      return AttemptState::kBlocked;
    };
    handlers.script.all_durable = [&] {
      ++acks;
      BOOST_TEST(outputs_stored() == 1);
    };
    handlers.script.woken = [&](auto&, const auto&) { return AttemptState::kEnded; };

    world.send(request("Plain", "run"));
    BOOST_TEST(acks == 1);
    BOOST_TEST((world.status(*id) == journal::Status::kRunning));
    if (crashes) {
      world.crash();
      world.start();
    } else {
      go_on();
    }
    world.settle();

    BOOST_TEST((world.output(*id) == journal::Outcome(Bytes("out"))));
    BOOST_TEST(outputs_stored() == 1);
  }
}

BOOST_AUTO_TEST_CASE(an_attempt_that_got_nowhere_chooses_no_deployment) {
  RemoteHandlers handlers;
  EngineFixture world(handlers, services());
  int attempts = 0;
  handlers.script.start = [&](const auto&, auto& host, const auto&) {
    ++attempts;
    if (attempts == 2) host.on_command(Entry{{}, journal::Run{1}});
    return AttemptState::kFailed;
  };

  world.send(request("Plain", "run"));
  handlers.deployment = "dp_2";
  world.advance(Millis(10'000));

  BOOST_REQUIRE(handlers.pins.size() >= 3u);
  BOOST_TEST(handlers.pins[0] == "");
  BOOST_TEST(handlers.pins[1] == "");
  BOOST_TEST(handlers.pins[2] == "dp_2");  // Of the one that stored a command.
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
