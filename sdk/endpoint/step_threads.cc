#include "sdk/endpoint/step_threads.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "storage/base/log.h"
#include "storage/base/thread_name.h"

namespace holdfast::runtime {
namespace {

constexpr Logger kLog("sdk");
constexpr auto kIdleThreadLives = std::chrono::seconds(5);
// A queue that has not moved for this long gets another thread.
constexpr auto kStall = std::chrono::milliseconds(2);

}  // namespace

struct StepThreads::Shared {
  std::size_t threads_max = 0;
  std::size_t threads_at_once = 0;  // Started without waiting for a stall.

  // All by mutex.
  std::mutex mutex;
  std::condition_variable work;   // A closure is queued, or the end.
  std::condition_variable stall;  // For the keeper: the queue is no longer empty, or the end.
  std::deque<std::function<void()>> queue;
  std::size_t threads = 0;
  std::size_t idle = 0;
  std::uint64_t taken = 0;  // Closures taken off the queue, ever.
  bool keeper_sleeps = false;
  bool ended = false;
};

StepThreads::StepThreads(std::size_t threads_max) : shared_(std::make_shared<Shared>()) {
  shared_->threads_max = threads_max;
  shared_->threads_at_once =
      std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, threads_max);
  std::thread([shared = shared_] { keep(shared); }).detach();
}

StepThreads::~StepThreads() { close(); }

void StepThreads::post(std::function<void()> closure) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->ended) return;
  shared_->queue.push_back(std::move(closure));
  if (shared_->queue.size() <= shared_->idle) {
    shared_->work.notify_one();
  } else if (shared_->threads < shared_->threads_at_once) {
    start_worker(shared_);
  } else if (shared_->keeper_sleeps) {
    shared_->stall.notify_one();
  }
}

// REQUIRES: the mutex is held.
void StepThreads::start_worker(const std::shared_ptr<Shared>& shared) {
  ++shared->threads;
  try {
    std::thread([shared] { work(shared); }).detach();
  } catch (const std::system_error& error) {
    --shared->threads;  // Those there are must do; the keeper tries again.
    kLog.error("no thread for a closure", "threads={} reason={}", shared->threads, error.what());
  }
}

// Sleeps while the queue is empty; while it is not, looks whether it moves.
void StepThreads::keep(const std::shared_ptr<Shared>& shared) {
  name_this_thread("hf-step-keeper");
  std::unique_lock lock(shared->mutex);
  while (!shared->ended) {
    if (shared->queue.empty()) {
      shared->keeper_sleeps = true;
      shared->stall.wait(lock);
      shared->keeper_sleeps = false;
      continue;
    }
    const std::uint64_t taken_before = shared->taken;
    shared->stall.wait_for(lock, kStall);
    const bool is_stuck = !shared->queue.empty() && shared->taken == taken_before;
    if (is_stuck && shared->idle < shared->queue.size() && shared->threads < shared->threads_max) {
      start_worker(shared);
    }
  }
}

void StepThreads::close() {
  std::deque<std::function<void()>> dropped;  // Destroyed unlocked.
  const std::lock_guard lock(shared_->mutex);
  shared_->ended = true;
  dropped.swap(shared_->queue);
  shared_->work.notify_all();
  shared_->stall.notify_all();
}

std::size_t StepThreads::busy() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->queue.size() + shared_->threads - shared_->idle;
}

void StepThreads::work(const std::shared_ptr<Shared>& shared) {
  name_this_thread("hf-step");
  std::unique_lock lock(shared->mutex);
  while (!shared->ended) {
    if (shared->queue.empty()) {
      ++shared->idle;
      const auto woken = shared->work.wait_for(lock, kIdleThreadLives);
      --shared->idle;
      if (woken == std::cv_status::timeout && shared->queue.empty()) break;
      continue;
    }
    std::function<void()> closure = std::move(shared->queue.front());
    shared->queue.pop_front();
    ++shared->taken;
    lock.unlock();
    closure();
    closure = nullptr;
    lock.lock();
  }
  --shared->threads;
}

}  // namespace holdfast::runtime
