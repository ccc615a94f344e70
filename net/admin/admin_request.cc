#include "net/admin/admin_request.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace holdfast::net {

bool says_json(const HttpRequest& request) {
  std::string type(request.header("content-type").value_or(""));
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type == "application/json";
}

Result<boost::json::object> json_body(const HttpRequest& request) {
  boost::system::error_code failed;
  boost::json::value body = boost::json::parse({request.body.data(), request.body.size()}, failed);
  if (failed) {
    return Error(ErrorCode::kInvalidArgument, "the body is not JSON: " + failed.message());
  }
  if (!body.is_object()) {
    return Error(ErrorCode::kInvalidArgument, "the body must be a JSON object");
  }
  return std::move(body.get_object());
}

}  // namespace holdfast::net
