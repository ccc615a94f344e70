#pragma once
// ReaderThread: a thread on which the admin API reads the store, so that a long scan holds up
// neither the io thread nor an actor. It sleeps while there is nothing to read.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace holdfast::net {

class ReaderThread {
 public:
  // `stopping` turns true when nobody waits for the outcome any more; long jobs look at it.
  using Job = std::function<void(const std::atomic<bool>& stopping)>;

  // Jobs that may wait. Operators are few; more than this is a script gone wild.
  static constexpr std::size_t kWaitingMax = 64;

  explicit ReaderThread(std::size_t waiting_max = kWaitingMax)
      : waiting_max_(waiting_max), thread_([this] { run(); }) {}
  // Drops waiting jobs, waits for the running one.
  ~ReaderThread();
  ReaderThread(const ReaderThread&) = delete;
  ReaderThread& operator=(const ReaderThread&) = delete;

  // Jobs run in order. False: too many wait; the job is dropped. Any thread.
  bool post(Job job);

 private:
  void run();

  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> waiting_;  // By mutex_.
  std::atomic<bool> stopping_ = false;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace holdfast::net
