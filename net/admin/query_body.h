#pragma once
// Query body: what an operator sends to POST /query. Pure.

#include <boost/json.hpp>
#include <string>

#include "storage/base/result.h"

namespace holdfast::net {

// The text of the query: {"query"}. kInvalidArgument.
Result<std::string> parse_query(const boost::json::object& body);

}  // namespace holdfast::net
