#pragma once
// Time text: a moment as people and HTTP write it. Pure.

#include <cstdint>
#include <string>

namespace holdfast {

// RFC 3339 in UTC with milliseconds: 2026-11-20T13:10:12.960Z. A time that no calendar has, as a
// damaged record may hold, is its number: "9223372036854775807 ms".
std::string time_text(std::int64_t unix_ms);

}  // namespace holdfast
