#pragma once
// ArmedTimers: stored timers on their way to the timer actor. A commit arms many at once; here they
// wait for one mail instead of one each.
//
// Threads: any.

#include <mutex>
#include <utility>
#include <vector>

#include "journal/timer.h"

namespace holdfast::actors {

class ArmedTimers {
 public:
  // True: none was waiting, so the actor must be told that some are.
  [[nodiscard]] bool add(std::vector<journal::Timer> armed) {
    const std::lock_guard lock(mutex_);
    const bool none_waited = waiting_.empty();
    if (none_waited) {
      waiting_ = std::move(armed);
    } else {
      waiting_.insert(waiting_.end(), armed.begin(), armed.end());
    }
    return none_waited && !waiting_.empty();
  }

  std::vector<journal::Timer> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<journal::Timer> waiting_;
};

}  // namespace holdfast::actors
