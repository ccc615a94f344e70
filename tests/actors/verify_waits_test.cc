// Verify: who waits for an outcome or a promise, and what is noted there of those who wait.

#include <boost/test/unit_test.hpp>
#include <functional>

#include "tests/actors/doctored.h"

namespace holdfast::testing {
namespace {

constexpr const char* kCalls = "calls with those who wait";
constexpr const char* kPromises = "promises with those who wait";

Bytes later_key(const journal::WaitedFor& of, const Waiter& waiter) {
  return Bytes(journal::waited_for_key(of).waiter(waiter).view());
}
const journal::PromiseName kOpen{"Approval", "a", "ok"};
const journal::PromiseName kKept{"Approval", "b", "ok"};

}  // namespace

BOOST_AUTO_TEST_SUITE(verify_waits)

BOOST_AUTO_TEST_CASE(calls_and_their_waiters_are_flagged_in_both_directions) {
  const BusyStore& busy = busy_store();
  Doctored forgotten, detached, over, gone, stray, wrong, earlier;
  forgotten.change(busy.nap, [](auto& row) { row.waiters.clear(); });
  detached.change(busy.order, [](auto& row) { row.waiters.clear(); });
  over.change(busy.nap, [](auto& row) {
    row.waiters.clear();
    row.waits = {};
    row.status = Status::kCompleted;
    row.result = Bytes();
  });
  gone.rows.erase(gone.first(Table::kInvocation, busy.nap));
  stray.change(busy.nap, [&](auto& row) { row.waiters.push_back({busy.paused, 1}); });
  const std::uint32_t life = wrong.row(busy.order).life;
  BOOST_REQUIRE(life != 0);  // It has an idempotency key.
  wrong.change(busy.nap, [&](auto& row) { row.waiters.push_back({busy.order, 90, life}); });
  earlier.change(busy.nap, [&](auto& row) { row.waiters.push_back({busy.order, 90, life + 1}); });

  const std::string check = "calls with those who wait";
  forgotten.expect(check, "does not know that somebody waits");
  detached.expect(check, "attach 1 of");
  over.expect(check, "is over and has not told its outcome");
  gone.expect(check, "that invocation is not there");
  stray.expect(check, "which is of no call or attach");
  wrong.expect(check, "as completion 90, which is of no call or attach");
  BOOST_TEST(verified(earlier.rows).is_clean(), text_of(verified(earlier.rows)));
}

BOOST_AUTO_TEST_CASE(promises_and_their_waiters_are_flagged_in_both_directions) {
  const BusyStore& busy = busy_store();
  const Bytes key(journal::object_key(Table::kPromise, "Approval", "a").last("ok").view());
  const auto doctored = [&](const std::function<void(journal::PromiseRecord&)>& change) {
    Doctored store;
    journal::PromiseRecord promise = *journal::decode_promise(store.rows.at(key));
    change(promise);
    journal::encode_promise(store.rows[key], promise);
    return store;
  };
  const std::string check = "promises with those who wait";
  doctored([](auto& promise) { promise.waiters.clear(); }).expect(check, "does not know of it");
  doctored([&](auto& promise) {
    promise.waiters.push_back({busy.nap, 1});
  }).expect(check, "which did not ask for it");
  doctored([](auto& promise) {
    promise.result = Bytes("yes");
  }).expect(check, "completed and has somebody who waits");
  Doctored gone;
  gone.rows.erase(key);
  gone.expect(check, "does not know of it");
}

// Of each of many who wait, one that has a row of its own.
BOOST_AUTO_TEST_CASE(there_are_waiters_with_rows_of_their_own) {
  for (const Table table : {Table::kWaiter, Table::kPromiseWaiter}) {
    const auto first = busy_store().rows.lower_bound(Bytes(1, static_cast<char>(table)));
    BOOST_REQUIRE(first != busy_store().rows.end());
    BOOST_TEST(first->first[0] == static_cast<char>(table));
  }
}

BOOST_AUTO_TEST_CASE(a_waiter_whose_row_is_gone_is_missed) {
  const BusyStore& busy = busy_store();
  for (const auto& [of, check] :
       {std::pair<journal::WaitedFor, std::string>{busy.order, kCalls}, {kOpen, kPromises}}) {
    Doctored store;
    const Bytes begin(journal::waited_for_key(of).view());
    const auto row = store.rows.lower_bound(begin);
    BOOST_REQUIRE(row->first.starts_with(begin));
    store.rows.erase(row);

    store.expect(
        check, check == kCalls ? "does not know that somebody waits" : "which does not know of it");
  }
}

BOOST_AUTO_TEST_CASE(a_waiters_row_is_flagged_where_nobody_may_wait) {
  const BusyStore& busy = busy_store();
  const auto with = [](const journal::WaitedFor& of, const Waiter& waiter) {
    Doctored store;
    store.rows[later_key(of, waiter)] = "";
    return store;
  };
  with(busy.charged, {busy.nap, 1}).expect(kCalls, "for an invocation that is over");
  with(stranger(), {busy.nap, 1}).expect(kCalls, "for an invocation that is over");
  // Its record has room yet, so its owner looks for no rows.
  with(busy.holder, {busy.nap, 1}).expect(kCalls, "for an invocation that does not know of it");
  with(kKept, {busy.nap, 1}).expect(kPromises, "for a completed promise");
  with({journal::PromiseName{"Approval", "c", "ok"}}, {busy.nap, 1})
      .expect(kPromises, "for a promise that does not know of it");
}

BOOST_AUTO_TEST_CASE(a_waiters_row_is_flagged_when_that_one_has_not_asked) {
  const BusyStore& busy = busy_store();
  Doctored call, promise, over;
  call.rows[later_key(busy.order, {busy.nap, 9})] = "";
  promise.rows[later_key(kOpen, {busy.nap, 9})] = "";
  over.rows[later_key(busy.order, {busy.charged, 9})] = "";

  call.expect(kCalls, "as completion 9, which is of no call or attach");
  promise.expect(kPromises, "as completion 9, which did not ask for it");
  // One that is over is told, and does not mind.
  BOOST_TEST(verified(over.rows).is_clean(), text_of(verified(over.rows)));
}

BOOST_AUTO_TEST_CASE(rows_of_waiters_that_say_nothing_are_flagged) {
  const BusyStore& busy = busy_store();
  Doctored cut, valued, moved;
  const Bytes whole = later_key(busy.order, {busy.nap, 9});
  cut.rows[whole.substr(0, whole.size() - 1)] = "";
  valued.rows[later_key(busy.order, {busy.charged, 9})] = "x";
  Bytes elsewhere = later_key(kOpen, {busy.charged, 9});
  elsewhere[3] = static_cast<char>(elsewhere[3] ^ 1);
  moved.rows[elsewhere] = "";

  cut.expect("waiters", "has the wrong shape");
  valued.expect("waiters", "a row without a value has one");
  moved.expect("waiters", "is not that of its object key");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
