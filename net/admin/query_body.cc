#include "net/admin/query_body.h"

namespace holdfast::net {

Result<std::string> parse_query(const boost::json::object& body) {
  const boost::json::value* const query = body.if_contains("query");
  if (query == nullptr || !query->is_string()) {
    return Error(ErrorCode::kInvalidArgument, "the field 'query' must be a text");
  }
  return std::string(query->get_string());
}

}  // namespace holdfast::net
