// Hands: threads that commit what they have submitted themselves.

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/committer.h"
#include "tests/storage/fake_log.h"

namespace holdfast::storage {
namespace {

BOOST_AUTO_TEST_SUITE(committer)

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
