#include "storage/base/time_text.h"

#include <fmt/format.h>

#include <ctime>

namespace holdfast {

std::string time_text(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000 - (unix_ms % 1000 < 0 ? 1 : 0);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return std::to_string(unix_ms) + " ms";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     unix_ms - static_cast<std::int64_t>(seconds) * 1000);
}

}  // namespace holdfast
