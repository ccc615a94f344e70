#pragma once
// Deployment view: deployments as the admin API shows them. Pure.

#include <boost/json.hpp>
#include <cstdint>
#include <optional>

#include "actors/catalog/catalog.h"
#include "actors/catalog/deployment_info.h"
#include "actors/catalog/registry.h"

namespace holdfast::net {

// The code of this process as a deployment, at an address where nobody is; none when it serves
// nothing. `started_at`: of this process, in Unix milliseconds.
std::optional<actors::DeploymentInfo> embedded_deployment(const actors::CatalogSnapshot& catalog,
                                                          std::int64_t started_at);

// Services with name and revision only.
boost::json::object deployment_summary(const actors::DeploymentInfo& info);
// Services whole.
boost::json::object deployment_view(const actors::DeploymentInfo& info);

// What a registration came to. `newest`: as of now.
boost::json::object registration_view(const actors::DeploymentInfo& info,
                                      actors::RegistrationResult result,
                                      const actors::CatalogSnapshot& newest);

}  // namespace holdfast::net
