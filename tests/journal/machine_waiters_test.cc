// The machine: those who wait for an outcome or a promise, when they are many. However many there
// are, the next one costs the same, and at the end each of them is told, once.

#include <boost/test/unit_test.hpp>
#include <functional>
#include <set>

#include "journal/journal.h"
#include "storage/memory_store.h"
#include "storage/store.h"
#include "tests/journal/machine_samples.h"

namespace holdfast::journal {
namespace {

constexpr std::uint32_t kMany = 60;

Waiter waiter(std::uint32_t number) { return {id_of(100 + number), number, number % 3}; }

const PromiseName kName{"Signup", "ann", "approved"};

Request::PromiseAct promise_request(Promise::Act act) {
  const auto value =
      act == Promise::Act::kComplete ? std::optional(Outcome{Bytes("yes")}) : std::nullopt;
  return {kName.service, kName.key, {act, kName.name, 1, value}};
}

// What many wait for, in the memory of its owner and in a store. Owners come and go.
class Fixture {
 protected:
  Fixture() {
    state_.row = accepted(run_target()).row;
    decision_.row_changed = true;
    store();
  }

  void attach_one(const Waiter& waiter) {
    BOOST_REQUIRE(journal_.recall_waiter(id_of(1), waiter, state_.later_waiters).has_value());
    attach(state_, waiter, true, decision_);
  }
  void get_promise(const Waiter& waiter) {
    BOOST_REQUIRE(journal_.recall_waiter(kName, waiter, promise_.later_waiters).has_value());
    promise_act(promise_, waiter, promise_request(Promise::Act::kGet), decision_);
  }
  // What was decided, as it was, and how many bytes it is in a batch.
  Decision store() {
    Decision decided = std::exchange(decision_, {});
    storage::Batch batch;
    (void)Journal::stage(state_, decided, rows_, kNow, batch);
    last_size_ = batch.size_bytes();
    BOOST_REQUIRE(storage::write_one(store_, batch, storage::Sync::kYes).has_value());
    return decided;
  }
  void next_owner() {
    auto loaded = journal_.load(id_of(1)).value();
    BOOST_REQUIRE(loaded.has_value());
    state_ = std::move(loaded->state);
    promise_ = journal_.load_promise(kName).value();
  }
  void end() {
    BOOST_REQUIRE(journal_.recall_waiters(id_of(1), state_.later_waiters).has_value());
    finish(state_, Bytes("yes"), kNow, decision_);
  }
  void complete_promise() {
    BOOST_REQUIRE(journal_.recall_waiters(kName, promise_.later_waiters).has_value());
    promise_act(promise_, waiter(0), promise_request(Promise::Act::kComplete), decision_);
  }
  std::size_t rows(storage::Table table) const {
    std::size_t rows = 0;
    const Bytes begin(1, static_cast<char>(table));
    BOOST_REQUIRE(store_
                      .scan(begin, storage::prefix_end(begin),
                            [&](BytesView, BytesView) {
                              ++rows;
                              return true;
                            })
                      .has_value());
    return rows;
  }

  // Each of those was told the outcome, once, and nobody else.
  static void expect_told(const Decision& decision, std::uint32_t many) {
    std::multiset<Waiter> told, expected;
    for (const Tell& tell : facts_of<Tell>(decision)) {
      if (result_of<Bytes>(tell) == nullptr) continue;  // Who completes a promise gets no value.
      const auto& notification = std::get<Notification>(tell.entry.body);
      told.insert({tell.to, completion_of(tell), notification.life});
    }
    for (std::uint32_t i = 1; i <= many; ++i) expected.insert(waiter(i));
    BOOST_TEST((told == expected), told.size() << " were told");
  }

  storage::MemoryStore store_;
  const Journal journal_{store_};
  InvocationState state_;
  PromiseState promise_;
  OwnRows rows_;
  Decision decision_;
  std::size_t last_size_ = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(machine_waiters, Fixture)

BOOST_AUTO_TEST_CASE(each_further_waiter_costs_the_same_and_rewrites_nothing) {
  for (const bool of_promise : {false, true}) {
    std::size_t cost = 0;
    for (std::uint32_t i = 1; i <= kMany; ++i) {
      of_promise ? get_promise(waiter(i)) : attach_one(waiter(i));

      const Decision decision = store();

      if (i < 10) continue;
      BOOST_TEST(!decision.row_changed);
      BOOST_TEST(facts_of<SetPromise>(decision).empty());
      BOOST_TEST(facts_of<AddWaiter>(decision).size() == 1u);
      if (cost == 0) cost = last_size_;
      BOOST_TEST(last_size_ == cost);
    }
    BOOST_TEST(cost < 200u);
  }
}

BOOST_AUTO_TEST_CASE(all_are_told_once_whichever_owner_heard_of_them_and_whoever_asked_twice) {
  for (std::uint32_t i = 1; i <= kMany; ++i) {
    for (const int again : {0, 1}) {
      attach_one(waiter(i));
      get_promise(waiter(i));
      if (again == 0 && i % 3 == 0) store();
    }
    store();
    if (i % 17 == 0) next_owner();
  }
  // Those of the last decision are not stored when it ends.
  for (std::uint32_t i = kMany + 1; i <= kMany + 5; ++i) {
    attach_one(waiter(i));
    get_promise(waiter(i));
  }

  complete_promise();
  const auto added = facts_of<AddWaiter>(decision_);
  expect_told(store(), kMany + 5);
  end();
  expect_told(store(), kMany + 5);

  BOOST_TEST(added.size() == 10u);
  BOOST_TEST(rows(storage::Table::kWaiter) == 0u);
  BOOST_TEST(rows(storage::Table::kPromiseWaiter) == 0u);
  BOOST_TEST(state_.row.waiters.empty());
  BOOST_TEST(promise_.record.waiters.empty());
  BOOST_TEST(state_.later_waiters.known.empty());
}

BOOST_AUTO_TEST_CASE(a_record_of_an_older_release_keeps_its_long_list_and_all_are_told) {
  for (std::uint32_t i = 1; i <= 9; ++i) state_.row.waiters.push_back(waiter(i));
  state_.row.waiters.push_back(waiter(10));
  decision_.row_changed = true;
  store();
  next_owner();
  attach_one(waiter(11));
  attach_one(waiter(7));
  store();
  next_owner();

  BOOST_TEST(rows(storage::Table::kWaiter) == 1u);
  end();
  expect_told(store(), 11);
}

BOOST_AUTO_TEST_CASE(a_promise_that_is_dropped_takes_its_waiters_along) {
  for (std::uint32_t i = 1; i <= 9; ++i) get_promise(waiter(i));
  store();
  next_owner();
  BOOST_TEST(rows(storage::Table::kPromiseWaiter) > 0u);

  BOOST_REQUIRE(journal_.recall_waiters(kName, promise_.later_waiters).has_value());
  drop_promise(promise_, kName, decision_);
  store();

  BOOST_TEST(rows(storage::Table::kPromiseWaiter) == 0u);
  BOOST_TEST(rows(storage::Table::kPromise) == 0u);
  BOOST_TEST(promise_.record.waiters.empty());
}

BOOST_AUTO_TEST_CASE(who_asks_again_is_not_written_again_whoever_the_owner_is) {
  for (std::uint32_t i = 1; i <= 9; ++i) attach_one(waiter(i));
  store();

  for (const bool other_owner : {false, true}) {
    if (other_owner) next_owner();
    for (std::uint32_t i = 1; i <= 9; ++i) attach_one(waiter(i));
    BOOST_TEST(facts_of<AddWaiter>(decision_).empty());
    BOOST_TEST(!decision_.row_changed);
  }
}

// What was told and erased a moment ago is still there for who reads.
BOOST_AUTO_TEST_CASE(who_was_told_is_not_found_again_while_that_is_on_its_way) {
  for (std::uint32_t i = 1; i <= 9; ++i) get_promise(waiter(i));
  store();
  next_owner();
  complete_promise();
  expect_told(decision_, 9);
  BOOST_TEST(rows(storage::Table::kPromiseWaiter) > 0u);

  drop_promise(promise_, kName, decision_);
  decision_ = {};
  for (std::uint32_t i = 1; i <= 4; ++i) get_promise(waiter(i));
  complete_promise();

  expect_told(decision_, 4);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::journal
