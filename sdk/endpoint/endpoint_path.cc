#include "sdk/endpoint/endpoint_path.h"

namespace holdfast::runtime {
namespace {

// Takes the last "/segment" off `path`; what it was, without the slash. Empty when there is none.
std::string_view take_last(std::string_view& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view segment = path.substr(slash + 1);
  path = path.substr(0, slash);
  return segment;
}

}  // namespace

std::optional<EndpointPath> parse_endpoint_path(std::string_view target) {
  const std::string_view path = target.substr(0, target.find_first_of("?#"));
  std::string_view base = path;
  const std::string_view last = take_last(base);
  std::string_view above = base;
  const std::string_view service = take_last(above);
  // First: "discover" and "health" are names a handler may have.
  if (take_last(above) == "invoke" && !service.empty() && !last.empty()) {
    return EndpointPath{EndpointPath::Kind::kInvoke, service, last, path.substr(above.size())};
  }
  if (last == "discover") {
    return EndpointPath{EndpointPath::Kind::kDiscover, {}, {}, path.substr(base.size())};
  }
  if (last == "health") return EndpointPath{EndpointPath::Kind::kHealth, {}, {}, path};
  return std::nullopt;
}

}  // namespace holdfast::runtime
