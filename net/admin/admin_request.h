#pragma once
// AdminRequest: a request to the admin API, taken apart; and what its body must be.

#include <boost/json.hpp>
#include <memory>
#include <optional>

#include "net/http/reply.h"
#include "net/http/request.h"
#include "net/ingress/path.h"
#include "storage/base/result.h"

namespace holdfast::net {

struct AdminRequest {
  HttpRequest http;
  Path path;  // Without a version prefix.
  std::shared_ptr<HttpReply> reply;

  bool is(std::string_view method) const { return http.method == method; }
};

// Whether the body says that it is JSON.
bool says_json(const HttpRequest& request);

// The body as a JSON object. kInvalidArgument.
Result<boost::json::object> json_body(const HttpRequest& request);

}  // namespace holdfast::net
