#pragma once
// Durations as people and HTTP write them. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/result.h"

namespace holdfast::net {

// The longest duration taken: 1,000 years. Longer ones are mistakes, and could overflow a date.
inline constexpr std::int64_t kDurationMsMax = 1000LL * 366 * 86'400'000;

// Milliseconds of a duration in ISO 8601 (P1DT2H3M4.5S, P2W) or friendly form (10s, 1h 30m, 500ms,
// 1 day, 1.5 hours). Parts below a millisecond are cut off. Months and years have no fixed length,
// and a bare number no unit: both are kInvalidArgument, as is a negative duration.
Result<std::int64_t> parse_duration(std::string_view text);

// ISO 8601 in seconds: 86400000 is PT86400S, 1500 is PT1.5S.
std::string duration_text(std::int64_t milliseconds);

}  // namespace holdfast::net
