#pragma once
// Deployment view: deployments as the admin API shows them. Pure.

#include <boost/json.hpp>

#include "actors/catalog/deployment_info.h"
#include "actors/catalog/registry.h"

namespace holdfast::net {

// Services with name and revision only.
boost::json::object deployment_summary(const actors::DeploymentInfo& info);
// Services whole.
boost::json::object deployment_view(const actors::DeploymentInfo& info);

// What a registration came to. `newest`: as of now.
boost::json::object registration_view(const actors::DeploymentInfo& info,
                                      actors::RegistrationResult result,
                                      const actors::CatalogSnapshot& newest);

}  // namespace holdfast::net
