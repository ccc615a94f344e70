// Batches that are wanted soon, not now.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "storage/committer.h"
#include "tests/storage/fake_log.h"

namespace holdfast::storage {
namespace {

// What is submitted through it, until it is durable.
class Waiting {
 public:
  void submit(Committer& committer, Committer::Wanted wanted) {
    const std::lock_guard lock(shared_->mutex);
    ++shared_->left;
    committer.submit(
        one_put(),
        [shared = shared_](const CommitReceipt&) {
          const std::lock_guard told(shared->mutex);
          if (--shared->left == 0) shared->changed.notify_all();
        },
        wanted);
  }
  // False: not all of it is, after far longer than anything takes.
  bool ends() const {
    std::unique_lock lock(shared_->mutex);
    return shared_->changed.wait_for(lock, std::chrono::seconds(20),
                                     [this] { return shared_->left == 0; });
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    int left = 0;
  };
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
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
    BOOST_REQUIRE(waiting.ends());
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
    BOOST_REQUIRE(waiting.ends());
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
    BOOST_REQUIRE(waiting.ends());
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
    BOOST_REQUIRE(waiting.ends());
  }

  // Two milliseconds each, otherwise.
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::milliseconds(kTimes)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::storage
