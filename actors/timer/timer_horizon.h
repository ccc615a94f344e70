#pragma once
// TimerHorizon: up to which time the timer actor must be told of new timers. What is due later is
// in the table, and will be found there; most timers (results that expire in a day) are. Of those
// it is told of one, so that it knows that there are any. And of all that are due as soon as what
// it has read was then (an hour, or as far as it can keep): when the clock has been set, the
// horizon is wrong, and the actor shall look.
//
// Nothing is missed between the two: the actor asks to be told of all before it reads the table,
// and says how far it has read afterwards. So a timer that was stored before its arming saw the old
// horizon was stored before the table was read.
//
// Threads: tell_all() and set() the timer actor's, the rest any.

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace holdfast::actors {

class TimerHorizon {
 public:
  // How far from now the actor reads when there is not more than it can keep.
  static constexpr std::int64_t kAheadMs = 3'600'000;

  void tell_all() {
    until_.store(INT64_MAX);
    knows_of_later_.store(false);
  }
  void set(std::int64_t due_unix_ms, std::int64_t now_unix_ms) {
    until_.store(due_unix_ms);
    ahead_ms_.store(std::min(due_unix_ms - now_unix_ms, kAheadMs));
  }
  // REQUIRES: the timer is stored.
  bool must_tell(std::int64_t due_unix_ms, std::int64_t now_unix_ms) {
    if (due_unix_ms <= until_.load() || due_unix_ms - now_unix_ms <= ahead_ms_.load()) return true;
    return !knows_of_later_.load() && !knows_of_later_.exchange(true);
  }

 private:
  std::atomic<std::int64_t> until_{INT64_MAX};
  std::atomic<std::int64_t> ahead_ms_{kAheadMs};
  std::atomic<bool> knows_of_later_{false};
};

}  // namespace holdfast::actors
