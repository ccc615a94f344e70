#include "net/protocol/restate/version.h"

namespace holdfast::protocol::restate {
namespace {

constexpr std::string_view kPrefix = "application/vnd.restate.invocation.v";

std::string text_of(Version version) {
  return std::string(kPrefix) + std::to_string(static_cast<int>(version));
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::optional<Version> to_version(std::uint64_t number) {
  if (number < static_cast<std::uint64_t>(kVersionMin)) return std::nullopt;
  if (number > static_cast<std::uint64_t>(kVersionMax)) return std::nullopt;
  return static_cast<Version>(number);
}

const std::string& content_type(Version version) {
  static const std::string texts[] = {text_of(Version::k5), text_of(Version::k6),
                                      text_of(Version::k7)};
  return texts[static_cast<int>(version) - static_cast<int>(kVersionMin)];
}

std::optional<Version> parse_content_type(std::string_view text) {
  if (text.size() != kPrefix.size() + 1) return std::nullopt;  // All versions have one digit.
  for (std::size_t i = 0; i < kPrefix.size(); ++i) {
    if (to_lower(text[i]) != kPrefix[i]) return std::nullopt;
  }
  const char digit = text.back();
  if (digit < '0' || digit > '9') return std::nullopt;
  return to_version(static_cast<std::uint64_t>(digit - '0'));
}

}  // namespace holdfast::protocol::restate
