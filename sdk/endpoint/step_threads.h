#pragma once
// StepThreads: threads that execute the closures of run(), which may block for minutes. There are
// as many as processors while closures are quick; when closures are queued and none is taken for a
// while, because all threads are blocked, more are started, up to a limit. One that has had nothing
// to do for a while ends. Without closures nothing runs.

#include <cstddef>
#include <functional>
#include <memory>

namespace holdfast::runtime {

class StepThreads {
 public:
  explicit StepThreads(std::size_t threads_max);
  // As close().
  ~StepThreads();
  StepThreads(const StepThreads&) = delete;
  StepThreads& operator=(const StepThreads&) = delete;

  // Any thread. `closure` must not throw.
  void post(std::function<void()> closure);
  // Drops what is queued and starts nothing any more; what is executed is left to itself.
  void close();
  // Closures queued or executed.
  std::size_t busy() const;

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);
  static void keep(const std::shared_ptr<Shared>& shared);
  static void start_worker(const std::shared_ptr<Shared>& shared);

  const std::shared_ptr<Shared> shared_;  // Outlives this while a closure blocks a thread.
};

}  // namespace holdfast::runtime
