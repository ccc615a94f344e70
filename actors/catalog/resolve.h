#pragma once
// Resolve: from the names in a request to a target and how long its traces are kept. Pure.

#include <optional>
#include <string_view>

#include "actors/catalog/catalog.h"
#include "journal/machine/machine.h"

namespace holdfast::actors {

// What resolve() found; `service` and `info` point into the snapshot.
struct Resolved {
  const ServiceInfo* service = nullptr;  // With the deployment that serves it.
  const HandlerInfo* info = nullptr;
  journal::Resolution resolution;  // Without the fresh id.
};

// kNotFound: no such service or handler. kInvalidArgument: a key where none belongs, or none where
// one does. `idempotent`: the call carries an idempotency key.
Result<Resolved> resolve(const CatalogSnapshot& catalog, std::string_view service,
                         std::optional<std::string_view> key, std::string_view handler,
                         bool idempotent);

}  // namespace holdfast::actors
