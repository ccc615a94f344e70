#pragma once
// StepPool: threads that execute closures of handlers, which may block for minutes. Few threads
// while closures are quick; when queued closures wait because all threads are busy, more are
// started, up to a limit; threads that have had nothing to do for a while end. An idle pool wakes
// up for nothing.
//
// In tests on virtual time the pool has no threads: post() runs the closure at once.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace holdfast::actors {

class StepPool {
 public:
  enum class Drive { kThreads, kInline };

  StepPool(Drive drive, std::size_t threads_max);
  // Queued closures are dropped; running ones are left to themselves.
  ~StepPool();

  // Starts no closure any more; queued ones are dropped.
  void close();
  // Any thread. `closure` must not throw.
  void post(std::function<void()> closure);
  // Closures queued or executing.
  std::size_t busy() const;

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);
  static void keep(const std::shared_ptr<Shared>& shared);
  static void start_worker(const std::shared_ptr<Shared>& shared);

  const Drive drive_;
  std::shared_ptr<Shared> shared_;  // Outlives the pool while a closure blocks a thread.
};

}  // namespace holdfast::actors
