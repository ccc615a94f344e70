#pragma once
// InvocationFilter: what GET /invocations asks for. Pure.

#include <cstddef>
#include <optional>
#include <string>

#include "journal/invocation.h"
#include "net/ingress/path.h"
#include "storage/base/result.h"

namespace holdfast::net {

struct InvocationFilter {
  static constexpr std::size_t kLimit = 100;
  static constexpr std::size_t kLimitMax = 10'000;

  std::optional<std::string> status, service;
  std::optional<journal::InvocationId> after;  // Where the page before ended.
  std::size_t limit = kLimit;

  bool takes(const journal::Invocation& invocation) const;
};
// kInvalidArgument names the parameter.
Result<InvocationFilter> parse_filter(const Path& path);

}  // namespace holdfast::net
