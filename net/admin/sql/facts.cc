#include "net/admin/sql/facts.h"

#include "net/admin/deployment_view.h"

namespace holdfast::net::sql {

std::vector<ServiceFact> CatalogFacts::services() const {
  std::vector<ServiceFact> services;
  const auto snapshot = catalog_.snapshot();
  for (const auto& [name, service] : *snapshot) {
    services.push_back(
        {name, service.revision, service.is_public, service.kind, service.deployment_id});
  }
  return services;
}

std::vector<DeploymentFact> CatalogFacts::deployments() const {
  std::vector<DeploymentFact> deployments;
  const auto add = [&](const std::string& id, const actors::DeploymentInfo& info) {
    const journal::Deployment& from = info.deployment;
    DeploymentFact& fact = deployments.emplace_back();
    fact.id = id;
    fact.kind = "http";
    fact.endpoint = from.uri;
    fact.created_at = from.created_at;
    fact.protocol_version_min = from.protocol_version_min;
    fact.protocol_version_max = from.protocol_version_max;
    for (const auto& service : info.services) fact.services.push_back(service.name);
  };
  for (const auto& [id, info] : *catalog_.deployments()) add(id, *info);
  // When it began is not a fact of the catalog.
  if (const auto own = embedded_deployment(*catalog_.snapshot(), 0)) {
    add(std::string(actors::kEmbeddedDeployment), *own);
  }
  return deployments;
}

std::string CatalogFacts::server_of(std::string_view deployment_id) const {
  const auto info = catalog_.deployment(deployment_id);
  return info == nullptr ? std::string() : info->deployment.sdk_version;
}

}  // namespace holdfast::net::sql
