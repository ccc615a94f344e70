// Counts: the stored counts of invocations by service and status are those of the rows, after every
// single step of random histories, with power cuts in between.

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/counts.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::testing {

namespace {

using actors::Engine;
using journal::HandlerKind;
using journal::InvocationId;
using journal::ServiceKind;
using journal::Status;

ScriptedHandlers all_handlers() {
  const auto done = []() -> actors::StepOutcome { return Bytes("done"); };
  ScriptedHandlers handlers;
  handlers.add(ServiceKind::kService, "Shop", "order",
               {HandlerKind::kPlain,
                {run("reserve", done), call("Bank", "", "charge", "5"), sleep(60'000),
                 call("Stock", "shelf", "take", ""), send("Mail", "", "note", "hi"),
                 send("Mail", "", "note", "later", 30'000)},
                {}});
  handlers.add(ServiceKind::kService, "Bank", "charge",
               {HandlerKind::kPlain, {run("charge", done)}, {}});
  handlers.add(ServiceKind::kService, "Mail", "note", {HandlerKind::kPlain, {}, {}});
  handlers.add(ServiceKind::kObject, "Stock", "take",
               {HandlerKind::kExclusive, {get("n"), set("n", "+1"), sleep(5'000)}, {}});
  actors::RetryPolicy few;
  few.max_attempts = 3;
  handlers.add(ServiceKind::kService, "Flaky", "try", {HandlerKind::kPlain, {fail("no")}, few});
  handlers.add(ServiceKind::kWorkflow, "Approval", "run",
               {HandlerKind::kRun, {promise_get("ok")}, {}});
  handlers.add(ServiceKind::kWorkflow, "Approval", "approve",
               {HandlerKind::kShared, {promise_set("ok", "yes")}, {}});
  return handlers;
}

// A world in which anything is asked for at any time.
class History {
 public:
  explicit History(std::uint64_t seed)
      : random_(seed), handlers_(all_handlers()), world_(handlers_, services(), seed) {}

  void live(int turns) {
    for (int turn = 0; turn < turns; ++turn) {
      if (!world_.running() || world_.disk_failed()) {
        if (world_.running()) world_.crash();
        world_.start();
        if (world_.running()) check_counts(world_.tables());
        continue;
      }
      ask();
      if (draw(12) == 0) {
        world_.store().fail_write(1 + draw(4), draw(2) == 0 ? FaultyStore::Failure::kLost
                                                            : FaultyStore::Failure::kStored);
      }
      const std::size_t steps = draw(3) == 0 ? draw(20) : 2000;
      for (std::size_t i = 0; i < steps && world_.step(); ++i) check();
      if (draw(3) == 0) world_.advance(Millis(1 + draw(20'000)));
      if (draw(150) == 0) world_.advance(Millis(30L * 3'600'000));  // Past all retention.
      if (draw(20) == 0) world_.crash();
      check();
    }
  }

  const std::set<std::string>& statuses_seen() const { return statuses_seen_; }

 private:
  std::vector<actors::ServiceInfo> services() { return handlers_.catalog(); }
  std::size_t draw(std::size_t below) { return random_.next() % below; }

  void check() {
    if (!world_.running() || world_.disk_failed()) return;
    check_counts(world_.tables());
    for (const auto& [name, count] : stored_counts(world_.tables())) {
      statuses_seen_.insert(name.substr(name.find(' ') + 1));
    }
  }

  void ask() {
    const std::string key = std::string("key") + std::to_string(draw(3));
    switch (draw(9)) {
      case 0:
        return start(request("Shop", "order"));
      case 1:
        return start(request("Stock", key, "take", ""));
      case 2:
        return start(request("Flaky", "try"));
      case 3:
        return start(request("Approval", key, draw(3) == 0 ? "approve" : "run", ""));
      case 4: {
        auto later = request("Mail", "note");
        later.not_before_unix_ms = to_unix_millis(world_.clock().now()) + 10'000;
        return start(std::move(later));
      }
      case 5: {
        auto once = request("Bank", "charge");
        once.idempotency_key = key;
        return start(std::move(once));
      }
      case 6:
        if (!known_.empty()) world_.engine().restart_as_new(any(), {}, note_id());
        return;
      default:
        if (!known_.empty()) act();
    }
  }

  void act() {
    constexpr Engine::Act kActs[] = {Engine::Act::kCancel, Engine::Act::kKill,
                                     Engine::Act::kPurge,  Engine::Act::kPurgeJournal,
                                     Engine::Act::kPause,  Engine::Act::kResume};
    world_.engine().act(any(), kActs[draw(6)], [](const auto&) {});
  }

  void start(actors::InvokeRequest request) {
    world_.engine().send(std::move(request), [this](const Result<actors::Accepted>& accepted) {
      if (accepted) known_.push_back(accepted->id);
    });
  }
  std::function<void(Result<InvocationId>)> note_id() {
    return [this](const Result<InvocationId>& id) {
      if (id) known_.push_back(*id);
    };
  }
  const InvocationId& any() { return known_[draw(known_.size())]; }

  SeededRandom random_;
  ScriptedHandlers handlers_;
  EngineFixture world_;
  std::vector<InvocationId> known_;
  std::set<std::string> statuses_seen_;
};

BOOST_AUTO_TEST_SUITE(counts)

BOOST_AUTO_TEST_CASE(inv_9_counts_are_those_of_the_rows_after_every_step_of_any_history) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      History history(seed);
      history.live(120);
      seen.insert(history.statuses_seen().begin(), history.statuses_seen().end());
    }
  }
  BOOST_TEST(seen.size() == 7u, "every status is met");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace holdfast::testing
