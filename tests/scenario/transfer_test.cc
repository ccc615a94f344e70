// The money transfer of the README: debit, wait, credit, refund when the credit has failed for
// good.

#include <boost/describe.hpp>
#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

struct Transfer {
  std::string from, to;
  std::int64_t cents = 0;
};
BOOST_DESCRIBE_STRUCT(Transfer, (), (from, to, cents))
struct Receipt {
  std::string debit;
};
BOOST_DESCRIBE_STRUCT(Receipt, (), (debit))

// The bank is outside: what it has booked stays booked. Bookings have a reference, so that one that
// is made again changes nothing.
struct Bank {
  Ledger executed;
  std::map<std::string, std::int64_t> balance = {{"alice", 1000}, {"bob", 0}};
  std::set<std::string> booked;
  int failures_left = 0;

  std::string book(const std::string& what, const std::string& account, std::int64_t cents) {
    executed.count(what);
    if (what == "credit" && account == "closed") throw TerminalError("the account is closed", 422);
    if (what == "credit" && failures_left-- > 0) throw std::runtime_error("the bank is closed");
    if (booked.insert(what).second) balance[account] += cents;
    return what + "-1";
  }
};

Service transfer_service(Bank& bank) {
  return Service("Bank").handler("transfer", [&bank](Context& ctx, Transfer t) -> Task<Receipt> {
    const std::string debit =
        co_await ctx.run("debit", [&] { return bank.book("debit", t.from, -t.cents); });
    co_await ctx.sleep(24h);
    const auto credit = co_await settled(
        ctx.run("credit", [&] { return bank.book("credit", t.to, t.cents); }, {.max_attempts = 5}));
    if (!credit) {
      co_await ctx.run("refund", [&] { return bank.book("refund", t.from, t.cents); });
      credit.rethrow();
    }
    co_return Receipt{debit};
  });
}

actors::InvokeRequest transfer_to(const std::string& account) {
  return with_idempotency_key(to("Bank", "transfer", json(Transfer{"alice", account, 250})), "t1");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(transfer)

BOOST_AUTO_TEST_CASE(money_arrives_a_day_later_in_another_process) {
  Bank bank;
  World world({transfer_service(bank)});

  const InvocationId id = world.send(transfer_to("bob"));
  BOOST_TEST(bank.balance["alice"] == 750);
  world.restart();
  world.advance(24h - 1s);
  BOOST_TEST(bank.balance["bob"] == 0);
  world.restart();
  world.advance(2s);

  BOOST_TEST(world.result(id) == "{\"debit\":\"debit-1\"}");
  BOOST_TEST(bank.balance["bob"] == 250);
  BOOST_TEST(bank.executed["debit"] == 1);
  BOOST_TEST(bank.executed["credit"] == 1);
}

BOOST_AUTO_TEST_CASE(a_bank_that_is_closed_for_a_while_is_asked_again) {
  Bank bank;
  bank.failures_left = 4;
  World world({transfer_service(bank)});

  const InvocationId id = world.send(transfer_to("bob"));
  world.advance(25h);

  BOOST_TEST(world.result(id) == "{\"debit\":\"debit-1\"}");
  BOOST_TEST(bank.executed["credit"] == 5);
  BOOST_TEST(bank.executed["refund"] == 0);
}

BOOST_AUTO_TEST_CASE(money_comes_back_when_the_credit_has_failed_for_good) {
  Bank bank;
  bank.failures_left = 100;
  World world({transfer_service(bank)});

  const InvocationId id = world.send(transfer_to("bob"));
  world.advance(25h);

  BOOST_TEST(world.result(id) == "FAILED 500 the bank is closed");
  BOOST_TEST(bank.executed["credit"] == 5);
  BOOST_TEST(bank.executed["refund"] == 1);
  BOOST_TEST(bank.balance["alice"] == 1000);
}

BOOST_AUTO_TEST_CASE(inv_1_no_stop_after_any_write_loses_or_doubles_money) {
  for (const bool closed : {false, true}) {
    const std::string account = closed ? "closed" : "bob";
    for (std::uint64_t nth = 1;; ++nth) {
      Bank bank;
      World world({transfer_service(bank)}, nth);
      world.fail_write(nth, nth % 2 == 0 ? World::Failure::kLost : World::Failure::kStored);

      const InvocationId id = world.ask(transfer_to(account));
      world.endure(25h);

      BOOST_TEST_CONTEXT("write " << nth << " of a transfer to " << account) {
        BOOST_TEST(world.result(id) ==
                   (closed ? "FAILED 422 the account is closed" : "{\"debit\":\"debit-1\"}"));
        BOOST_TEST(bank.balance["alice"] == (closed ? 1000 : 750));
        BOOST_TEST(bank.balance["bob"] == (closed ? 0 : 250));
        // The write that failed may have held the outcome of one step, which then was done again.
        for (const auto& [step, times] : bank.executed.all()) BOOST_TEST(times <= 2, step);
      }
      if (!world.has_failed()) break;
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
