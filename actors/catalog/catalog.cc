#include "actors/catalog/catalog.h"

#include <algorithm>
#include <utility>

namespace holdfast::actors {
namespace {

const ServiceInfo* named(const std::vector<ServiceInfo>& services, std::string_view name) {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const ServiceInfo& one) { return one.name == name; });
  return found == services.end() ? nullptr : &*found;
}

}  // namespace

Catalog::Catalog(std::vector<ServiceInfo> services)
    : embedded_(std::move(services)), deployments_(std::make_shared<const Deployments>()) {
  publish();
}

std::shared_ptr<const CatalogSnapshot> Catalog::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

std::shared_ptr<const Deployments> Catalog::deployments() const {
  const std::lock_guard lock(mutex_);
  return deployments_;
}

std::shared_ptr<const DeploymentInfo> Catalog::deployment(std::string_view id) const {
  const auto all = deployments();
  const auto found = all->find(id);
  return found == all->end() ? nullptr : found->second;
}

std::shared_ptr<const ServiceInfo> Catalog::find(std::string_view service,
                                                 std::string_view deployment_id) const {
  if (const auto info = deployment(deployment_id)) {
    const ServiceInfo* const found = info->service(service);
    return found == nullptr ? nullptr : std::shared_ptr<const ServiceInfo>(info, found);
  }
  const auto newest = snapshot();
  const auto found = newest->find(service);
  if (found == newest->end() || found->second.deployment_id != deployment_id) return nullptr;
  return {newest, &found->second};
}

bool Catalog::is_embedded(std::string_view service) const {
  return named(embedded_, service) != nullptr;
}

Result<void> Catalog::apply(std::string_view service, const journal::ServiceSettings& settings) {
  const std::lock_guard lock(mutex_);
  if (!snapshot_->contains(service)) {
    return Error(ErrorCode::kNotFound, "service '" + std::string(service) + "' not found");
  }
  settings_.insert_or_assign(std::string(service), settings);
  Deployments next = *deployments_;
  for (auto& [id, info] : next) {
    if (info->service(service) != nullptr) info = shared_info(info->deployment);
  }
  deployments_ = std::make_shared<const Deployments>(std::move(next));
  publish();
  return {};
}

void Catalog::restore(std::vector<journal::Deployment> deployments, Settings settings) {
  const std::lock_guard lock(mutex_);
  settings_ = std::move(settings);
  Deployments next;
  for (journal::Deployment& deployment : deployments) {
    auto info = shared_info(std::move(deployment));
    next.insert_or_assign(info->id, info);
  }
  deployments_ = std::make_shared<const Deployments>(std::move(next));
  publish();
}

void Catalog::put(journal::Deployment deployment) {
  const std::lock_guard lock(mutex_);
  auto info = shared_info(std::move(deployment));
  Deployments next = *deployments_;
  next.insert_or_assign(info->id, info);
  deployments_ = std::make_shared<const Deployments>(std::move(next));
  publish();
}

void Catalog::remove(std::string_view deployment_id) {
  const std::lock_guard lock(mutex_);
  Deployments next = *deployments_;
  const auto found = next.find(deployment_id);
  if (found == next.end()) return;
  next.erase(found);
  deployments_ = std::make_shared<const Deployments>(std::move(next));
  publish();
}

std::shared_ptr<const DeploymentInfo> Catalog::shared_info(journal::Deployment deployment) const {
  return std::make_shared<const DeploymentInfo>(
      make_deployment_info(std::move(deployment), settings_));
}

void Catalog::publish() {
  CatalogSnapshot next;
  for (const auto& [id, info] : *deployments_) {
    for (const ServiceInfo& service : info->services) {
      const auto known = next.find(service.name);
      if (known == next.end() || known->second.revision < service.revision) {
        next.insert_or_assign(service.name, service);
      }
    }
  }
  for (const ServiceInfo& service : embedded_) {
    ServiceInfo& shown = next.insert_or_assign(service.name, service).first->second;
    const auto found = settings_.find(service.name);
    if (found != settings_.end()) lay_over(found->second, shown);
  }
  snapshot_ = std::make_shared<const CatalogSnapshot>(std::move(next));
}

}  // namespace holdfast::actors
