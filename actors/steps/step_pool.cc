#include "actors/steps/step_pool.h"

#include <chrono>
#include <system_error>
#include <thread>

#include "storage/base/log.h"
#include "storage/base/thread_name.h"

namespace holdfast::actors {

namespace {

constexpr Logger kLog("actors");

// A queue that has not moved for this long gets another thread.
constexpr auto kStall = std::chrono::milliseconds(2);
constexpr auto kIdleThreadLives = std::chrono::seconds(5);
constexpr std::size_t kThreadsKept = 1;

}  // namespace

struct StepPool::Shared {
  std::size_t threads_max = 0;

  // All by mutex.
  std::mutex mutex;
  std::condition_variable work;   // A closure is queued, or the end.
  std::condition_variable stall;  // For the keeper: the queue is no longer empty, or the end.
  std::deque<std::function<void()>> queue;
  std::size_t threads = 0;
  std::size_t idle = 0;
  std::size_t executing = 0;
  std::uint64_t taken = 0;  // Closures taken off the queue, ever.
  bool keeper_sleeps = false;
  bool ended = false;
};

StepPool::StepPool(Drive drive, std::size_t threads_max)
    : drive_(drive), shared_(std::make_shared<Shared>()) {
  shared_->threads_max = threads_max;
  if (drive_ == Drive::kInline) return;
  std::thread([shared = shared_] { keep(shared); }).detach();
}

StepPool::~StepPool() { close(); }

void StepPool::post(std::function<void()> closure) {
  if (drive_ == Drive::kInline) {
    closure();
    return;
  }
  const std::lock_guard lock(shared_->mutex);
  if (shared_->ended) return;
  shared_->queue.push_back(std::move(closure));
  if (shared_->idle > 0) shared_->work.notify_one();
  if (shared_->queue.size() <= shared_->idle) return;
  // More closures than threads that are free for them.
  if (shared_->threads < kThreadsKept) {
    start_worker(shared_);
  } else if (shared_->keeper_sleeps) {
    shared_->stall.notify_one();
  }
}

void StepPool::close() {
  const std::lock_guard lock(shared_->mutex);
  shared_->ended = true;
  shared_->queue.clear();
  shared_->work.notify_all();
  shared_->stall.notify_all();
}

std::size_t StepPool::busy() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->queue.size() + shared_->executing;
}

// REQUIRES: the mutex is held.
void StepPool::start_worker(const std::shared_ptr<Shared>& shared) {
  ++shared->threads;
  try {
    std::thread([shared] { work(shared); }).detach();
  } catch (const std::system_error& error) {
    --shared->threads;  // Those there are must do; the keeper tries again.
    kLog.error("no thread for a closure", "threads={} reason={}", shared->threads, error.what());
  }
}

void StepPool::work(const std::shared_ptr<Shared>& shared) {
  name_this_thread("hf-step");
  std::unique_lock lock(shared->mutex);
  while (!shared->ended) {
    if (shared->queue.empty()) {
      ++shared->idle;
      const bool surplus = shared->threads > kThreadsKept;
      if (surplus) {
        const auto woken = shared->work.wait_for(lock, kIdleThreadLives);
        --shared->idle;
        if (woken == std::cv_status::timeout && shared->queue.empty() &&
            shared->threads > kThreadsKept) {
          break;
        }
      } else {
        shared->work.wait(lock);
        --shared->idle;
      }
      continue;
    }
    std::function<void()> closure = std::move(shared->queue.front());
    shared->queue.pop_front();
    ++shared->taken;
    ++shared->executing;
    lock.unlock();
    closure();
    closure = nullptr;
    lock.lock();
    --shared->executing;
  }
  --shared->threads;
}

// Sleeps while the queue is empty; while it is not, looks whether it moves.
void StepPool::keep(const std::shared_ptr<Shared>& shared) {
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
    const bool stuck = !shared->queue.empty() && shared->taken == taken_before;
    const bool short_of_threads = shared->idle < shared->queue.size();
    if (stuck && short_of_threads && shared->threads < shared->threads_max) {
      start_worker(shared);
    }
  }
}

}  // namespace holdfast::actors
