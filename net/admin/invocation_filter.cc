#include "net/admin/invocation_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "net/admin/refusal.h"

namespace holdfast::net {
namespace {

constexpr const char* kStatuses[] = {"pending",     "scheduled", "ready",  "running",
                                     "backing-off", "suspended", "paused", "completed"};

}  // namespace

bool InvocationFilter::takes(const journal::Invocation& invocation) const {
  return (!status.has_value() || *status == journal::status_text(invocation.status)) &&
         (!service.has_value() || *service == invocation.target.service);
}

Result<InvocationFilter> parse_filter(const Path& path) {
  InvocationFilter filter;
  for (const auto& [name, value] : path.query) {
    if (name == "status") {
      if (std::find(std::begin(kStatuses), std::end(kStatuses), value) == std::end(kStatuses)) {
        return wrong_parameter(
            name, fmt::format("'{}' is none of {}", value, fmt::join(kStatuses, ", ")));
      }
      filter.status = value;
    } else if (name == "service") {
      filter.service = value;
    } else if (name == "after") {
      filter.after = TRY(journal::InvocationId::from_text(value));
    } else if (name == "limit") {
      const char* const end = value.data() + value.size();
      const auto parsed = std::from_chars(value.data(), end, filter.limit);
      if (parsed.ec != std::errc() || parsed.ptr != end || filter.limit == 0 ||
          filter.limit > InvocationFilter::kLimitMax) {
        return wrong_parameter(name,
                               fmt::format("1 to {} is expected", InvocationFilter::kLimitMax));
      }
    } else {
      return wrong_parameter(name,
                             "there is none of that name; status, service, limit and after are");
    }
  }
  return filter;
}

}  // namespace holdfast::net
