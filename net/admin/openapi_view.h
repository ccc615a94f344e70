#pragma once
// OpenAPI view: the paths of the ingress that call one service, as an OpenAPI 3.1 document, from
// which clients may be generated. Pure.
//
// What a handler takes and gives is named by content type, and by a JSON schema where the endpoint
// declared one. Private handlers have no path.

#include <boost/json.hpp>
#include <string>

#include "actors/catalog/catalog.h"
#include "journal/deployment.h"

namespace holdfast::net {

// `declared` is the service in the manifest of its deployment; null for code of this process.
boost::json::object openapi_view(const actors::ServiceInfo& service,
                                 const journal::DeclaredService* declared,
                                 const std::string& ingress_endpoint);

}  // namespace holdfast::net
