#pragma once
// StepRetry: what becomes of a step that failed and may be tried again. Pure.

#include <cstdint>
#include <optional>

#include "sdk/include/holdfast/runtime/context_core.h"

namespace holdfast::runtime {

struct StepHistory {
  std::uint32_t failed_before = 0;   // Attempts that failed before this one.
  std::int64_t retrying_for_ms = 0;  // Since the first of them.
  std::uint64_t chance = 0;          // 64 bits for the jitter.
};

// The delay before the next try; none when the step has failed for good.
std::optional<std::int64_t> next_step_delay_ms(const RunOptions& options,
                                               const StepHistory& history);

}  // namespace holdfast::runtime
