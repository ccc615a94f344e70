// Batches that are wanted soon, not now.

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "storage/committer.h"
#include "tests/storage/fake_log.h"

namespace holdfast::storage {
namespace {

// Waits until all that is submitted through it is durable.
class Waiting {
 public:
  void submit(Committer& committer, Committer::Wanted wanted) {
    ++*left_;
    committer.submit(
        one_put(),
        [left = left_](const CommitReceipt&) {
          --*left;
          left->notify_all();
        },
        wanted);
  }
  void wait() const {
    for (int left = *left_; left != 0; left = *left_) left_->wait(left);
  }

 private:
  const std::shared_ptr<std::atomic<int>> left_ = std::make_shared<std::atomic<int>>(0);
};

BOOST_AUTO_TEST_SUITE(committer_wanted)

BOOST_AUTO_TEST_CASE(what_is_wanted_soon_goes_with_what_is_wanted_now) {
  using Wanted = Committer::Wanted;
  FakeLog log;
  Committer committer(log, Epoch(1), {});
  for (int i = 0; i < 100; ++i) {
    Waiting waiting;
    waiting.submit(committer, Wanted::kSoon);
    {
      std::optional<Committer::Hand> hand;
      if (i % 2 == 0) hand.emplace(committer);
      waiting.submit(committer, Wanted::kNow);
    }
    waiting.wait();
  }
  committer.stop();

  // Not all: this thread may have been held up between the two.
  BOOST_TEST(std::count(log.sizes.begin(), log.sizes.end(), 2U) > 50);
}

BOOST_AUTO_TEST_CASE(what_is_wanted_soon_does_not_wait_for_ever) {
  FakeLog log;
  Committer committer(log, Epoch(1), {});
  for (int i = 0; i < 20; ++i) {
    Waiting waiting;
    waiting.submit(committer, Committer::Wanted::kSoon);
    if (i % 2 == 0) waiting.submit(committer, Committer::Wanted::kSoon);
    waiting.wait();
  }
}

// Also of a thread whose hand has nothing else to do.
BOOST_AUTO_TEST_CASE(what_is_wanted_soon_under_a_hand_does_not_wait_for_ever) {
  FakeLog log;
  Committer committer(log, Epoch(1), {});
  for (int i = 0; i < 40; ++i) {
    Waiting waiting;
    {
      Committer::Hand hand(committer);
      if (i % 4 == 1) waiting.submit(committer, Committer::Wanted::kNow);
      waiting.submit(committer, Committer::Wanted::kSoon);
      std::size_t owed = 0;
      if (i % 2 == 1) owed = hand.leave();
      if (owed > 0) Committer::Hand(committer, owed);
    }
    waiting.wait();
  }
}

BOOST_AUTO_TEST_CASE(who_is_in_a_hurry_need_not_wait_for_what_is_wanted_soon) {
  constexpr int kTimes = 500;
  FakeLog log;
  Committer committer(log, Epoch(1), {});
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < kTimes; ++i) {
    Waiting waiting;
    waiting.submit(committer, Committer::Wanted::kSoon);
    committer.hurry();
    waiting.wait();
  }

  // Two milliseconds each, otherwise.
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::milliseconds(kTimes)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::storage
