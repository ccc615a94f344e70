#pragma once
// Callee: whom a request is for, as the catalog knows him. Pure; borrows from the catalog.

#include <optional>
#include <string>

#include "actors/catalog/catalog.h"
#include "storage/base/result.h"

namespace holdfast::net {

// A handler that exists, and the key for it.
struct Callee {
  const actors::ServiceInfo* service = nullptr;
  const actors::HandlerInfo* handler = nullptr;
  std::optional<std::string> key;  // Given exactly for keyed services.
};

inline bool is_keyed(const actors::ServiceInfo& service) {
  return service.kind != journal::ServiceKind::kService;
}

// kNotFound.
Result<const actors::ServiceInfo*> find_service(const std::string& name,
                                                const actors::CatalogSnapshot& catalog);
Result<const actors::HandlerInfo*> find_handler(const actors::ServiceInfo& service,
                                                const std::string& name);

}  // namespace holdfast::net
