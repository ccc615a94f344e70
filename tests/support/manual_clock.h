#pragma once
// ManualClock: time that stands still until a test moves it. Any thread.

#include <atomic>

#include "storage/base/clock.h"

namespace holdfast::testing {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = from_unix_millis(1'700'000'000'000))
      : millis_(to_unix_millis(start)) {}

  WallTime now() const override { return from_unix_millis(millis_.load()); }
  void advance(Millis by) { millis_ += by.count(); }
  void set(WallTime time) { millis_ = to_unix_millis(time); }

 private:
  std::atomic<std::int64_t> millis_;
};

}  // namespace holdfast::testing
