// A scripted run that uses everything an invocation can do, stopped after each single write to the
// store, in turn with that write lost and kept; then the next process must finish it. Which actor
// runs when is drawn from a seed, so each stop is tried in many interleavings. Likewise each single
// read fails once: the process ends, or goes on as if nothing had been.

#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "storage/base/log.h"
#include "tests/support/aborts.h"
#include "tests/support/counts.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::testing {

namespace {

using journal::HandlerKind;
using journal::InvocationId;
using journal::ServiceKind;
using journal::Status;

// What happened outside: which closures were executed, and which outcomes were handed out. Survives
// every crash, as a ledger beside the system under test would.
class Ledger {
 public:
  Op step(const std::string& name) {
    return run(name, [this, name]() -> actors::StepOutcome {
      const int number = ++executed_[name];
      return Bytes(name + "#" + std::to_string(number));
    });
  }
  int executed(const std::string& name) const {
    const auto found = executed_.find(name);
    return found == executed_.end() ? 0 : found->second;
  }

 private:
  std::map<std::string, int> executed_;
};

// One world with its handlers, and the requests a client makes of it until each is answered.
class Run {
 public:
  explicit Run(std::uint64_t seed) {
    handlers_.add(ServiceKind::kService, "Shop", "order",
                  {HandlerKind::kPlain,
                   {ledger_.step("reserve"), call("Bank", "", "charge", "5"), sleep(3'600'000),
                    call("Slow", "", "nap", ""), call("Stock", "shelf", "take", ""),
                    send("Mail", "", "note", "hi"), send("Mail", "", "later", "hi", 60'000),
                    ledger_.step("ship")},
                   {}});
    handlers_.add(ServiceKind::kService, "Bank", "charge",
                  {HandlerKind::kPlain, {ledger_.step("charge")}, {}});
    handlers_.add(ServiceKind::kService, "Slow", "nap",
                  {HandlerKind::kPlain, {sleep(3'600'000), ledger_.step("nap")}, {}});
    handlers_.add(ServiceKind::kObject, "Stock", "take",
                  {HandlerKind::kExclusive,
                   {get("n"), set("n", "+1"), ledger_.step("take"), get("n"), set("n", "+1")},
                   {}});
    handlers_.add(ServiceKind::kService, "Mail", "note",
                  {HandlerKind::kPlain, {ledger_.step("note")}, {}});
    handlers_.add(ServiceKind::kService, "Mail", "later",
                  {HandlerKind::kPlain, {ledger_.step("later")}, {}});
    handlers_.add(ServiceKind::kWorkflow, "Approval", "run",
                  {HandlerKind::kRun, {promise_get("ok"), ledger_.step("approved")}, {}});
    handlers_.add(ServiceKind::kWorkflow, "Approval", "approve",
                  {HandlerKind::kShared, {promise_set("ok", "yes")}, {}});
    // More than have room in the record of what they wait for.
    handlers_.add(ServiceKind::kWorkflow, "Approval", "read",
                  {HandlerKind::kShared, {promise_get("ok"), ledger_.step("read")}, {}});
    handlers_.add(ServiceKind::kService, "Follow", "it",
                  {HandlerKind::kPlain,
                   {attach(journal::idempotent_id("Shop", std::nullopt, "order", "order-1")),
                    ledger_.step("follow")},
                   {}});
    handlers_.add(ServiceKind::kService, "Ask", "human",
                  {HandlerKind::kPlain, {awakeable(), ledger_.step("answered")}, {}});
    world_.emplace(handlers_, handlers_.catalog(), seed);
  }

  EngineFixture& world() { return *world_; }
  const Ledger& ledger() const { return ledger_; }

  // Asks again, with the same idempotency key, whatever has not been acknowledged.
  void ask_all() {
    ask("order-1", request("Shop", "order"));
    ask("order-2", request("Shop", "order"));
    ask("take-1", request("Stock", "shelf", "take", ""));
    ask("take-2", request("Stock", "shelf", "take", ""));
    ask("human", request("Ask", "human"));
    ask("approval", request("Approval", "a", "run", ""), false);
    for (const std::string name : {"read-1", "read-2", "read-3", "read-4"}) {
      ask(name, request("Approval", "a", "read", ""));
    }
    if (acknowledged_.contains("order-1")) {
      for (const std::string name : {"follow-1", "follow-2", "follow-3", "follow-4"}) {
        ask(name, request("Follow", "it"));
      }
    }
    // Late, so that those who wait for it have left memory.
    if (++rounds_ < 3) return;
    ask("approve", request("Approval", "a", "approve", ""));
    if (acknowledged_.contains("human") && !signalled_) {
      world_->engine().signal(acknowledged_["human"], {std::uint32_t{17}, Bytes("42")},
                              [this](auto result) { signalled_ |= result.has_value(); });
    }
  }

  // Lives on, through crashes if the disk fails, until all is done.
  void finish() {
    for (int round = 0; round < 40; ++round) {
      if (world_->disk_failed() || !world_->running()) {
        world_->crash();
        world_->start();
        if (world_->running()) check_counts(tables());
      }
      if (!world_->running()) continue;
      ask_all();
      world_->settle();
      world_->advance(Millis(600'000));
      if (all_done()) return;
    }
  }

  bool all_done() {
    if (world_->disk_failed() || acknowledged_.size() < 15 || !signalled_) return false;
    bool done = true;
    (void)tables().each_invocation(std::nullopt, [&](Result<journal::Invocation> row) {
      done &= row.has_value() && row->status == Status::kCompleted;
      return true;
    });
    return done;
  }

  void check(const std::string& what) {
    BOOST_TEST_CONTEXT(what) {
      BOOST_TEST(all_done());
      const journal::Tables tables = this->tables();
      check_counts(tables);
      std::size_t invocations = 0;
      std::multiset<std::string> handlers;
      (void)tables.each_invocation(std::nullopt, [&](Result<journal::Invocation> row) {
        BOOST_REQUIRE(row.has_value());
        ++invocations;
        handlers.insert(row->target.handler);
        BOOST_TEST(row->result.has_value());
        BOOST_TEST(std::holds_alternative<Bytes>(*row->result));
        // I13: nothing of a completed invocation waits for anything.
        BOOST_TEST(tables.wake_ups(row->id)->empty());
        return true;
      });
      // Exactly what was asked for, once each: 2 orders with 5 children each, and 13 others.
      BOOST_TEST(handlers.count("order") == 2u);
      BOOST_TEST(handlers.count("charge") == 2u);
      BOOST_TEST(handlers.count("note") == 2u);
      BOOST_TEST(handlers.count("later") == 2u);
      BOOST_TEST(handlers.count("take") == 4u);
      BOOST_TEST(handlers.count("nap") == 2u);
      BOOST_TEST(handlers.count("read") == 4u);
      BOOST_TEST(handlers.count("it") == 4u);
      BOOST_TEST(invocations == 25u);
      // INV-5: each take added twice to what the one before had left.
      BOOST_TEST(**tables.state("Stock", "shelf", "n") == "8");
      BOOST_TEST(tables.queue("Stock", "shelf", 0, 10)->empty());
      const auto timers = tables.timers(std::nullopt, 1000);
      for (const auto& timer : *timers) {
        BOOST_TEST((timer.kind == journal::TimerKind::kExpire));
      }
      BOOST_TEST(timers->size() == invocations);
      BOOST_TEST(world_->engine().counts().active == 0u);
    }
  }

  // A crash repeats at most the one step of each invocation whose outcome was not durable.
  void check_repeats(int crashes, const std::string& what) {
    BOOST_TEST_CONTEXT(what) {
      const std::map<std::string, int> once = {
          {"reserve", 2}, {"ship", 2},     {"charge", 2},   {"nap", 2},  {"take", 4},  {"note", 2},
          {"later", 2},   {"approved", 1}, {"answered", 1}, {"read", 4}, {"follow", 4}};
      for (const auto& [name, times] : once) {
        BOOST_TEST(ledger_.executed(name) >= times, name << " ran too seldom");
        BOOST_TEST(ledger_.executed(name) <= times * (1 + crashes), name << " ran too often");
      }
    }
  }

 private:
  journal::Tables tables() { return journal::Tables(world_->store().sound()); }

  void ask(const std::string& name, actors::InvokeRequest one, bool with_key = true) {
    if (acknowledged_.contains(name)) return;
    if (with_key) one.idempotency_key = name;
    world_->engine().send(std::move(one), [this, name](Result<actors::Accepted> accepted) {
      if (accepted) acknowledged_.emplace(name, accepted->id);
    });
  }

  Ledger ledger_;
  ScriptedHandlers handlers_;
  std::map<std::string, InvocationId> acknowledged_;
  bool signalled_ = false;
  int rounds_ = 0;
  std::optional<EngineFixture> world_;
};

constexpr std::uint64_t kSeeds = 12;

}  // namespace

BOOST_AUTO_TEST_SUITE(every_write)

BOOST_AUTO_TEST_CASE(the_script_is_done_once_when_nothing_goes_wrong) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Run run(seed);

    run.finish();

    run.check("seed " + std::to_string(seed));
    run.check_repeats(0, "seed " + std::to_string(seed));
  }
}

BOOST_AUTO_TEST_CASE(inv_1_inv_9_a_process_that_stops_at_any_write_loses_and_repeats_nothing) {
  std::uint64_t stops = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    for (const auto failure : {FaultyStore::Failure::kLost, FaultyStore::Failure::kStored}) {
      for (std::uint64_t nth = 1;; ++nth) {
        Run run(seed);
        run.world().store().fail_write(nth, failure);

        run.finish();

        const std::string what = "seed " + std::to_string(seed) + ", write " + std::to_string(nth) +
                                 (failure == FaultyStore::Failure::kLost ? " lost" : " kept");
        run.check(what);
        run.check_repeats(1, what);
        ++stops;
        if (run.world().store().writes() < nth) break;
      }
    }
  }
  BOOST_TEST_MESSAGE("stopped " << stops << " times");
  BOOST_TEST(stops > 100u);
}

std::size_t failed_so_far() {
  const auto test = boost::unit_test::framework::current_test_case().p_id;
  return boost::unit_test::results_collector.results(test).p_assertions_failed;
}

// In a process of its own: 0, or what it was ended with; 1 when it went on and something is wrong.
// 2: it did not read so often. With `steps` it is the second process, after so many of the first.
int live_with_a_failed_read(std::uint64_t seed, std::uint64_t nth, int steps) {
  return exit_code_of([&] {
    const auto failed_before = failed_so_far();
    set_log_sink([](const LogLine&) {});
    Run run(seed);
    if (steps > 0) {
      run.ask_all();
      for (int i = 0; i < steps && run.world().step(); ++i) {
      }
      run.world().crash();
      run.world().start();
    }
    run.world().store().fail_read(nth);
    run.finish();
    if (run.world().store().read_is_due()) return 2;
    const std::string what = "seed " + std::to_string(seed) + ", read " + std::to_string(nth);
    run.check(what);
    run.check_repeats(steps > 0 ? 1 : 0, what);
    return failed_so_far() > failed_before ? 1 : 0;
  });
}

BOOST_AUTO_TEST_CASE(inv_9_a_read_that_fails_ends_the_process_or_changes_nothing) {
  int ended = 0;
  int went_on = 0;
  for (int seed = 1; seed <= static_cast<int>(kSeeds) / 2; ++seed) {
    for (const int steps : {0, 20 * seed, 30 * seed}) {
      for (std::uint64_t nth = 1;; ++nth) {
        const int code = live_with_a_failed_read(static_cast<std::uint64_t>(seed), nth, steps);
        if (code == 2) break;
        const bool is_right = code == 0 || code == storage::kExitStorageFailed;
        BOOST_TEST(is_right,
                   "seed " << seed << ", " << steps << " steps, read " << nth << ": " << code);
        ++(code == 0 ? went_on : ended);
      }
    }
  }
  BOOST_TEST_MESSAGE(ended << " ended, " << went_on << " went on");
  BOOST_TEST(ended > 100);
}

BOOST_AUTO_TEST_CASE(power_cuts_at_random_moments_lose_and_repeat_nothing) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Run run(seed);
    SeededRandom chance(seed * 77);
    int crashes = 0;

    for (; crashes < 6; ++crashes) {
      run.ask_all();
      for (std::uint64_t steps = chance.next() % 120; steps > 0; --steps) {
        if (!run.world().step()) break;
      }
      if (chance.next() % 3 == 0) run.world().advance(Millis(chance.next() % 4'000'000));
      run.world().crash();
      run.world().start();
    }
    run.finish();

    run.check("seed " + std::to_string(seed));
    run.check_repeats(crashes, "seed " + std::to_string(seed));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
