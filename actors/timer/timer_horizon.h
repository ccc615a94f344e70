#pragma once
// TimerHorizon: up to which time the timer actor must be told of new timers. What is due later is
// in the table, and will be found there; most timers (results that expire in a day) are.
//
// Nothing is missed between the two: the actor asks to be told of all before it reads the table,
// and says how far it has read afterwards. So a timer that was stored before its arming saw the old
// horizon was stored before the table was read.
//
// Threads: set() the timer actor's, the rest any.

#include <atomic>
#include <cstdint>

namespace holdfast::actors {

class TimerHorizon {
 public:
  static constexpr std::int64_t kAll = INT64_MAX;

  void set(std::int64_t due_unix_ms) { until_.store(due_unix_ms, std::memory_order_seq_cst); }
  // REQUIRES: the timer is stored.
  bool must_tell(std::int64_t due_unix_ms) const {
    return due_unix_ms <= until_.load(std::memory_order_seq_cst);
  }

 private:
  std::atomic<std::int64_t> until_{kAll};
};

}  // namespace holdfast::actors
