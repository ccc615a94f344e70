#pragma once
// Uri: taking request targets apart and putting them together. Strict: a "%" without two
// hexadecimal digits behind it is kInvalidArgument, never passed on as it stands.

#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::net {

// Both still encoded; borrow from the target. An absolute target (http://host/path) loses its
// scheme and host.
struct Target {
  std::string_view path;
  std::string_view query;  // Without the "?".
};
Target split_target(std::string_view target);

Result<Bytes> percent_decode(std::string_view text);

// Leaves letters, digits and "-._~", so that the result is one path segment or query value.
Bytes percent_encode(BytesView bytes);

// The decoded segments of "/a/b%2Fc/": {"a", "b/c", ""}. A segment is decoded after the split, so
// that an encoded slash stays inside. "/" has one empty segment.
Result<std::vector<Bytes>> path_segments(std::string_view path);

// The decoded pairs of "a=1&b"; "+" is a space; a name without "=" has an empty value.
Result<std::vector<std::pair<Bytes, Bytes>>> query_parameters(std::string_view query);

}  // namespace holdfast::net
