// Random histories of invocations that call, attach to, signal and wait for each other by a few
// keys, while operators act on them and the process dies at any write: what each process leaves
// behind agrees with itself (EngineFixture verifies it), and in the end nobody waits for ever.

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/support/engine_fixture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::testing {
namespace {

using actors::Engine;
using journal::HandlerKind;
using journal::InvocationId;
using journal::ServiceKind;
using journal::Status;

InvocationId keyed(const std::string& key) {
  return journal::idempotent_id("Leaf", std::nullopt, "work", key);
}

Op by_key(Op op, std::string key) {
  op.idempotency_key = std::move(key);
  return op;
}

ScriptedHandlers all_handlers() {
  const auto done = []() -> actors::StepOutcome { return Bytes("done"); };
  ScriptedHandlers handlers;
  handlers.add_plain("Leaf", "work", {run("work", done), sleep(3'000), awakeable()});
  handlers.add_plain("Root", "call",
                     {by_key(call("Leaf", "", "work", ""), "k1"), run("after", done)});
  handlers.add_plain("Root", "send",
                     {by_key(send("Leaf", "", "work", ""), "k2"), resolve(keyed("k2"), "42"),
                      attach(keyed("k2"))});
  handlers.add_plain("Root", "attach", {attach(keyed("k1")), call("Stock", "shelf", "take", "")});
  handlers.add_plain("Root", "tell",
                     {resolve(keyed("k1"), "1"), resolve(keyed("k3"), "3"),
                      by_key(send("Leaf", "", "work", "", 5'000), "k3")});
  // So many wait for one thing that the last have rows of their own.
  handlers.add_plain("Leaf", "look", {attach(keyed("k1"))});
  std::vector<Op> looks, reads;
  for (int i = 0; i < 4; ++i) {
    looks.push_back(send("Leaf", "", "look", ""));
    reads.push_back(send("Approval", "a", "read", ""));
  }
  handlers.add_plain("Root", "look", looks);
  handlers.add_plain("Root", "read", reads);
  handlers.add_plain("Root", "start",
                     {send("Approval", "a", "run", ""), call("Approval", "a", "approve", "")});
  handlers.add(ServiceKind::kObject, "Stock", "take",
               {HandlerKind::kExclusive, {get("n"), set("n", "+1"), sleep(2'000)}, {}});
  actors::RetryPolicy few;
  few.max_attempts = 2;
  few.initial_interval_ms = 1'000;
  handlers.add(ServiceKind::kObject, "Stock", "fail",
               {HandlerKind::kExclusive, {set("n", "0"), fail("no")}, few});
  handlers.add(ServiceKind::kWorkflow, "Approval", "run",
               {HandlerKind::kRun, {promise_get("ok"), sleep(1'500)}, {}});
  handlers.add(ServiceKind::kWorkflow, "Approval", "approve",
               {HandlerKind::kShared, {promise_set("ok", "yes"), promise_get("ok")}, {}});
  handlers.add(ServiceKind::kWorkflow, "Approval", "read",
               {HandlerKind::kShared, {promise_get("ok")}, {}});
  return handlers;
}

class History {
 public:
  explicit History(std::uint64_t seed)
      : random_(seed), handlers_(all_handlers()), world_(handlers_, services(), seed) {}

  void live(int turns) {
    for (int turn = 0; turn < turns; ++turn) {
      if (world_.disk_failed() || !world_.running()) {
        restart();
        continue;
      }
      take_turn();
    }
    while (world_.disk_failed() || !world_.running()) restart();
  }

  // With a helping hand everybody comes to an end.
  void end() {
    for (int round = 0; round < 200 && !(round > 3 && open().empty()); ++round) {
      if (world_.disk_failed() || !world_.running()) restart();
      if (!world_.running()) continue;
      world_.advance(Millis(10'000));
      for (const InvocationId& id : open()) {
        if (world_.status(id) == Status::kPaused) act(id, Engine::Act::kKill);
        world_.engine().signal(id, {std::uint32_t{17}, Bytes("end")}, [](auto) {});
      }
      if (round == 2) ask("Approval", "a", "approve");
      world_.settle();
    }
    for (const InvocationId& id : open()) {
      BOOST_ERROR(id.text() << " is still " << journal::status_text(world_.status(id)));
    }
  }

 private:
  static std::vector<actors::ServiceInfo> short_lived(std::vector<actors::ServiceInfo> services) {
    for (auto& service : services) {
      for (auto& handler : service.handlers) {
        handler.idempotency_retention_ms = handler.workflow_retention_ms = 40'000;
        handler.journal_retention_ms = 15'000;
      }
    }
    return services;
  }
  std::vector<actors::ServiceInfo> services() const { return short_lived(handlers_.catalog()); }

  void restart() {
    world_.crash();
    world_.start();
  }
  void take_turn() {
    static constexpr const char* kRoots[] = {"call",  "send", "attach", "tell",
                                             "start", "look", "read"};
    static constexpr Engine::Act kActs[] = {Engine::Act::kCancel, Engine::Act::kKill,
                                            Engine::Act::kPause,  Engine::Act::kResume,
                                            Engine::Act::kPurge,  Engine::Act::kPurgeJournal};
    const auto drawn = draw(18);
    if (drawn >= 16) ask("Root", {}, kRoots[drawn - 11]);
    if (drawn < 5) ask("Root", {}, kRoots[drawn]);
    if (drawn == 5) ask("Stock", "shelf", draw(2) == 0 ? "take" : "fail");
    if (drawn == 6) ask("Approval", "a", "run");
    if (drawn == 7 || drawn == 8) {
      const auto ids = all();
      if (!ids.empty()) act(ids[draw(ids.size())], kActs[draw(std::size(kActs))]);
    }
    if (drawn == 9)
      world_.engine().signal(keyed("k1"), {std::uint32_t{17}, Bytes("x")}, [](auto) {});
    if (drawn == 10) world_.advance(Millis(draw(4'000)));
    if (drawn == 11 && draw(4) == 0) restart();
    if (drawn == 12 && draw(4) == 0) {
      world_.store().fail_write(
          1 + draw(5), draw(2) == 0 ? FaultyStore::Failure::kLost : FaultyStore::Failure::kStored);
    }
    for (std::uint64_t steps = draw(30); steps > 0; --steps) world_.step();
  }

  void ask(const char* service, std::optional<std::string> key, const char* handler) {
    auto one = request(service, handler);
    one.key = std::move(key);
    world_.engine().send(std::move(one), [](const auto&) {});
  }
  void act(const InvocationId& id, Engine::Act act) {
    world_.engine().act(id, act, [](auto) {});
  }
  std::vector<InvocationId> all(bool only_open = false) {
    std::vector<InvocationId> ids;
    (void)world_.tables().each_invocation(std::nullopt, [&](Result<journal::Invocation> row) {
      if (!only_open || row->status != Status::kCompleted) ids.push_back(row->id);
      return true;
    });
    return ids;
  }
  std::vector<InvocationId> open() { return all(true); }
  std::uint64_t draw(std::uint64_t below) { return random_.next() % below; }

  SeededRandom random_;
  ScriptedHandlers handlers_;
  EngineFixture world_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(verified_histories)

BOOST_AUTO_TEST_CASE(whatever_happens_the_rows_agree_and_nobody_waits_for_ever) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      History history(seed);

      history.live(120);

      history.end();
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
