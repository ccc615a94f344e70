#include "net/ingress/duration_text.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <chrono>

namespace holdfast::net {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;  // Units are counted in nanoseconds.
constexpr __int128 kNanosMax = static_cast<__int128>(kDurationMsMax) * 1'000'000;

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};
constexpr Unit kUnits[] = {
    {"ns", 1},
    {"nanos", 1},
    {"nanosecond", 1},
    {"nanoseconds", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000},
    {"micros", 1000},
    {"microsecond", 1000},
    {"microseconds", 1000},
    {"ms", 1'000'000},
    {"milli", 1'000'000},
    {"millis", 1'000'000},
    {"msec", 1'000'000},
    {"msecs", 1'000'000},
    {"millisecond", 1'000'000},
    {"milliseconds", 1'000'000},
    {"s", kSecond},
    {"sec", kSecond},
    {"secs", kSecond},
    {"second", kSecond},
    {"seconds", kSecond},
    {"m", 60 * kSecond},
    {"min", 60 * kSecond},
    {"mins", 60 * kSecond},
    {"minute", 60 * kSecond},
    {"minutes", 60 * kSecond},
    {"h", 3600 * kSecond},
    {"hr", 3600 * kSecond},
    {"hrs", 3600 * kSecond},
    {"hour", 3600 * kSecond},
    {"hours", 3600 * kSecond},
    {"d", 86'400 * kSecond},
    {"day", 86'400 * kSecond},
    {"days", 86'400 * kSecond},
    {"w", 7 * 86'400 * kSecond},
    {"wk", 7 * 86'400 * kSecond},
    {"wks", 7 * 86'400 * kSecond},
    {"week", 7 * 86'400 * kSecond},
    {"weeks", 7 * 86'400 * kSecond},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A sum of durations that never overflows.
class Sum {
 public:
  explicit Sum(std::string_view text) : text_(text) {}

  Error wrong(std::string_view why) const {
    return {ErrorCode::kInvalidArgument,
            fmt::format("'{}' is not a duration: {}; write it like PT5S, 10s, 1h 30m or 1 day",
                        text_.substr(0, 64), why)};
  }

  // Adds `number` (digits, maybe a fraction) times `nanos`.
  Result<void> add(std::string_view number, std::int64_t nanos) {
    __int128 whole = 0;
    std::size_t at = 0;
    for (; at < number.size() && is_digit(number[at]); ++at) {
      whole = whole * 10 + (number[at] - '0');
      if (whole > kNanosMax) return wrong("it is too long");
    }
    __int128 fraction = 0, scale = 1;
    for (++at; at < number.size(); ++at) {
      if (scale < 1'000'000'000) {
        fraction = fraction * 10 + (number[at] - '0');
        scale *= 10;
      }
    }
    nanos_ += whole * nanos + fraction * nanos / scale;
    if (nanos_ > kNanosMax) return wrong("it is too long");
    return {};
  }

  std::int64_t milliseconds() const { return static_cast<std::int64_t>(nanos_ / 1'000'000); }

 private:
  std::string_view text_;
  __int128 nanos_ = 0;
};

// The number that `rest` begins with, cut off from it; empty when there is none. One '.' or ',' may
// stand in it between digits.
std::string_view take_number(std::string_view& rest) {
  std::size_t end = 0;
  while (end < rest.size() && is_digit(rest[end])) ++end;
  if (end > 0 && end + 1 < rest.size() && (rest[end] == '.' || rest[end] == ',') &&
      is_digit(rest[end + 1])) {
    ++end;
    while (end < rest.size() && is_digit(rest[end])) ++end;
  }
  const std::string_view number = rest.substr(0, end);
  rest.remove_prefix(end);
  return number;
}

bool has_fraction(std::string_view number) {
  return number.find_first_of(".,") != std::string_view::npos;
}

Result<std::int64_t> parse_iso(std::string_view text) {
  Sum sum(text);
  std::string_view rest = text.substr(1);
  bool in_time = false;
  std::string_view order = "WDHMS";  // Each unit once, in this order.
  bool any = false, fraction = false;
  while (!rest.empty()) {
    if ((rest[0] == 'T' || rest[0] == 't') && !in_time) {
      in_time = true;
      any = false;
      rest.remove_prefix(1);
      continue;
    }
    const std::string_view number = take_number(rest);
    if (number.empty() || rest.empty()) return sum.wrong("a number and its unit are expected");
    if (fraction) return sum.wrong("only its last part may have a fraction");
    fraction = has_fraction(number);
    const char unit = static_cast<char>(std::toupper(static_cast<unsigned char>(rest[0])));
    rest.remove_prefix(1);
    if (!in_time && (unit == 'Y' || unit == 'M')) {
      return sum.wrong("months and years have no fixed length");
    }
    const std::size_t at = order.find(unit);
    const bool of_date = unit == 'W' || unit == 'D';
    if (at == std::string_view::npos || of_date == in_time) {
      return sum.wrong("its units are W, D, then after a T: H, M, S, each once and in this order");
    }
    order.remove_prefix(at + 1);
    const std::int64_t seconds = unit == 'W'   ? 7 * 86'400
                                 : unit == 'D' ? 86'400
                                 : unit == 'H' ? 3600
                                 : unit == 'M' ? 60
                                               : 1;
    TRY(sum.add(number, seconds * kSecond));
    any = true;
  }
  if (!any) return sum.wrong("it ends too early");
  return sum.milliseconds();
}

Result<std::int64_t> parse_friendly(std::string_view text) {
  Sum sum(text);
  std::string_view rest = text;
  const auto skip_space = [&rest] {
    while (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
  };
  skip_space();
  if (rest.empty()) return sum.wrong("it is empty");
  while (!rest.empty()) {
    const std::string_view number = take_number(rest);
    if (number.empty()) return sum.wrong("a number is expected");
    skip_space();
    std::size_t end = 0;
    while (end < rest.size() && rest[end] != ' ' && rest[end] != ',' && !is_digit(rest[end])) ++end;
    const std::string_view name = rest.substr(0, end);
    rest.remove_prefix(end);
    const Unit* found = nullptr;
    for (const Unit& unit : kUnits) {
      if (unit.name == name) found = &unit;
    }
    if (found == nullptr) {
      return sum.wrong(name.empty() ? std::string("a unit is missing")
                                    : fmt::format("there is no unit '{}'", name));
    }
    TRY(sum.add(number, found->nanos));
    if (!rest.empty() && rest[0] == ',') rest.remove_prefix(1);
    skip_space();
  }
  return sum.milliseconds();
}

}  // namespace

Result<std::int64_t> parse_duration(std::string_view text) {
  if (!text.empty() && (text[0] == 'P' || text[0] == 'p')) return parse_iso(text);
  return parse_friendly(text);
}

std::string duration_text(std::int64_t milliseconds) {
  if (milliseconds % 1000 == 0) return fmt::format("PT{}S", milliseconds / 1000);
  std::string text = fmt::format("PT{}.{:03}", milliseconds / 1000, milliseconds % 1000);
  while (text.back() == '0') text.pop_back();
  return text + "S";
}

}  // namespace holdfast::net
