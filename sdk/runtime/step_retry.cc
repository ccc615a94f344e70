#include "sdk/runtime/step_retry.h"

#include <algorithm>
#include <cmath>

namespace holdfast::runtime {

std::optional<std::int64_t> next_step_delay_ms(const RunOptions& options,
                                               const StepHistory& history) {
  const std::uint64_t attempts = std::uint64_t{history.failed_before} + 1;
  if (options.max_attempts && attempts >= *options.max_attempts) return std::nullopt;
  if (options.max_duration && history.retrying_for_ms >= options.max_duration->count()) {
    return std::nullopt;
  }

  const double factor = std::max(options.factor, 1.0);
  const double max = static_cast<double>(std::max<std::int64_t>(options.max_interval.count(), 0));
  const double initial =
      static_cast<double>(std::max<std::int64_t>(options.initial_interval.count(), 0));
  const double plain = std::min(initial * std::pow(factor, history.failed_before), max);
  const double share = static_cast<double>(history.chance >> 11) * 0x1.0p-53;  // In [0, 1).
  const double jitter = std::clamp(options.jitter, 0.0, 1.0);
  const double delay = std::min(plain * (1 + jitter * (2 * share - 1)), max);
  constexpr double kDelayMsMax = 1e15;
  return static_cast<std::int64_t>(std::clamp(delay, 0.0, kDelayMsMax));
}

}  // namespace holdfast::runtime
