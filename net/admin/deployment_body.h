#pragma once
// Deployment body: what an operator sends to register or change a deployment, taken apart and
// checked. Pure.

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "actors/catalog/registry.h"
#include "journal/deployment.h"
#include "storage/base/result.h"

namespace holdfast::net {

// The one form of an endpoint's address that is stored and compared: http://host:9080/.
// kInvalidArgument says what is wrong.
Result<std::string> normal_uri(std::string_view uri);

struct RegistrationBody {
  std::string uri;  // In its normal form.
  bool use_http_11 = false;
  journal::Pairs additional_headers;  // Names in lower case, sorted.
  journal::Pairs metadata;
  actors::RegistrationOptions options;
};
// kInvalidArgument names the field.
Result<RegistrationBody> parse_registration(const boost::json::object& body);

// None: as it is.
struct UpdateBody {
  std::optional<std::string> uri;
  std::optional<bool> use_http_11;
  std::optional<journal::Pairs> additional_headers;
  bool overwrite = false;
  bool dry_run = false;
};
// kInvalidArgument names the field.
Result<UpdateBody> parse_update(const boost::json::object& body);

}  // namespace holdfast::net
