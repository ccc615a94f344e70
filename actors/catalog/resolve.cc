#include "actors/catalog/resolve.h"

#include <algorithm>

namespace holdfast::actors {

Result<Resolved> resolve(const CatalogSnapshot& catalog, std::string_view service,
                         std::optional<std::string_view> key, std::string_view handler,
                         bool idempotent) {
  const auto found = catalog.find(service);
  if (found == catalog.end()) {
    return Error(ErrorCode::kNotFound, "service '" + std::string(service) +
                                           "' not found; is it registered with this server?");
  }
  const ServiceInfo& info = found->second;
  const HandlerInfo* const target = info.handler(handler);
  if (target == nullptr) {
    return Error(ErrorCode::kNotFound, "handler '" + std::string(handler) +
                                           "' not found in service '" + std::string(service) + "'");
  }
  const bool keyed = info.kind != journal::ServiceKind::kService;
  if (keyed && !key) {
    return Error(ErrorCode::kInvalidArgument,
                 "service '" + std::string(service) + "' is keyed: a call needs a key");
  }
  if (!keyed && key && !key->empty()) {
    return Error(ErrorCode::kInvalidArgument,
                 "service '" + std::string(service) + "' has no keys: a call must not have one");
  }

  Resolved resolved;
  resolved.service = &info;
  resolved.info = target;
  journal::Resolution& resolution = resolved.resolution;
  resolution.target = {info.kind, target->kind, info.name,
                       keyed ? std::string(*key) : std::string(), target->name};
  if (target->kind == journal::HandlerKind::kRun) {
    resolution.completion_retention_ms = target->workflow_retention_ms;
  } else if (idempotent) {
    resolution.completion_retention_ms = target->idempotency_retention_ms;
  } else {
    resolution.completion_retention_ms = target->journal_retention_ms;
  }
  resolution.journal_retention_ms =
      std::min(target->journal_retention_ms, resolution.completion_retention_ms);
  return resolved;
}

}  // namespace holdfast::actors
