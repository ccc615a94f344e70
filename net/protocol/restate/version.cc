#include "net/protocol/restate/version.h"

namespace holdfast::protocol::restate {
namespace {

constexpr std::string_view kPrefix = "application/vnd.restate.invocation.v";

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::optional<Version> to_version(std::uint64_t number) {
  if (number < static_cast<std::uint64_t>(kVersionMin)) return std::nullopt;
  if (number > static_cast<std::uint64_t>(kVersionMax)) return std::nullopt;
  return static_cast<Version>(number);
}

std::string_view content_type(Version version) {
  switch (version) {
    case Version::k5:
      return "application/vnd.restate.invocation.v5";
    case Version::k6:
      return "application/vnd.restate.invocation.v6";
    case Version::k7:
      break;
  }
  return "application/vnd.restate.invocation.v7";
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
