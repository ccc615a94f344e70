#include "storage/committer.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/base/log.h"
#include "storage/local_log.h"
#include "tests/storage/fake_log.h"
#include "tests/support/aborts.h"
#include "tests/support/faulty_store.h"
#include "tests/support/manual_clock.h"

namespace holdfast::storage {
namespace {

Batch stamped(int count) {
  Batch batch;
  for (int i = 0; i < count; ++i) batch.put_stamped("key", "value");
  return batch;
}

struct Manual {
  FakeLog log;
  std::optional<AppendOutcome> fatal;
  Committer committer{
      log, Epoch(1), {Committer::Drive::kManual, 1000, [this](const AppendOutcome& outcome) {
                        fatal = outcome;
                      }}};
};

CommitReceipt receipt_of(Committer& committer) {
  std::optional<CommitReceipt> receipt;
  committer.submit(one_put(), [&](const CommitReceipt& made) { receipt = made; });
  committer.step();
  return *receipt;
}

BOOST_AUTO_TEST_SUITE(committer)

BOOST_AUTO_TEST_CASE(what_is_queued_goes_to_the_log_as_one_append) {
  Manual manual;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    manual.committer.submit(one_put(), [&order, i](const CommitReceipt&) { order.push_back(i); });
  }

  BOOST_TEST(manual.committer.step());

  BOOST_TEST(manual.log.sizes == std::vector<std::size_t>{3});
  BOOST_TEST(order == (std::vector<int>{0, 1, 2}));
  BOOST_TEST(!manual.committer.step());
}

BOOST_AUTO_TEST_CASE(an_append_is_capped_in_bytes) {
  Manual manual;
  for (int i = 0; i < 3; ++i) {
    Batch batch;
    batch.put("key", Bytes(600, 'x'));
    manual.committer.submit(std::move(batch), nullptr);
  }

  manual.committer.step();

  BOOST_TEST(manual.log.sizes == (std::vector<std::size_t>{1, 1, 1}));
}

BOOST_AUTO_TEST_CASE(receipts_carry_the_stamps_of_their_own_batch) {
  Manual manual;
  std::vector<std::uint64_t> first;
  const auto note = [&](const CommitReceipt& receipt) {
    first.push_back(receipt.first_lsn().value());
  };

  manual.committer.submit(stamped(2), note);
  manual.committer.submit(stamped(3), note);
  manual.committer.submit(stamped(1), note);
  manual.committer.step();

  BOOST_TEST(first == (std::vector<std::uint64_t>{100, 102, 105}));
}

BOOST_AUTO_TEST_CASE(inv_1_nothing_is_acknowledged_before_the_append) {
  Manual manual;
  bool called = false;

  const Ticket ticket =
      manual.committer.submit(one_put(), [&](const CommitReceipt&) { called = true; });

  BOOST_TEST(!called);
  BOOST_TEST((manual.committer.durable_through() < ticket));
  BOOST_TEST(manual.committer.bytes_in_flight() > 0U);
  manual.committer.step();
  BOOST_TEST(called);
  BOOST_TEST((manual.committer.durable_through() == ticket));
  BOOST_TEST(manual.committer.bytes_in_flight() == 0U);
}

BOOST_AUTO_TEST_CASE(inv_1_staged_opens_to_a_receipt_that_covers_it) {
  Manual manual;
  Staged<std::string> staged("reply");
  staged.bind(manual.committer.submit(one_put(), nullptr));

  const CommitReceipt receipt = receipt_of(manual.committer);

  BOOST_TEST(std::move(staged).release(receipt) == "reply");
}

BOOST_AUTO_TEST_CASE(inv_1_staged_aborts_on_an_older_receipt) {
  Manual manual;
  const CommitReceipt older = receipt_of(manual.committer);
  Staged<std::string> staged("reply", manual.committer.submit(one_put(), nullptr));

  BOOST_TEST(!staged.covered_by(older));
  BOOST_TEST(testing::aborts([&] { std::move(staged).release(older); }));
}

BOOST_AUTO_TEST_CASE(inv_1_staged_aborts_when_it_was_never_bound) {
  Manual manual;
  const CommitReceipt receipt = receipt_of(manual.committer);
  Staged<std::string> staged("reply");

  BOOST_TEST(testing::aborts([&] { std::move(staged).release(receipt); }));
}

BOOST_AUTO_TEST_CASE(an_empty_batch_is_a_barrier) {
  Manual manual;
  std::vector<std::string> order;
  const auto note = [&](const char* what) {
    return [&order, what](const CommitReceipt&) { order.emplace_back(what); };
  };

  manual.committer.submit(one_put(), note("write"));
  manual.committer.submit(Batch(), note("barrier"));
  manual.committer.step();

  BOOST_TEST(order == (std::vector<std::string>{"write", "barrier"}));
  BOOST_TEST(manual.log.sizes == std::vector<std::size_t>{1});
}

BOOST_AUTO_TEST_CASE(a_round_in_parts_is_an_append_and_then_a_receipt_each_time) {
  Manual manual;
  int receipts = 0;
  const auto count = [&](const CommitReceipt&) { ++receipts; };
  for (int i = 0; i < 3; ++i) manual.committer.submit(one_put(), count);

  BOOST_TEST(manual.committer.step_part());
  BOOST_TEST(manual.log.sizes == std::vector<std::size_t>{3});
  BOOST_TEST((manual.committer.durable_through() == Ticket(3)));
  BOOST_TEST(receipts == 0);
  BOOST_TEST(manual.committer.step_part());
  BOOST_TEST(receipts == 1);
  manual.committer.submit(one_put(), count);  // Of the next round.
  BOOST_TEST(manual.committer.step());
  BOOST_TEST(receipts == 3);
  BOOST_TEST(manual.log.sizes.size() == 1U);

  BOOST_TEST(manual.committer.step_part());
  manual.committer.abandon();
  manual.committer.stop();
  BOOST_TEST(receipts == 3);
}

BOOST_AUTO_TEST_CASE(a_barrier_alone_does_not_write) {
  Manual manual;
  bool called = false;
  manual.committer.submit(Batch(), [&](const CommitReceipt&) { called = true; });

  manual.committer.step();

  BOOST_TEST(called);
  BOOST_TEST(manual.log.sizes.empty());
}

BOOST_AUTO_TEST_CASE(inv_9_a_failed_append_acknowledges_nothing_ever_after) {
  for (const auto failure : {AppendOutcome::Kind::kFenced, AppendOutcome::Kind::kRefused,
                             AppendOutcome::Kind::kUnknown}) {
    Manual manual;
    int acknowledged = 0;
    const auto count = [&](const CommitReceipt&) { ++acknowledged; };
    manual.log.answer = failure;
    manual.committer.submit(one_put(), count);
    manual.committer.submit(Batch(), count);
    manual.committer.step();

    manual.log.answer = AppendOutcome::Kind::kCommitted;
    manual.committer.submit(one_put(), count);
    manual.committer.submit(Batch(), count);
    manual.committer.step();
    manual.committer.stop();

    BOOST_TEST(acknowledged == 0);
    BOOST_REQUIRE(manual.fatal.has_value());
    BOOST_TEST((manual.fatal->kind == failure));
    BOOST_TEST(manual.log.sizes.size() == 1U);
    BOOST_TEST((manual.committer.durable_through() == Ticket(0)));
  }
}

BOOST_AUTO_TEST_CASE(inv_9_a_failed_sync_ends_the_process_with_its_own_code) {
  const pid_t child = fork();
  if (child == 0) {
    set_log_level(LogLevel::kOff);
    FakeLog log;
    log.answer = AppendOutcome::Kind::kUnknown;
    Committer failing(log, Epoch(1), {});
    failing.submit(one_put(), [](const CommitReceipt&) { std::_Exit(1); });
    std::this_thread::sleep_for(std::chrono::seconds(10));
    std::_Exit(2);
  }
  int status = 0;
  waitpid(child, &status, 0);

  BOOST_TEST(WIFEXITED(status));
  BOOST_TEST(WEXITSTATUS(status) == kExitStorageFailed);
}

BOOST_AUTO_TEST_CASE(inv_9_a_write_reported_failed_may_be_there_after_a_restart) {
  testing::FaultyStore store;
  const testing::ManualClock clock;
  {
    const auto log = std::move(LocalLog::open(store, {}, clock)).value();
    bool fatal = false;
    Committer committer(
        *log, log->epoch(),
        {Committer::Drive::kManual, 1000, [&](const AppendOutcome&) { fatal = true; }});
    bool acknowledged = false;
    store.fail_write(1, testing::FaultyStore::Failure::kStored);
    committer.submit(one_put("ghost"), [&](const CommitReceipt&) { acknowledged = true; });
    committer.step();
    BOOST_TEST(fatal);
    BOOST_TEST(!acknowledged);
  }

  store.restart();
  const auto log = std::move(LocalLog::open(store, {}, clock)).value();

  BOOST_TEST(store.get("ghost").value().has_value());
  BOOST_TEST(log->epoch().value() == 2U);
}

BOOST_AUTO_TEST_CASE(callbacks_may_submit_and_stopping_drains_them) {
  FakeLog log;
  std::vector<int> order;
  Committer committer(log, Epoch(1), {});

  committer.submit(one_put(), [&](const CommitReceipt&) {
    order.push_back(1);
    committer.submit(one_put(), [&](const CommitReceipt&) { order.push_back(2); });
  });
  committer.stop();
  committer.submit(one_put(), [&](const CommitReceipt&) { order.push_back(3); });

  BOOST_TEST(order == (std::vector<int>{1, 2}));
}

BOOST_AUTO_TEST_CASE(many_threads_get_receipts_in_the_order_of_their_tickets) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  FakeLog log;
  std::vector<std::uint64_t> through;  // Only the committer's thread writes it.
  std::atomic<int> acknowledged = 0;
  Committer committer(log, Epoch(1), {});

  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        committer.submit(one_put(), [&](const CommitReceipt& receipt) {
          through.push_back(receipt.through().value());
          ++acknowledged;
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  committer.stop();

  BOOST_TEST(acknowledged == kThreads * kEach);
  BOOST_TEST(std::is_sorted(through.begin(), through.end()));
  BOOST_TEST((committer.durable_through() == Ticket(kThreads * kEach)));
  BOOST_TEST(committer.bytes_in_flight() == 0U);
  BOOST_TEST(committer.appends() <= static_cast<std::uint64_t>(kThreads * kEach));
}

BOOST_AUTO_TEST_CASE(with_many_at_work_a_round_is_let_grow_but_not_for_ever) {
  FakeLog log;
  Committer committer(log, Epoch(1), {});
  constexpr int kAtWork = 64;
  for (int i = 0; i < kAtWork; ++i) committer.begin_work();
  std::atomic<int> done = 0;
  const auto note = [&](const CommitReceipt&) {
    ++done;
    done.notify_all();
  };

  // Half of those at work are enough for a round; fewer have to wait for the pace only.
  constexpr int kBatches = kAtWork / 2 * 20 + 1;
  for (int i = 0; i < kBatches; ++i) committer.submit(one_put(), note);
  for (int seen = done; seen < kBatches; seen = done) done.wait(seen);

  committer.stop();
  BOOST_TEST(log.sizes.size() < std::size_t(kBatches) / 4);
  for (int i = 0; i < kAtWork; ++i) committer.end_work();
  BOOST_TEST(committer.at_work() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::storage
