#pragma once
// HttpDate: a moment as HTTP writes it, or how long it is until then. Pure.

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::net {

// Unix milliseconds of a date in any of the three forms of RFC 9110, 5.6.7:
//   Sun, 06 Nov 1994 08:49:37 GMT      Sunday, 06-Nov-94 08:49:37 GMT      Sun Nov  6 08:49:37 1994
// A year of two digits is the latest that is no more than 50 years after `now_ms`. The day of the
// week must be one, and is not held against the date. None: it is no such text, or no date of the
// calendar.
std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now_ms);

// The milliseconds that a Retry-After asks for, in seconds or as a date, one day at most. None:
// it says neither, or 0, or a time that is over: who came back at once would do so for ever.
std::optional<std::int64_t> parse_retry_after(std::string_view text, std::int64_t now_ms);

}  // namespace holdfast::net
