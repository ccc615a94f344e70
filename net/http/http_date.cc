#include "net/http/http_date.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>

namespace holdfast::net {
namespace {

constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Takes parts from the front of a text; once one is not there, none is.
class Parts {
 public:
  explicit Parts(std::string_view text) : rest_(text) {}

  bool text(std::string_view expected) {
    const bool there = ok_ && rest_.starts_with(expected);
    if (there) rest_.remove_prefix(expected.size());
    return there;
  }
  void expect(std::string_view expected) { ok_ = text(expected); }
  // So many digits; with `padded`, the first may be a space.
  unsigned number(std::size_t digits, bool padded = false) {
    unsigned value = 0;
    ok_ = ok_ && rest_.size() >= digits;
    for (std::size_t i = 0; ok_ && i < digits; ++i) {
      const char c = rest_[i];
      const bool blank = padded && i == 0 && c == ' ';
      ok_ = blank || (c >= '0' && c <= '9');
      value = value * 10 + (blank ? 0 : static_cast<unsigned>(c - '0'));
    }
    if (ok_) rest_.remove_prefix(digits);
    return value;
  }
  unsigned month() {
    for (unsigned i = 0; i < 12; ++i) {
      if (text(kMonths[i])) return i + 1;
    }
    ok_ = false;
    return 0;
  }
  bool at_end() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct Date {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

void take_time(Parts& parts, Date& date) {
  date.hour = parts.number(2);
  parts.expect(":");
  date.minute = parts.number(2);
  parts.expect(":");
  date.second = parts.number(2);
}

// The latest year that ends in these digits and is no more than 50 years ahead.
int full_year(unsigned digits, std::int64_t now_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> now{std::chrono::milliseconds(now_ms)};
  const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
  const int latest = static_cast<int>(today.year()) + 50;
  return latest - (latest - static_cast<int>(digits)) % 100;
}

std::optional<std::int64_t> to_unix_ms(const Date& date) {
  const std::chrono::year_month_day day{std::chrono::year(date.year),
                                        std::chrono::month(date.month), std::chrono::day(date.day)};
  // 60 is a leap second.
  if (!day.ok() || date.hour > 23 || date.minute > 59 || date.second > 60) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return ((days * 24 + date.hour) * 60 + date.minute) * 60'000 + date.second * 1000;
}

}  // namespace

std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now_ms) {
  Parts parts(text);
  Date date;
  bool named = false;
  for (const std::string_view day : kDays) {
    if (named) break;
    if (parts.text(std::string(day) + ", ")) {
      named = true;
      date.day = parts.number(2);
      parts.expect("-");
      date.month = parts.month();
      parts.expect("-");
      date.year = full_year(parts.number(2), now_ms);
      parts.expect(" ");
      take_time(parts, date);
      parts.expect(" GMT");
    } else if (parts.text(std::string(day.substr(0, 3)) + ", ")) {
      named = true;
      date.day = parts.number(2);
      parts.expect(" ");
      date.month = parts.month();
      parts.expect(" ");
      date.year = static_cast<int>(parts.number(4));
      parts.expect(" ");
      take_time(parts, date);
      parts.expect(" GMT");
    } else if (parts.text(std::string(day.substr(0, 3)) + " ")) {
      named = true;
      date.month = parts.month();
      parts.expect(" ");
      date.day = parts.number(2, true);
      parts.expect(" ");
      take_time(parts, date);
      parts.expect(" ");
      date.year = static_cast<int>(parts.number(4));
    }
  }
  if (!named || !parts.at_end()) return std::nullopt;
  return to_unix_ms(date);
}

std::optional<std::int64_t> parse_retry_after(std::string_view text, std::int64_t now_ms) {
  constexpr std::int64_t kDayMs = 86'400'000;
  std::int64_t seconds = 0;
  std::int64_t delay_ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size()) {
    delay_ms = std::clamp<std::int64_t>(seconds, 0, kDayMs / 1000) * 1000;
  } else if (const auto date = parse_http_date(text, now_ms)) {
    delay_ms = *date - now_ms;
  }
  if (delay_ms <= 0) return std::nullopt;
  return std::min(delay_ms, kDayMs);
}

}  // namespace holdfast::net
