#pragma once
// Pace: how fast something moves, and when that is too slow.
//
// Two rules, because each alone can be cheated. Something must move within body_idle_timeout: who
// is silent is gone. And after that time, body_bytes_per_second_min must have moved on average: a
// byte now and then would else hold a request, and all that it occupies, for ever.

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "net/http/server_options.h"

namespace holdfast::net {

class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Pace(Clock::time_point now = {}) : begun_at_(now), moved_at_(now) {}

  void move(std::size_t bytes, Clock::time_point now) {
    bytes_ += bytes;
    moved_at_ = now;
  }

  // When it is too slow, unless more moves before. Never earlier than what it said last.
  Clock::time_point due(const HttpServerOptions& options) const {
    const std::chrono::duration<double> earned(static_cast<double>(bytes_) /
                                               options.body_bytes_per_second_min);
    return options.body_idle_timeout +
           std::min(moved_at_, begun_at_ + std::chrono::duration_cast<Clock::duration>(earned));
  }

 private:
  Clock::time_point begun_at_, moved_at_;
  std::size_t bytes_ = 0;
};

}  // namespace holdfast::net
