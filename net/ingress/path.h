#pragma once
// Path: the target of a request taken apart, decoded and checked: what it yields may become the
// name of a service, a key or a log field. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::net {

// Whether `text` is well-formed UTF-8.
bool is_utf8(BytesView text);

struct Path {
  std::vector<std::string> segments;  // Decoded; none is empty.
  std::vector<std::pair<std::string, std::string>> query;

  // The value of the first parameter of that name.
  std::optional<std::string_view> parameter(std::string_view name) const;
};

// One trailing slash is trimmed. kInvalidArgument: a broken percent escape, text that is not UTF-8,
// a control character, an empty segment, a target that is no path.
Result<Path> parse_path(std::string_view target);

}  // namespace holdfast::net
