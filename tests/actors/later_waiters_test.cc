// Many invocations wait for one outcome, and for one promise: those who came later have rows of
// their own there. What they wait for may end in any process, by itself or by an operator.

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <vector>

#include "journal/tables/key.h"
#include "storage/store.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/log_capture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::testing {
namespace {

using actors::Engine;
using journal::HandlerKind;
using journal::InvocationId;
using journal::ServiceKind;

constexpr int kMany = 40;
const std::string kDone = "done";

InvocationId slow_id() { return journal::idempotent_id("Slow", std::nullopt, "nap", "n"); }

ScriptedHandlers all_handlers() {
  ScriptedHandlers handlers;
  const auto done = []() -> actors::StepOutcome { return Bytes(kDone); };
  handlers.add_plain("Slow", "nap", {sleep(100'000), run("done", done)});
  handlers.add_plain("Follow", "it", {attach(slow_id())});
  Op join = call("Slow", "", "nap", "");
  join.idempotency_key = "n";
  handlers.add_plain("Follow", "join", {join});
  const auto workflow = [&](const char* handler, HandlerKind kind, std::vector<Op> ops) {
    handlers.add(ServiceKind::kWorkflow, "Gate", handler, {kind, std::move(ops), {}});
  };
  workflow("run", HandlerKind::kRun, {sleep(100'000)});
  workflow("wait", HandlerKind::kShared, {promise_get("open")});
  workflow("open", HandlerKind::kShared, {promise_set("open", kDone)});
  return handlers;
}

class Fixture {
 protected:
  Fixture() { start_slow(); }

  void start_slow() {
    auto nap = request("Slow", "nap");
    nap.idempotency_key = "n";
    slow_ = world_.send(std::move(nap)).id;
    BOOST_REQUIRE((slow_ == slow_id()));
  }
  void many_wait() {
    for (int i = 0; i < kMany; ++i) {
      waiting_.push_back(world_.send(request("Follow", i % 2 == 0 ? "it" : "join")).id);
      waiting_.push_back(world_.send(request("Gate", "g", "wait", "")).id);
      if (i == kMany / 2) restart();
    }
    BOOST_TEST(rows_for(slow_) > kMany / 2u);
    BOOST_TEST(rows_for(kGate) > kMany / 2u);
  }
  static Bytes row_prefix(const journal::WaitedFor& of) {
    return Bytes(journal::waited_for_key(of).view());
  }
  std::size_t rows_for(const journal::WaitedFor& of) {
    std::set<journal::Waiter> waiters;
    BOOST_REQUIRE(world_.tables().later_waiters(of, waiters).has_value());
    return waiters.size();
  }
  // What it leaves behind is verified.
  void restart() {
    world_.crash();
    world_.start();
    world_.settle();
  }
  void open_gate() { world_.send(request("Gate", "g", "open", "")); }
  void act(const InvocationId& id, Engine::Act act) {
    bool done = false;
    world_.engine().act(id, act, [&](const auto& result) { done = result.has_value(); });
    world_.settle();
    BOOST_REQUIRE(done);
  }
  // Of the followers, or of those at the gate.
  std::size_t told(bool at_gate, const std::string& what) {
    std::size_t told = 0;
    for (std::size_t i = at_gate ? 1 : 0; i < waiting_.size(); i += 2) {
      const auto outcome = world_.output(waiting_[i]);
      if (!outcome) continue;
      const auto* failure = std::get_if<journal::Failure>(&*outcome);
      const std::string text = failure != nullptr ? failure->message : std::get<Bytes>(*outcome);
      told += text == what ? 1 : 0;
    }
    return told;
  }
  void expect_no_rows() {
    BOOST_TEST(rows_for(slow_) == 0u);
    BOOST_TEST(rows_for(kGate) == 0u);
    restart();
  }

  const journal::PromiseName kGate{"Gate", "g", "open"};
  ScriptedHandlers handlers_ = all_handlers();
  EngineFixture world_{handlers_, handlers_.catalog()};
  InvocationId slow_;
  std::vector<InvocationId> waiting_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(later_waiters, Fixture)

BOOST_AUTO_TEST_CASE(all_are_told_by_a_process_that_has_not_heard_of_them) {
  many_wait();
  restart();

  world_.advance(Millis(100'000));
  open_gate();
  world_.settle();

  BOOST_TEST(told(false, kDone) == kMany);
  BOOST_TEST(told(true, kDone) == kMany);
  expect_no_rows();
}

BOOST_AUTO_TEST_CASE(all_are_told_of_an_end_by_an_operator) {
  many_wait();

  act(slow_, Engine::Act::kKill);

  BOOST_TEST(told(false, "killed") == kMany);
  BOOST_TEST(told(true, kDone) == 0u);
  open_gate();
  BOOST_TEST(told(true, kDone) == kMany);
  expect_no_rows();
}

// The run's promise outlives it as long as one of them lives, even if that is the last.
BOOST_AUTO_TEST_CASE(a_promise_stays_while_one_who_came_late_waits_and_that_one_is_told) {
  const InvocationId run = world_.send(request("Gate", "g", "run", "")).id;
  many_wait();
  const InvocationId last = waiting_.back();
  for (std::size_t i = 1; i + 2 < waiting_.size(); i += 2) act(waiting_[i], Engine::Act::kKill);
  act(run, Engine::Act::kKill);

  act(run, Engine::Act::kPurge);
  BOOST_TEST(world_.tables().promise("Gate", "g", "open")->has_value());
  restart();
  open_gate();

  BOOST_TEST((world_.output(last) == journal::Outcome{Bytes(kDone)}));
  act(slow_, Engine::Act::kKill);
  expect_no_rows();
}

BOOST_AUTO_TEST_CASE(a_promise_goes_with_the_rows_of_those_who_do_not_wait_any_more) {
  const InvocationId run = world_.send(request("Gate", "g", "run", "")).id;
  many_wait();
  for (std::size_t i = 1; i < waiting_.size(); i += 2) act(waiting_[i], Engine::Act::kKill);
  act(run, Engine::Act::kKill);

  act(run, Engine::Act::kPurge);

  BOOST_TEST(!world_.tables().promise("Gate", "g", "open")->has_value());
  act(slow_, Engine::Act::kKill);
  expect_no_rows();
}

BOOST_AUTO_TEST_CASE(inv_11_a_promise_stays_open_while_who_waits_for_it_cannot_be_read) {
  many_wait();
  restart();
  LogCapture errors;

  world_.store().damage_scans(row_prefix(kGate), 5);
  const InvocationId refused = world_.send(request("Gate", "g", "open", "")).id;
  world_.store().damage_scans({});

  const auto outcome = world_.output(refused);
  BOOST_REQUIRE(outcome.has_value());
  BOOST_TEST(std::get<journal::Failure>(*outcome).message.find("stays open") != Bytes::npos);
  BOOST_TEST(errors.contains("who waits cannot be read"));
  BOOST_TEST(told(true, kDone) == 0u);
  open_gate();
  BOOST_TEST(told(true, kDone) == kMany);
  act(slow_, Engine::Act::kKill);
  expect_no_rows();
}

BOOST_AUTO_TEST_CASE(inv_11_an_invocation_ends_and_tells_those_who_can_be_read) {
  many_wait();
  restart();
  world_.expect_damage();
  LogCapture errors;

  world_.store().damage_scans(row_prefix(slow_), 5);
  act(slow_, Engine::Act::kKill);
  world_.store().damage_scans({});

  BOOST_TEST(told(false, "killed") == journal::kWaitersInRecord + 5);
  BOOST_TEST(errors.contains("who waits cannot be read"));
}

// Its record is unreadable, so that who stood in it is lost; the others are not.
BOOST_AUTO_TEST_CASE(inv_11_a_damaged_promise_is_kept_for_those_who_have_rows) {
  const InvocationId run = world_.send(request("Gate", "g", "run", "")).id;
  many_wait();
  restart();
  world_.expect_damage();
  LogCapture errors;
  storage::Batch damage;
  const auto key = journal::object_key(storage::Table::kPromise, "Gate", "g").last("open");
  damage.put(key, "nonsense");
  BOOST_REQUIRE(storage::write_one(world_.store(), damage, storage::Sync::kYes).has_value());
  act(run, Engine::Act::kKill);

  act(run, Engine::Act::kPurge);

  const auto late = world_.send(request("Gate", "g", "wait", "")).id;
  BOOST_TEST(std::holds_alternative<journal::Failure>(*world_.output(late)),
             "it is not taken for one that is open");
  BOOST_TEST(rows_for(kGate) > kMany / 2u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
