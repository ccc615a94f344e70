#pragma once
// Version: which edition of the Restate service protocol an attempt speaks. It is chosen from what
// the endpoint offers, named by the content type of both directions, and stays the same for all
// attempts of an invocation.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::protocol::restate {

enum class Version : std::uint8_t {
  k5 = 5,
  k6 = 6,  // Metadata of failures.
  k7 = 7,  // Futures as trees, acknowledged proposals, the idempotency key in Start.
};
inline constexpr Version kVersionMin = Version::k5;
inline constexpr Version kVersionMax = Version::k7;

// The version of this number, if it is spoken here.
std::optional<Version> to_version(std::uint64_t number);

// "application/vnd.restate.invocation.v6". For ever.
const std::string& content_type(Version version);

// The version a content type names. Nothing for any other text: the type has no parameters, and a
// number has no leading zero. Letters of either case.
std::optional<Version> parse_content_type(std::string_view text);

}  // namespace holdfast::protocol::restate
