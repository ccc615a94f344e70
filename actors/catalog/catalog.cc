#include "actors/catalog/catalog.h"

#include <algorithm>

namespace holdfast::actors {

const HandlerInfo* ServiceInfo::handler(std::string_view name) const {
  const auto found = std::find_if(handlers.begin(), handlers.end(),
                                  [&](const HandlerInfo& one) { return one.name == name; });
  return found == handlers.end() ? nullptr : &*found;
}

Catalog::Catalog(std::vector<ServiceInfo> services) : declared_(std::move(services)) {
  CatalogSnapshot snapshot;
  for (const ServiceInfo& service : declared_) snapshot.emplace(service.name, service);
  snapshot_ = std::make_shared<const CatalogSnapshot>(std::move(snapshot));
}

std::shared_ptr<const CatalogSnapshot> Catalog::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

Result<void> Catalog::apply(std::string_view service, const journal::ServiceSettings& settings) {
  const std::lock_guard lock(mutex_);
  const auto declared = std::find_if(declared_.begin(), declared_.end(),
                                     [&](const ServiceInfo& one) { return one.name == service; });
  if (declared == declared_.end()) {
    return Error(ErrorCode::kNotFound, "service '" + std::string(service) + "' not found");
  }
  ServiceInfo changed = *declared;
  if (settings.is_public) changed.is_public = *settings.is_public;
  for (HandlerInfo& handler : changed.handlers) {
    const auto lay = [](const std::optional<std::int64_t>& from, std::int64_t& over) {
      if (from) over = *from;
    };
    lay(settings.idempotency_retention_ms, handler.idempotency_retention_ms);
    lay(settings.workflow_retention_ms, handler.workflow_retention_ms);
    lay(settings.journal_retention_ms, handler.journal_retention_ms);
    lay(settings.inactivity_timeout_ms, handler.inactivity_timeout_ms);
    lay(settings.abort_timeout_ms, handler.abort_timeout_ms);
  }
  CatalogSnapshot next = *snapshot_;
  next.insert_or_assign(changed.name, std::move(changed));
  snapshot_ = std::make_shared<const CatalogSnapshot>(std::move(next));
  return {};
}

}  // namespace holdfast::actors
