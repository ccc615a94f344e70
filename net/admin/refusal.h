#pragma once
// Refusals: what is wrong with what an operator sent, by the name he gave it. Pure.

#include <fmt/format.h>

#include <string_view>

#include "storage/base/result.h"

namespace holdfast::net {

// Of a body.
inline Error wrong_field(std::string_view field, std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("field '{}': {}", field, why)};
}
// Of a query string.
inline Error wrong_parameter(std::string_view parameter, std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("parameter '{}': {}", parameter, why)};
}

}  // namespace holdfast::net
