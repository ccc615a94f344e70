#include "net/ingress/callee.h"

#include <fmt/format.h>

namespace holdfast::net {

Result<const actors::ServiceInfo*> find_service(const std::string& name,
                                                const actors::CatalogSnapshot& catalog) {
  const auto found = catalog.find(name);
  if (found == catalog.end()) {
    return Error(ErrorCode::kNotFound, fmt::format("service '{}' not found", name));
  }
  return &found->second;
}

Result<const actors::HandlerInfo*> find_handler(const actors::ServiceInfo& service,
                                                const std::string& name) {
  const actors::HandlerInfo* const handler = service.handler(name);
  if (handler == nullptr) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("service '{}' has no handler '{}'", service.name, name));
  }
  return handler;
}

}  // namespace holdfast::net
