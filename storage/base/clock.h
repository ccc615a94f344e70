#pragma once
// Clock: where the time comes from. Nothing below the process' edges reads the system clock itself,
// so that tests and simulations can own time. Times are milliseconds since the Unix epoch (wall
// clock).

#include <chrono>
#include <cstdint>

namespace holdfast {

using Millis = std::chrono::milliseconds;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Millis>;

class Clock {
 public:
  virtual ~Clock() = default;
  // Any thread.
  virtual WallTime now() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime now() const override {
    return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
  }
};

inline std::int64_t to_unix_millis(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime from_unix_millis(std::int64_t millis) { return WallTime(Millis(millis)); }

}  // namespace holdfast
