#pragma once
// Changes: what differs between two revisions of a service, in words for people. Pure.

#include <string>
#include <vector>

#include "actors/catalog/service_info.h"
#include "journal/deployment.h"

namespace holdfast::actors {

// service, virtual object, workflow.
const char* noun(journal::ServiceKind kind);

// What callers of `before` would miss in `after`: a handler that is gone, another kind of service
// or handler. Empty: nothing.
std::vector<std::string> breaking_changes(const ServiceInfo& before,
                                          const journal::DeclaredService& after);

// What is there in one of them only, or is of another kind. Empty: both have the same services with
// the same handlers, whatever their options.
std::vector<std::string> structural_changes(const journal::Deployment& before,
                                            const journal::Deployment& after);

// Joined with "; ", the first few of them.
std::string summary(const std::vector<std::string>& changes);

}  // namespace holdfast::actors
