// Handlers that wait for a tree of things while nobody is in memory for them: woken exactly when
// the tree is ready, and never replayed before.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/handler.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/naive_waits.h"

namespace holdfast::testing {
namespace {

using actors::AttemptState;
using journal::Entry;
using journal::HandlerKind;
using journal::InvocationId;
using journal::Notification;
using journal::ServiceKind;
using journal::Settled;
using journal::Status;
using journal::WaitSet;

// Completions 1 to kSleeps are sleeps; then two for each call, its id and its outcome; signals 17
// and 18 are awakeables.
constexpr journal::CompletionId kSleeps = 4;
constexpr std::uint32_t kCalls = 3;
constexpr std::uint32_t kAwakeables[] = {17, 18};

journal::CompletionId outcome_of_call(std::uint32_t number) { return kSleeps + 2 * number + 2; }

struct Plan {
  WaitSet tree;
  std::vector<std::int64_t> sleeps_ms, calls_ms;
};

History notifications_in(const std::vector<Entry>& journal) {
  History history;
  for (const Entry& entry : journal) {
    const auto* one = std::get_if<Notification>(&entry.body);
    if (one != nullptr) history.push_back(*one);
  }
  return history;
}

// Issues all its commands, suspends itself on the tree, and ends when that is ready.
class TreeAttempt final : public actors::Attempt {
 public:
  TreeAttempt(const Plan& plan, actors::AttemptHost& host, std::vector<History>& starts)
      : plan_(plan), host_(host), starts_(starts) {}

  AttemptState start(actors::AttemptStart start) override {
    const History history = notifications_in(start.journal);
    starts_.push_back(history);
    const bool is_first = std::none_of(
        start.journal.begin(), start.journal.end(),
        [](const Entry& entry) { return std::holds_alternative<journal::Sleep>(entry.body); });
    if (is_first) issue();
    if (naively_ready(plan_.tree, history)) return finish();
    awaiting_ = plan_.tree;
    awaiting_.reduce([](const auto&) { return Settled::kPending; });
    for (const Notification& one : history) awaiting_.settle(one);
    return AttemptState::kSuspended;
  }
  AttemptState notify(const Notification& notification) override {
    ready_ = awaiting_.settle(notification) || ready_;
    return AttemptState::kSuspended;
  }
  AttemptState step_done(journal::CompletionId, actors::StepOutcome) override {
    return AttemptState::kBlocked;
  }
  WaitSet waiting() const override { return awaiting_; }
  bool is_ready() const override { return ready_; }
  bool droppable() const override { return false; }
  actors::AttemptError error() const override { return {}; }

 private:
  void issue() {
    for (journal::CompletionId id = 1; id <= kSleeps; ++id) {
      host_.on_command({{}, journal::Sleep{host_.now_unix_ms() + plan_.sleeps_ms[id - 1], id}});
    }
    for (std::uint32_t i = 0; i < kCalls; ++i) {
      journal::Call call;
      call.service = "Leaf";
      call.handler = "run";
      call.parameter = std::to_string(plan_.calls_ms[i]);
      call.id_completion = outcome_of_call(i) - 1;
      call.completion = outcome_of_call(i);
      host_.on_command({{}, std::move(call)});
    }
  }
  AttemptState finish() {
    host_.on_command({{}, journal::Output{Bytes("ready")}});
    return AttemptState::kEnded;
  }

  const Plan& plan_;
  actors::AttemptHost& host_;
  std::vector<History>& starts_;
  WaitSet awaiting_;
  bool ready_ = false;
};

// Sleeps for so many milliseconds; odd numbers fail then.
class LeafAttempt final : public actors::Attempt {
 public:
  explicit LeafAttempt(actors::AttemptHost& host) : host_(host) {}

  AttemptState start(actors::AttemptStart start) override {
    const auto millis = std::stoll(std::get<journal::Input>(start.journal[0].body).value);
    if (start.journal.size() == 1) {
      host_.on_command({{}, journal::Sleep{host_.now_unix_ms() + millis, 1}});
    }
    if (notifications_in(start.journal).empty()) return AttemptState::kSuspended;
    if (millis % 2 == 1) {
      host_.on_command({{}, journal::Output{journal::Failure{500, "odd", {}}}});
    } else {
      host_.on_command({{}, journal::Output{Bytes("even")}});
    }
    return AttemptState::kEnded;
  }
  AttemptState notify(const Notification&) override { return AttemptState::kSuspended; }
  AttemptState step_done(journal::CompletionId, actors::StepOutcome) override {
    return AttemptState::kBlocked;
  }
  WaitSet waiting() const override { return {{1}, {}, {}}; }
  bool droppable() const override { return false; }
  actors::AttemptError error() const override { return {}; }

 private:
  actors::AttemptHost& host_;
};

class TreeHandlers final : public actors::Handlers {
 public:
  Result<actors::OpenedAttempt> open(const journal::Invocation& invocation,
                                     actors::AttemptHost& host, std::function<void()>) override {
    if (invocation.target.service == "Leaf") {
      return actors::OpenedAttempt{std::make_unique<LeafAttempt>(host), "dp_1", 7};
    }
    return actors::OpenedAttempt{std::make_unique<TreeAttempt>(plan, host, starts), "dp_1", 7};
  }
  bool is_elsewhere(const journal::Invocation&) const override { return true; }

  Plan plan;
  std::vector<History> starts;  // What each attempt was started with.
};

std::vector<actors::ServiceInfo> services() {
  std::vector<actors::ServiceInfo> infos;
  for (const char* name : {"Tree", "Leaf"}) {
    actors::ServiceInfo& info = infos.emplace_back();
    info.name = name;
    info.kind = ServiceKind::kService;
    info.deployment_id = "dp_1";
    info.handlers.emplace_back().name = "run";
    info.handlers.back().kind = HandlerKind::kPlain;
  }
  return infos;
}

History stored_history(EngineFixture& world, const InvocationId& id) {
  std::vector<Entry> entries;
  for (auto& one : world.tables().journal(id).value()) entries.push_back(std::move(one.entry));
  return notifications_in(entries);
}

// One life of a tree, with restarts at any moment if `with_crashes`.
class Life {
 public:
  Life(std::uint64_t seed, bool with_crashes)
      : random_(seed), with_crashes_(with_crashes), world_(handlers_, services(), seed) {
    std::vector<WaitSet::Leaf> leaves;
    for (journal::CompletionId id = 1; id <= kSleeps; ++id) {
      leaves.emplace_back(Notification::Completion{id});
    }
    for (std::uint32_t i = 0; i < kCalls; ++i) {
      leaves.emplace_back(Notification::Completion{outcome_of_call(i)});
    }
    for (const std::uint32_t index : kAwakeables) leaves.emplace_back(index);
    handlers_.plan.tree = random_tree(random_, leaves, 3);
    for (journal::CompletionId i = 0; i < kSleeps; ++i) {
      handlers_.plan.sleeps_ms.push_back(below(10) * 100);
    }
    for (std::uint32_t i = 0; i < kCalls; ++i) {
      handlers_.plan.calls_ms.push_back(below(10) * 100 + below(2));
    }
    id_ = world_.send(request("Tree", "run")).id;
    look();
  }

  void live() {
    for (int turn = 0; turn < 12; ++turn) {
      if (below(4) == 0) signal(kAwakeables[below(2)]);
      if (with_crashes_ && below(3) == 0) crash_while(Millis(100));
      world_.advance(Millis(100));
      look();
    }
    for (const std::uint32_t index : kAwakeables) signal(index);
    look();
  }

  bool was_parked() const { return parked_at_.has_value(); }
  // Notifications that came while it was parked.
  std::size_t slept_through() const { return slept_through_; }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_.next() % limit; }

  void signal(std::uint32_t index) {
    Notification one{index, Bytes("x")};
    if (below(3) == 0) one.result = journal::Failure{500, "no", {}};
    world_.engine().signal(id_, std::move(one), [](auto) {});
    world_.settle();
    look();
  }

  void crash_while(Millis by) {
    world_.clock().advance(by);
    for (auto steps = below(30); steps > 0 && world_.step(); --steps) {
    }
    world_.crash();
    world_.start();
    world_.settle();
    look();
  }

  void look() {
    const Status status = world_.status(id_);
    const bool parked = status == Status::kSuspended;
    if (status != Status::kCompleted) {
      const History history = stored_history(world_, id_);
      BOOST_REQUIRE(parked);
      BOOST_REQUIRE_MESSAGE(!naively_ready(handlers_.plan.tree, history),
                            "ready after " << history.size() << ", and not woken");
      if (parked_at_) slept_through_ = history.size() - *parked_at_;
    }
    // Whoever was parked is not started again before it is ready.
    if (parked_at_) {
      for (; checked_ < handlers_.starts.size(); ++checked_) {
        BOOST_REQUIRE_MESSAGE(naively_ready(handlers_.plan.tree, handlers_.starts[checked_]),
                              "woken for nothing");
      }
      if (!with_crashes_) BOOST_REQUIRE(checked_ <= starts_when_parked_ + 1);
    } else if (parked) {
      parked_at_ = stored_history(world_, id_).size();
      checked_ = starts_when_parked_ = handlers_.starts.size();
    }
  }

  SeededRandom random_;
  const bool with_crashes_;
  TreeHandlers handlers_;
  EngineFixture world_;
  InvocationId id_;
  std::optional<std::size_t> parked_at_;  // Notifications it had then.
  std::size_t starts_when_parked_ = 0;
  std::size_t checked_ = 0;
  std::size_t slept_through_ = 0;
};

void lead_lives(bool with_crashes) {
  std::map<std::size_t, int> slept_through;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      Life life(seed, with_crashes);
      life.live();
      if (life.was_parked()) ++slept_through[life.slept_through()];
    }
  }
  BOOST_TEST(slept_through.size() >= 6u);  // Not only trees that any leaf settles.
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parked_tree)

BOOST_AUTO_TEST_CASE(a_parked_handler_is_woken_exactly_when_its_tree_is_ready) {
  lead_lives(false);
}

// What an operator does to one of which only the row is in memory, while something comes for it.
BOOST_AUTO_TEST_CASE(a_parked_tree_can_be_acted_on_at_any_moment) {
  using Act = actors::Engine::Act;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    for (const Act act : {Act::kKill, Act::kCancel, Act::kPause, Act::kResume, Act::kPurge}) {
      TreeHandlers handlers;
      handlers.plan.tree = WaitSet{{1, 2}, {17, 18}, {}, WaitSet::Combinator::kAll, {}};
      handlers.plan.sleeps_ms = {100, 60'000, 60'000, 60'000};
      handlers.plan.calls_ms = {60'000, 60'000, 60'000};
      EngineFixture world(handlers, services(), seed);
      const InvocationId id = world.send(request("Tree", "run")).id;
      world.advance(Millis(200));
      BOOST_REQUIRE((world.status(id) == Status::kSuspended));

      std::optional<Result<actors::ActResult>> done;
      world.engine().signal(id, {17u, Bytes("x")}, [](auto) {});
      for (auto steps = seed % 8; steps > 0 && world.step(); --steps) {
      }
      world.engine().act(id, act, [&](auto result) { done = std::move(result); });
      world.settle();

      BOOST_REQUIRE(done.has_value());
      BOOST_TEST(done->has_value() == (act != Act::kPurge));
      if (act == Act::kKill) {
        BOOST_TEST((world.status(id) == Status::kCompleted));
        for (const journal::Timer& timer : world.tables().timers(std::nullopt, 100).value()) {
          BOOST_TEST((timer.invocation != id || timer.kind != journal::TimerKind::kSleep));
        }
      } else {
        BOOST_TEST(
            (world.status(id) == (act == Act::kPause ? Status::kPaused : Status::kSuspended)));
      }
      const bool woken = act == Act::kCancel || act == Act::kResume;
      BOOST_TEST(handlers.starts.size() == (woken ? 2u : 1u));
      if (act == Act::kPurge) {  // Nothing has happened to it.
        world.engine().signal(id, {18u, Bytes("x")}, [](auto) {});
        world.advance(Millis(60'000));
        BOOST_TEST((world.status(id) == Status::kCompleted));
        BOOST_TEST(handlers.starts.size() == 2u);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(inv_1_inv_7_so_it_is_through_restarts_at_any_moment) { lead_lives(true); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
