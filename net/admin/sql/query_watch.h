#pragma once
// QueryWatch: tells a running query when it must end, and counts what it could not read. One
// thread.

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "storage/base/clock.h"
#include "storage/base/result.h"

namespace holdfast::net::sql {

class QueryWatch {
 public:
  using Flag = std::shared_ptr<const std::atomic<bool>>;

  // The time runs from here. `stopping`: the process ends; `abandoned`: nobody waits for the
  // answer.
  QueryWatch(Millis time_limit, const std::atomic<bool>& stopping, Flag abandoned)
      : time_limit_(time_limit),
        deadline_(std::chrono::steady_clock::now() + time_limit),
        stopping_(stopping),
        abandoned_(std::move(abandoned)) {}

  // Why the query must end, once it must.
  Result<void> check() const {
    if (stopping_) return Error(ErrorCode::kShuttingDown, "the server is stopping");
    if (*abandoned_) return Error(ErrorCode::kUnavailable, "the client has gone");
    if (std::chrono::steady_clock::now() < deadline_) return {};
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("the query took longer than {} ms and was stopped; narrow it, or set "
                             "admin.query_time_ms",
                             time_limit_.count()));
  }

  void count_unreadable(std::uint64_t records = 1) { unreadable_ += records; }
  std::uint64_t unreadable() const { return unreadable_; }

 private:
  const Millis time_limit_;
  const std::chrono::steady_clock::time_point deadline_;
  const std::atomic<bool>& stopping_;
  const Flag abandoned_;
  std::uint64_t unreadable_ = 0;
};

}  // namespace holdfast::net::sql
