#pragma once
// OpenAPI view: the paths of the ingress that call one service, as an OpenAPI 3.1 document, from
// which clients may be generated. Pure.
//
// What a handler takes and gives is named by content type; schemas of values are not known. Private
// handlers have no path.

#include <boost/json.hpp>
#include <string>

#include "actors/catalog/catalog.h"

namespace holdfast::net {

boost::json::object openapi_view(const actors::ServiceInfo& service,
                                 const std::string& ingress_endpoint);

}  // namespace holdfast::net
