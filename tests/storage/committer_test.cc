#include "storage/committer.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <mutex>
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

BOOST_AUTO_TEST_CASE(who_lends_a_hand_commits_its_own_lone_batch) {
  FakeLog log;
  Committer committer(log, Epoch(1), {});
  int by_hand = 0;
  for (int i = 0; i < 200; ++i) {
    std::atomic<bool> done = false;
    std::thread::id committed_by;
    {
      const Committer::Hand hand(committer);
      committer.submit(one_put(), [&](const CommitReceipt&) {
        committed_by = std::this_thread::get_id();
        done = true;
        done.notify_one();
      });
    }
    done.wait(false);
    if (committed_by == std::this_thread::get_id()) ++by_hand;
    // Otherwise the committer's own thread was still awake from the time before.
  }
  BOOST_TEST(by_hand > 0);
}

BOOST_AUTO_TEST_CASE(a_batch_under_a_hand_does_not_wait_for_it_when_another_thread_submits) {
  FakeLog log;
  Committer committer(log, Epoch(1), {});
  for (int i = 0; i < 50; ++i) {
    std::atomic<int> done = 0;
    const auto note = [&](const CommitReceipt&) {
      ++done;
      done.notify_all();
    };
    const Committer::Hand hand(committer);
    committer.submit(one_put(), note);
    std::thread other([&] { committer.submit(one_put(), note); });

    for (int seen = done; seen < 2; seen = done) done.wait(seen);

    other.join();
  }
}

BOOST_AUTO_TEST_CASE(hands_of_many_threads_lose_nothing_and_keep_the_order_of_tickets) {
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  FakeLog log;
  std::mutex mutex;
  std::vector<std::uint64_t> tickets;
  {
    Committer committer(log, Epoch(1), {});
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          std::optional<Committer::Hand> hand;
          if ((i + t) % 3 != 0) hand.emplace(committer);
          committer.submit(one_put(), [&, again = i % 5 == 0](const CommitReceipt& receipt) {
            {
              const std::lock_guard lock(mutex);
              tickets.push_back(receipt.through().value());
            }
            // What a callback submits finds its way too, whoever runs it.
            if (again) {
              committer.submit(one_put(), [&](const CommitReceipt& second) {
                const std::lock_guard lock(mutex);
                tickets.push_back(second.through().value());
              });
            }
          });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    committer.stop();
  }
  BOOST_TEST(tickets.size() == std::size_t(kThreads) * (kEach + kEach / 5));
  BOOST_TEST(std::is_sorted(tickets.begin(), tickets.end()));
}

BOOST_AUTO_TEST_CASE(a_hand_that_is_left_leaves_little_to_the_next_hand_and_more_to_the_committer) {
  using Hand = Committer::Hand;
  FakeLog log;
  Committer committer(log, Epoch(1), {});
  // A receipt comes before its thread sleeps again, and a hand is left only what finds it asleep.
  std::thread::id receipt_on;
  std::atomic<bool> has_receipt = false;
  const auto wait_until_it_sleeps = [&] {
    do {
      has_receipt = false;
      {
        const Hand hand(committer);
        committer.submit({}, [&](const CommitReceipt&) {
          receipt_on = std::this_thread::get_id();
          has_receipt = true;
          has_receipt.notify_all();
        });
      }
      has_receipt.wait(false);
    } while (receipt_on != std::this_thread::get_id());
  };
  int left_alone = 0;
  for (int i = 0; i < 400; ++i) {
    wait_until_it_sleeps();
    // All of one chain of work; too many; and two while others are at work.
    const int batches = std::array{1, 3, 5, 2}[i % 4];
    const int others = i % 4 == 3 ? 3 : 0;
    for (int other = 0; other < others; ++other) committer.begin_work();
    std::atomic<int> done = 0;
    std::thread::id committed_by;
    const auto note = [&](const CommitReceipt&) {
      committed_by = std::this_thread::get_id();
      ++done;
      done.notify_all();
    };
    std::size_t owed = 0;
    {
      Hand hand(committer);
      for (int b = 0; b < batches; ++b) committer.submit(one_put(), note);
      owed = hand.leave();
    }
    BOOST_TEST((owed == 0 || (i % 4 < 2 && owed == static_cast<std::size_t>(batches))));
    if (owed > 0) {
      ++left_alone;
      BOOST_TEST(done == 0);  // Nobody else sees to it.
      const Hand hand(committer, owed);
    }
    for (int seen = done; seen < batches; seen = done) done.wait(seen);
    if (owed > 0) BOOST_TEST((committed_by == std::this_thread::get_id()));
    for (int other = 0; other < others; ++other) committer.end_work();
  }
  BOOST_TEST(left_alone > 0);
}

BOOST_AUTO_TEST_CASE(a_batch_is_left_only_once) {
  using Hand = Committer::Hand;
  FakeLog log;
  Committer committer(log, Epoch(1), {});
  int left = 0;
  for (int i = 0; i < 200; ++i) {
    std::atomic<int> done = 0;
    const auto note = [&](const CommitReceipt&) {
      ++done;
      done.notify_all();
    };
    std::size_t owed = 0;
    {
      Hand hand(committer);
      committer.submit(one_put(), note);
      owed = hand.leave();
    }
    if (owed > 0) {
      ++left;
      Hand hand(committer, owed);
      BOOST_TEST(hand.leave() == 0u);  // From here on it is the committer's.
    }
    for (int seen = done; seen < 1; seen = done) done.wait(seen);
  }
  BOOST_TEST(left > 0);
}

BOOST_AUTO_TEST_CASE(a_batch_that_was_left_is_committed_with_what_another_thread_submits) {
  using Hand = Committer::Hand;
  FakeLog log;
  Committer committer(log, Epoch(1), {});
  for (int i = 0; i < 100; ++i) {
    std::atomic<int> done = 0;
    const auto note = [&](const CommitReceipt&) {
      ++done;
      done.notify_all();
    };
    {
      Hand hand(committer);
      committer.submit(one_put(), note);
      hand.leave();
    }
    std::thread([&] { committer.submit(one_put(), note); }).join();
    for (int seen = done; seen < 2; seen = done) done.wait(seen);
  }
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

BOOST_AUTO_TEST_CASE(stopping_under_a_hand_still_makes_its_batch_durable) {
  for (int i = 0; i < 100; ++i) {
    FakeLog log;
    std::atomic<int> done = 0;
    Committer committer(log, Epoch(1), {});
    std::thread stopper;
    {
      const Committer::Hand hand(committer);
      committer.submit(one_put(), [&](const CommitReceipt&) { ++done; });
      stopper = std::thread([&] { committer.stop(); });
    }
    stopper.join();
    BOOST_TEST(done == 1);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::storage
