#include "sdk/endpoint/step_threads.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace holdfast::runtime {
namespace {

// Closures meet here: each waits until `awaited` have come.
class Meeting {
 public:
  explicit Meeting(int awaited) : awaited_(awaited) {}
  void join() {
    std::unique_lock lock(mutex_);
    ++came_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return came_ >= awaited_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  const int awaited_;
  int came_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(step_threads)

BOOST_AUTO_TEST_CASE(closures_that_block_do_not_keep_others_waiting) {
  constexpr int kClosures = 20;
  Meeting meeting(kClosures + 1);
  StepThreads threads(64);

  for (int i = 0; i < kClosures; ++i) threads.post([&meeting] { meeting.join(); });

  meeting.join();  // Returns only when all of them are executed at the same time.
  while (threads.busy() > 0) std::this_thread::yield();
}

BOOST_AUTO_TEST_CASE(every_closure_is_executed_once_however_many_there_are) {
  constexpr int kClosures = 10'000;
  std::atomic<int> executed = 0;
  StepThreads threads(3);

  for (int i = 0; i < kClosures; ++i) threads.post([&executed] { ++executed; });

  while (threads.busy() > 0) std::this_thread::yield();
  BOOST_TEST(executed == kClosures);
}

BOOST_AUTO_TEST_CASE(a_closed_pool_drops_what_is_queued_and_takes_nothing) {
  Meeting begun(2), meeting(2);
  std::atomic<int> executed = 0;
  StepThreads threads(1);
  threads.post([&] {
    begun.join();
    meeting.join();
  });
  begun.join();
  threads.post([&executed] { ++executed; });

  threads.close();
  threads.post([&executed] { ++executed; });
  meeting.join();

  while (threads.busy() > 0) std::this_thread::yield();
  BOOST_TEST(executed == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::runtime
