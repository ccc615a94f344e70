#pragma once
// StepPool: threads that execute closures of handlers, which may block for minutes. Few threads
// while closures are quick; when queued closures wait because all threads are blocked, more are
// started, up to a limit; threads that have had nothing to do for a while end. An idle pool wakes
// up for nothing.
//
// A thread that is merely short of processor time is no reason for another one: the system tells
// whether it waits or would like to run. The thread that went idle last is used first, so that the
// others can end. In which order closures are taken says StepQueue.
//
// In tests on virtual time the pool has no threads: post() runs the closure at once.

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include "actors/steps/step_queue.h"

namespace holdfast::actors {

class StepPool {
 public:
  enum class Drive { kThreads, kInline };

  StepPool(Drive drive, std::size_t threads_max);
  // Queued closures are dropped; running ones are left to themselves.
  ~StepPool();

  // Starts no closure any more; queued ones are dropped.
  void close();
  // Any thread. `closure` must not throw. One that is posted from inside a closure waits for the
  // end of that, if it is the only one; a closure that goes on for long must say so:
  void post(const StepOrigin& origin, std::function<void()> closure);
  // Others take what this thread's closure has posted. Nothing on a thread of nobody's pool.
  static void going_on();
  // Closures queued or executing.
  std::size_t busy() const;
  // Whether at least so many of the service's closures that somebody waits for are queued. Cheap
  // while fewer are queued in all.
  bool has_backlog(std::string_view service, std::size_t closures) const;

 private:
  struct Shared;
  struct Worker;
  static void work(const std::shared_ptr<Shared>& shared);
  static void keep(const std::shared_ptr<Shared>& shared);
  static bool all_blocked(const Shared& shared, std::unique_lock<std::mutex>& lock);
  static void start_worker(const std::shared_ptr<Shared>& shared);

  const Drive drive_;
  std::shared_ptr<Shared> shared_;  // Outlives the pool while a closure blocks a thread.
};

}  // namespace holdfast::actors
