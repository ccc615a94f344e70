#include "actors/steps/step_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "actors/steps/thread_state.h"
#include "storage/base/log.h"
#include "storage/base/thread_name.h"

namespace holdfast::actors {

namespace {

constexpr Logger kLog("actors");

// A queue that has not moved for this long gets another thread when those there are blocked ...
constexpr auto kStall = std::chrono::milliseconds(2);
// ... and after this many such times in any case: a closure may also compute for long.
constexpr int kStallsMax = 25;
constexpr auto kIdleThreadLives = std::chrono::seconds(5);
constexpr std::size_t kThreadsKept = 1;

}  // namespace

struct StepPool::Worker {
  ThreadId thread = 0;
  bool executing = false;
  std::condition_variable called;
  bool is_called = false;
};

struct StepPool::Shared {
  std::size_t threads_max = 0;

  // All by mutex.
  std::mutex mutex;
  std::condition_variable stall;  // For the keeper: the queue is no longer empty, or the end.
  StepQueue queue;
  std::vector<Worker*> workers;
  std::vector<Worker*> idle;  // The last one went idle last.
  std::size_t threads = 0;    // Also those that are just starting.
  std::size_t executing = 0;
  std::uint64_t taken = 0;  // Closures taken off the queue, ever.
  bool keeper_sleeps = false;
  bool ended = false;

  // The queue's size, for who looks without the mutex whether it is worth taking.
  std::atomic<std::size_t> queued{0};

  // REQUIRES: the mutex is held, the queue is not empty.
  void call_somebody() {
    if (!idle.empty()) {
      call_one();
    } else if (keeper_sleeps) {
      stall.notify_one();
    }
  }
  void call_one() {
    Worker* const worker = idle.back();
    idle.pop_back();
    worker->is_called = true;
    worker->called.notify_one();
  }
  bool may_grow() const { return !idle.empty() || threads < threads_max; }
};

namespace {

// The pool this thread belongs to, and whether it has promised to take what is queued there.
thread_local void* pool_of_this_thread = nullptr;
thread_local bool promised = false;

}  // namespace

StepPool::StepPool(Drive drive, std::size_t threads_max)
    : drive_(drive), shared_(std::make_shared<Shared>()) {
  shared_->threads_max = threads_max;
  if (drive_ == Drive::kInline) return;
  std::thread([shared = shared_] { keep(shared); }).detach();
}

StepPool::~StepPool() { close(); }

void StepPool::post(const StepOrigin& origin, std::function<void()> closure) {
  if (drive_ == Drive::kInline) {
    closure();
    return;
  }
  const std::lock_guard lock(shared_->mutex);
  if (shared_->ended) return;
  shared_->queue.push(origin, std::move(closure));
  shared_->queued.store(shared_->queue.size(), std::memory_order_relaxed);
  if (shared_->queue.size() == 1 && pool_of_this_thread == shared_.get()) {
    promised = true;
  } else if (shared_->threads < kThreadsKept) {
    start_worker(shared_);
  } else {
    shared_->call_somebody();
  }
}

void StepPool::going_on() {
  if (!std::exchange(promised, false)) return;
  Shared& shared = *static_cast<Shared*>(pool_of_this_thread);
  const std::lock_guard lock(shared.mutex);
  if (!shared.queue.empty()) shared.call_somebody();
}

void StepPool::close() {
  const std::lock_guard lock(shared_->mutex);
  shared_->ended = true;
  shared_->queue.clear();
  while (!shared_->idle.empty()) shared_->call_one();
  shared_->stall.notify_all();
}

std::size_t StepPool::busy() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->queue.size() + shared_->executing;
}

bool StepPool::has_backlog(std::string_view service, std::size_t closures) const {
  if (shared_->queued.load(std::memory_order_relaxed) < closures) return false;
  const std::lock_guard lock(shared_->mutex);
  return shared_->queue.awaited_of(service) >= closures;
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
  pool_of_this_thread = shared.get();
  Worker self;
  self.thread = this_thread_id();
  std::unique_lock lock(shared->mutex);
  shared->workers.push_back(&self);
  while (!shared->ended) {
    if (!shared->queue.empty()) {
      std::function<void()> closure = shared->queue.pop();
      shared->queued.store(shared->queue.size(), std::memory_order_relaxed);
      ++shared->taken;
      ++shared->executing;
      self.executing = true;
      lock.unlock();
      promised = false;
      closure();
      closure = nullptr;
      lock.lock();
      self.executing = false;
      --shared->executing;
      continue;
    }
    self.is_called = false;
    shared->idle.push_back(&self);
    if (shared->threads <= kThreadsKept) {
      self.called.wait(lock, [&] { return self.is_called; });
    } else if (!self.called.wait_for(lock, kIdleThreadLives, [&] { return self.is_called; })) {
      std::erase(shared->idle, &self);
      if (shared->threads > kThreadsKept) break;
    }
  }
  std::erase(shared->workers, &self);
  --shared->threads;
}

// Whether every thread executes a closure that waits for something. Asks the system without the
// lock, which post() needs. REQUIRES: `lock` is held.
bool StepPool::all_blocked(const Shared& shared, std::unique_lock<std::mutex>& lock) {
  std::vector<ThreadId> threads;
  threads.reserve(shared.workers.size());
  for (const Worker* worker : shared.workers) {
    if (!worker->executing) return false;
    threads.push_back(worker->thread);
  }
  lock.unlock();
  const bool all = std::all_of(threads.begin(), threads.end(), is_blocked);
  lock.lock();
  return all;
}

// Sleeps while the queue is empty; while it is not, looks whether it moves.
void StepPool::keep(const std::shared_ptr<Shared>& shared) {
  name_this_thread("hf-step-keeper");
  int stalls = 0;
  std::unique_lock lock(shared->mutex);
  while (!shared->ended) {
    if (shared->queue.empty()) {
      stalls = 0;
      shared->keeper_sleeps = true;
      shared->stall.wait(lock);
      shared->keeper_sleeps = false;
      continue;
    }
    const std::uint64_t taken_before = shared->taken;
    shared->stall.wait_for(lock, kStall);
    if (shared->queue.empty() || shared->taken != taken_before) {
      stalls = 0;
      continue;
    }
    if (!shared->may_grow()) continue;
    if (++stalls < kStallsMax && !all_blocked(*shared, lock)) continue;
    if (shared->ended || shared->taken != taken_before) continue;
    if (!shared->idle.empty()) {
      shared->call_one();
    } else if (shared->threads < shared->threads_max) {
      start_worker(shared);
    }
  }
}

}  // namespace holdfast::actors
