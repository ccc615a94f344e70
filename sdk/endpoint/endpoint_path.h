#pragma once
// EndpointPath: what a request to an endpoint asks for, by its path. An endpoint may stand behind
// any base, which it is not told: the end of the path counts.

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::runtime {

struct EndpointPath {
  enum class Kind { kDiscover, kInvoke, kHealth };
  Kind kind;
  // Of kInvoke. Names need no percent-encoding, and are not decoded.
  std::string_view service, handler;
  // From the base on, without the query: what the sender signs.
  std::string_view signed_path;
};

// Borrows from `target`.
std::optional<EndpointPath> parse_endpoint_path(std::string_view target);

}  // namespace holdfast::runtime
