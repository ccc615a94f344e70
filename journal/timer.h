#pragma once
// Timer: a stored promise that something happens at a time. It fires at least once, never early,
// and takes effect once (INV-7).

#include <compare>
#include <cstdint>

#include "journal/entry.h"
#include "journal/ids.h"

namespace holdfast::journal {

enum class TimerKind : std::uint8_t {
  kSleep = 1,          // Completes `completion` of the invocation.
  kRetry = 2,          // Starts its next attempt.
  kStart = 3,          // Starts a delayed send.
  kExpire = 4,         // Removes the result and journal, whose retention is over.
  kExpireJournal = 5,  // Removes the journal only.
};

// Ordered by time, then by invocation: the order of the table.
struct Timer {
  std::int64_t due_unix_ms = 0;
  InvocationId invocation;
  TimerKind kind = TimerKind::kSleep;
  CompletionId completion = 0;

  auto operator<=>(const Timer&) const = default;
};

}  // namespace holdfast::journal
