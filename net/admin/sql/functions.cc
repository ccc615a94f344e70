#include "net/admin/sql/functions.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/admin/sql/like.h"
#include "net/admin/sql/ordered_values.h"
#include "net/admin/sql/over_counts.h"
#include "net/admin/sql/sqlite_values.h"
#include "net/admin/sql/text_functions.h"
#include "net/ingress/duration_text.h"
#include "storage/base/time_text.h"

namespace holdfast::net::sql {
namespace {

// Reads digits; none when there are not exactly so many.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  int number = 0;
  if (text.size() < count) return std::nullopt;
  const auto parsed = std::from_chars(text.data(), text.data() + count, number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + count || text[0] == '-') {
    return std::nullopt;
  }
  text.remove_prefix(count);
  return number;
}

bool skip(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

// What is after the minutes: :SS, then .fff, then Z or +hh:mm. Milliseconds to add.
std::optional<std::int64_t> seconds_and_zone(std::string_view text) {
  std::int64_t millis = 0;
  if (skip(text, ':')) {
    const auto seconds = digits(text, 2);
    if (!seconds || *seconds > 60) return std::nullopt;
    millis = *seconds * 1000;
  }
  if (skip(text, '.')) {
    for (int scale = 100; !text.empty() && text[0] >= '0' && text[0] <= '9'; scale /= 10) {
      millis += (text[0] - '0') * scale;
      text.remove_prefix(1);
    }
  }
  if (text.empty() || text == "Z" || text == "z") return millis;
  const bool east = text[0] == '+';
  if (!east && text[0] != '-') return std::nullopt;
  text.remove_prefix(1);
  const auto hours = digits(text, 2);
  skip(text, ':');
  const auto minutes = digits(text, 2);
  if (!hours || !minutes || !text.empty()) return std::nullopt;
  const std::int64_t shift = (*hours * 60 + *minutes) * 60'000;
  return east ? millis - shift : millis + shift;
}

// 2026-11-20, 2026-11-20 13:10, 2026-11-20T13:10:12.960Z, ...+01:00.
std::optional<std::int64_t> parse_time(std::string_view text) {
  const auto year = digits(text, 4);
  if (!year || !skip(text, '-')) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || !skip(text, '-')) return std::nullopt;
  const auto day = digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t midnight =
      std::chrono::sys_days(date).time_since_epoch().count() * 86'400'000LL;
  if (text.empty()) return midnight;
  if (!skip(text, 'T') && !skip(text, ' ')) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || *hour > 23 || !skip(text, ':')) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  const auto rest = seconds_and_zone(text);
  if (!rest) return std::nullopt;
  return midnight + (*hour * 60 + *minute) * 60'000LL + *rest;
}

// The years that have four digits.
constexpr std::int64_t kTimeMin = -62'167'219'200'000;
constexpr std::int64_t kTimeMax = 253'402'300'799'999;

bool is_in_range(sqlite3_context* context, std::int64_t unix_ms) {
  if (unix_ms >= kTimeMin && unix_ms <= kTimeMax) return true;
  give_error(context, "the time is out of range");
  return false;
}

void give_time(sqlite3_context* context, std::int64_t unix_ms) {
  if (is_in_range(context, unix_ms)) give(context, time_text(unix_ms));
}

void now(sqlite3_context* context, int, Arguments) {
  give_time(context, *static_cast<const std::int64_t*>(sqlite3_user_data(context)));
}

void from_number(sqlite3_context* context, sqlite3_value* value, double scale) {
  const double unix_ms = sqlite3_value_double(value) * scale;
  if (!(unix_ms >= kTimeMin && unix_ms <= kTimeMax)) {
    return give_error(context, "the time is out of range");
  }
  give_time(context, static_cast<std::int64_t>(unix_ms));
}

void to_timestamp(sqlite3_context* context, int, Arguments values) {
  if (is_null(values[0])) return;
  if (sqlite3_value_type(values[0]) != SQLITE_TEXT) return from_number(context, values[0], 1000);
  const auto time = parse_time(text_of(values[0]));
  if (!time) {
    return give_error(context, fmt::format("'{}' is not a time; write it like "
                                           "2026-11-20T13:10:12.960Z",
                                           text_of(values[0]).substr(0, 64)));
  }
  give_time(context, *time);
}

void to_timestamp_millis(sqlite3_context* context, int count, Arguments values) {
  if (sqlite3_value_type(values[0]) == SQLITE_TEXT) return to_timestamp(context, count, values);
  if (!is_null(values[0])) from_number(context, values[0], 1);
}

void date_trunc(sqlite3_context* context, int, Arguments values) {
  if (is_null(values[1])) return;
  const auto time = parse_time(text_of(values[1]));
  if (!time) return give_error(context, "date_trunc: the second argument is not a time");
  if (!is_in_range(context, *time)) return;  // By its zone.
  static constexpr std::pair<const char*, std::size_t> kKept[] = {
      {"year", 4}, {"month", 7}, {"day", 10}, {"hour", 13}, {"minute", 16}, {"second", 19}};
  for (const auto& [unit, kept] : kKept) {
    if (sqlite3_stricmp(unit, std::string(text_of(values[0])).c_str()) != 0) continue;
    return give(context, time_text(*time).substr(0, kept) +
                             std::string("0000-01-01T00:00:00.000Z").substr(kept));
  }
  give_error(context, "date_trunc: the unit is one of year, month, day, hour, minute, second");
}

void add_interval(sqlite3_context* context, int, Arguments values) {
  if (is_null(values[0]) || is_null(values[2])) return;
  const auto time = parse_time(text_of(values[0]));
  if (!time) return give_error(context, "an interval is added to a time only");
  const auto span = parse_duration(text_of(values[2]));
  if (!span) return give_error(context, span.error().message());
  give_time(context, sqlite3_value_int64(values[1]) < 0 ? *time - *span : *time + *span);
}

void concat(sqlite3_context* context, int count, Arguments values) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += text_of(values[i]);
    if (!fits(context, text)) return;
  }
  give(context, text);
}

void concat_ws(sqlite3_context* context, int count, Arguments values) {
  if (count == 0 || is_null(values[0])) return;
  std::string text;
  bool first = true;
  for (int i = 1; i < count; ++i) {
    if (is_null(values[i])) continue;
    if (!first) text += text_of(values[0]);
    first = false;
    text += text_of(values[i]);
    if (!fits(context, text)) return;
  }
  give(context, text);
}

template <class Test>
void test(sqlite3_context* context, Arguments values, Test holds) {
  if (is_null(values[0]) || is_null(values[1])) return;
  sqlite3_result_int(context, holds(text_of(values[0]), text_of(values[1])));
}
void starts_with(sqlite3_context* context, int, Arguments values) {
  test(context, values, [](auto text, auto part) { return text.starts_with(part); });
}
void ends_with(sqlite3_context* context, int, Arguments values) {
  test(context, values, [](auto text, auto part) { return text.ends_with(part); });
}
// Where the part begins, counted from 1; 0: nowhere. In bytes.
void strpos(sqlite3_context* context, int, Arguments values) {
  test(context, values,
       [](auto text, auto part) { return static_cast<int>(find_in(text, part) + 1); });
}
void contains(sqlite3_context* context, int, Arguments values) {
  test(context, values, [](auto text, auto part) { return find_in(text, part) != text.npos; });
}

// SQLite keeps the sum, which begins as 0.
void add_count(sqlite3_context* context, int, Arguments arguments) {
  auto* const sum =
      static_cast<sqlite3_int64*>(sqlite3_aggregate_context(context, sizeof(sqlite3_int64)));
  if (sum == nullptr) return sqlite3_result_error_nomem(context);
  *sum += sqlite3_value_int64(arguments[0]);
}
void give_count(sqlite3_context* context) {
  const auto* const sum = static_cast<const sqlite3_int64*>(sqlite3_aggregate_context(context, 0));
  sqlite3_result_int64(context, sum == nullptr ? 0 : *sum);
}

constexpr Function kFunctions[] = {
    {"to_timestamp", 1, to_timestamp},
    {"to_timestamp_millis", 1, to_timestamp_millis},
    {"date_trunc", 2, date_trunc},
    {"add_interval", 3, add_interval},
    {"concat", -1, concat},
    {"concat_ws", -1, concat_ws},
    {"starts_with", 2, starts_with},
    {"ends_with", 2, ends_with},
    {"contains", 2, contains},
    {"strpos", 2, strpos},
};

}  // namespace

int add_functions(sqlite3* connection, std::int64_t now_unix_ms, const QueryWatch& watch) {
  constexpr int kFlags = Function::kFlags;
  if (const int code = add_all(connection, kFunctions); code != SQLITE_OK) return code;
  if (const int code = add_text_functions(connection); code != SQLITE_OK) return code;
  if (const int code = add_like(connection, &watch); code != SQLITE_OK) return code;
  if (const int code = add_ordered_values(connection); code != SQLITE_OK) return code;
  const int counts = sqlite3_create_function_v2(connection, kSumOfCounts, 1, kFlags, nullptr,
                                                nullptr, add_count, give_count, nullptr);
  if (counts != SQLITE_OK) return counts;
  // SQLite deletes it, also when it refuses the function.
  return sqlite3_create_function_v2(connection, "now", 0, kFlags, new std::int64_t(now_unix_ms),
                                    now, nullptr, nullptr,
                                    [](void* time) { delete static_cast<std::int64_t*>(time); });
}

}  // namespace holdfast::net::sql
