#include "actors/steps/step_pool.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <iterator>
#include <memory>
#include <mutex>
#include <thread>

namespace holdfast::actors {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr StepOrigin kOrigin{"S"};

// What the closures of a test share. It outlives the pool, since closures may.
struct Latch {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  int inside = 0;
  int most_inside = 0;
  int done = 0;

  void pass() {
    std::unique_lock lock(mutex);
    most_inside = std::max(most_inside, ++inside);
    changed.notify_all();
    changed.wait(lock, [&] { return open; });
    --inside;
    ++done;
    changed.notify_all();
  }
  void release() {
    const std::lock_guard lock(mutex);
    open = true;
    changed.notify_all();
  }
  template <class Condition>
  bool wait(Condition condition, milliseconds deadline = seconds(20)) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, deadline, condition);
  }
};

template <class Condition>
bool eventually(Condition condition, milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

std::size_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

BOOST_AUTO_TEST_SUITE(step_pool)

BOOST_AUTO_TEST_CASE(fifty_blocked_closures_do_not_hold_up_the_next) {
  const auto latch = std::make_shared<Latch>();
  const auto quick = std::make_shared<Latch>();
  quick->open = true;
  StepPool pool(StepPool::Drive::kThreads, 100);
  for (int i = 0; i < 50; ++i) pool.post(kOrigin, [latch] { latch->pass(); });

  pool.post(kOrigin, [quick] { quick->pass(); });

  BOOST_TEST(quick->wait([&] { return quick->done == 1; }));
  BOOST_TEST(latch->wait([&] { return latch->inside == 50; }));
  latch->release();
  BOOST_TEST(latch->wait([&] { return latch->done == 50; }));
}

BOOST_AUTO_TEST_CASE(a_closure_posted_long_after_all_threads_blocked_is_not_held_up) {
  const auto latch = std::make_shared<Latch>();
  StepPool pool(StepPool::Drive::kThreads, 100);
  for (int i = 0; i < 5; ++i) pool.post(kOrigin, [latch] { latch->pass(); });
  BOOST_REQUIRE(latch->wait([&] { return latch->inside == 5; }));
  std::this_thread::sleep_for(milliseconds(200));
  const auto quick = std::make_shared<Latch>();
  quick->open = true;

  pool.post(kOrigin, [quick] { quick->pass(); });

  BOOST_TEST(quick->wait([&] { return quick->done == 1; }));
  latch->release();
  BOOST_TEST(latch->wait([&] { return latch->done == 5; }));
}

BOOST_AUTO_TEST_CASE(of_two_closures_posted_to_one_idle_thread_neither_waits_for_the_other) {
  for (int round = 0; round < 50; ++round) {
    const auto latch = std::make_shared<Latch>();
    const auto quick = std::make_shared<Latch>();
    quick->open = true;
    StepPool pool(StepPool::Drive::kThreads, 8);
    pool.post(kOrigin, [] {});
    BOOST_REQUIRE(eventually([&] { return pool.busy() == 0; }, seconds(20)));

    pool.post(kOrigin, [latch] { latch->pass(); });
    pool.post(kOrigin, [quick] { quick->pass(); });

    const bool quick_ran = quick->wait([&] { return quick->done == 1; }, seconds(5));
    latch->release();
    BOOST_REQUIRE(quick_ran);
    BOOST_REQUIRE(latch->wait([&] { return latch->done == 1; }));
  }
}

BOOST_AUTO_TEST_CASE(no_more_closures_run_at_once_than_the_limit_and_the_others_wait) {
  const auto latch = std::make_shared<Latch>();
  StepPool pool(StepPool::Drive::kThreads, 3);
  for (int i = 0; i < 10; ++i) pool.post(kOrigin, [latch] { latch->pass(); });

  BOOST_TEST(latch->wait([&] { return latch->inside == 3; }));
  std::this_thread::sleep_for(milliseconds(300));
  BOOST_TEST(pool.busy() == 10u);
  latch->release();

  BOOST_TEST(latch->wait([&] { return latch->done == 10; }));
  BOOST_TEST(latch->most_inside == 3);
}

BOOST_AUTO_TEST_CASE(with_a_limit_of_one_few_closures_run_in_order) {
  const auto latch = std::make_shared<Latch>();
  latch->open = true;
  const auto order = std::make_shared<std::vector<int>>();
  StepPool pool(StepPool::Drive::kThreads, 1);

  for (int i = 0; i < 50; ++i) {
    pool.post(kOrigin, [latch, order, i] {
      order->push_back(i);
      latch->pass();
    });
  }

  BOOST_REQUIRE(latch->wait([&] { return latch->done == 50; }));
  for (int i = 0; i < 50; ++i) BOOST_TEST((*order)[static_cast<std::size_t>(i)] == i);
}

BOOST_AUTO_TEST_CASE(busy_counts_what_is_queued_or_executing_and_goes_back_to_none) {
  const auto latch = std::make_shared<Latch>();
  StepPool pool(StepPool::Drive::kThreads, 4);
  BOOST_TEST(pool.busy() == 0u);
  for (int i = 0; i < 4; ++i) pool.post(kOrigin, [latch] { latch->pass(); });

  BOOST_TEST(pool.busy() == 4u);
  latch->release();

  BOOST_TEST(eventually([&] { return pool.busy() == 0; }, seconds(20)));
}

BOOST_AUTO_TEST_CASE(threads_that_have_nothing_to_do_for_a_while_end) {
  const auto latch = std::make_shared<Latch>();
  const auto before = threads_of_this_process();  // A sanitizer may have one of its own.
  StepPool pool(StepPool::Drive::kThreads, 40);
  for (int i = 0; i < 40; ++i) pool.post(kOrigin, [latch] { latch->pass(); });
  BOOST_REQUIRE(latch->wait([&] { return latch->inside == 40; }));
  BOOST_TEST(threads_of_this_process() >= 41u);

  latch->release();

  BOOST_TEST(eventually([&] { return threads_of_this_process() <= before + 2; }, seconds(60)),
             threads_of_this_process() << " threads are left");
}

BOOST_AUTO_TEST_CASE(a_pool_that_went_idle_works_on) {
  const auto latch = std::make_shared<Latch>();
  latch->open = true;
  StepPool pool(StepPool::Drive::kThreads, 8);

  for (int round = 1; round <= 50; ++round) {
    pool.post(kOrigin, [latch] { latch->pass(); });
    BOOST_REQUIRE(latch->wait([&] { return latch->done == round; }));
    if (round % 10 == 0) std::this_thread::sleep_for(milliseconds(20));
  }
}

BOOST_AUTO_TEST_CASE(destroying_the_pool_does_not_wait_for_a_closure_that_blocks) {
  const auto latch = std::make_shared<Latch>();
  const auto dropped = std::make_shared<std::atomic<int>>(0);
  {
    StepPool pool(StepPool::Drive::kThreads, 1);
    pool.post(kOrigin, [latch] { latch->pass(); });
    BOOST_REQUIRE(latch->wait([&] { return latch->inside == 1; }));
    pool.post(kOrigin, [dropped] { ++*dropped; });
  }

  latch->release();

  BOOST_TEST(latch->wait([&] { return latch->done == 1; }));
  std::this_thread::sleep_for(milliseconds(50));
  BOOST_TEST(*dropped == 0, "a queued closure ran after its pool had gone");
}

BOOST_AUTO_TEST_CASE(closures_posted_from_many_threads_and_from_closures_all_run) {
  const auto count = std::make_shared<std::atomic<int>>(0);
  StepPool pool(StepPool::Drive::kThreads, 8);
  std::vector<std::thread> posters;

  for (int thread = 0; thread < 4; ++thread) {
    posters.emplace_back([&pool, count] {
      for (int i = 0; i < 500; ++i) {
        pool.post(kOrigin, [&pool, count] {
          ++*count;
          pool.post(kOrigin, [count] { ++*count; });
        });
      }
    });
  }
  for (std::thread& poster : posters) poster.join();

  BOOST_TEST(eventually([&] { return *count == 4000; }, seconds(20)));
  BOOST_TEST(eventually([&] { return pool.busy() == 0; }, seconds(20)));
}

BOOST_AUTO_TEST_CASE(inline_a_closure_has_run_when_post_returns_and_on_the_same_thread) {
  StepPool pool(StepPool::Drive::kInline, 8);
  std::thread::id ran_on;

  pool.post(kOrigin, [&] { ran_on = std::this_thread::get_id(); });

  BOOST_TEST((ran_on == std::this_thread::get_id()));
  BOOST_TEST(pool.busy() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::actors
