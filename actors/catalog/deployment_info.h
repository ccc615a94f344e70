#pragma once
// DeploymentInfo: a deployment as the engine and its transport use it: where it is, and its
// services with every option settled. Immutable.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/catalog/service_info.h"
#include "journal/deployment.h"
#include "journal/tables/tables.h"

namespace holdfast::actors {

struct DeploymentInfo {
  std::string id;  // dp_1...
  // Address, headers, HTTP version, mode, protocol versions; its services are as declared.
  journal::Deployment deployment;
  // The same services: an option is the handler's own, else its service's, else the default, and
  // over that lies what the operator set.
  std::vector<ServiceInfo> services;

  const ServiceInfo* service(std::string_view name) const;
};

// By id.
using Deployments = std::map<std::string, std::shared_ptr<const DeploymentInfo>, std::less<>>;

// By service.
using Settings = std::map<std::string, journal::ServiceSettings, std::less<>>;

DeploymentInfo make_deployment_info(journal::Deployment deployment, const Settings& settings);

// Lays `settings` over `service`.
void lay_over(const journal::ServiceSettings& settings, ServiceInfo& service);

}  // namespace holdfast::actors
