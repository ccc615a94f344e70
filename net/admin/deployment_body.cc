#include "net/admin/deployment_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "net/http/header_rules.h"
#include "net/http/outgoing/endpoint_address.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

constexpr std::size_t kUriBytesMax = 2048;
constexpr std::size_t kPairsMax = 64;
constexpr std::size_t kPairsBytesMax = 16 << 10;

// What the request to a handler says itself.
constexpr std::string_view kOurHeaders[] = {"host", "content-type", "accept", "expect"};

Error wrong(std::string_view field, std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("field '{:.64}': {}", field, why)};
}

Result<void> take_flag(std::string_view field, const json::value& value, bool& to) {
  if (!value.is_bool()) return wrong(field, "true or false is expected");
  to = value.get_bool();
  return {};
}

Result<std::string> take_uri(const json::value& value) {
  if (!value.is_string()) return wrong("uri", "a string is expected");
  Result<std::string> uri = normal_uri(std::string_view(value.get_string()));
  if (!uri) return wrong("uri", uri.error().message());
  return uri;
}

Result<journal::Pairs> take_pairs(std::string_view field, const json::value& value) {
  if (!value.is_object()) return wrong(field, "an object of strings is expected");
  if (value.get_object().size() > kPairsMax) {
    return wrong(field, fmt::format("more than {} are too many", kPairsMax));
  }
  journal::Pairs pairs;
  std::size_t bytes = 0;
  for (const auto& [name, text] : value.get_object()) {
    if (!text.is_string()) return wrong(field, "its values must be strings");
    bytes += name.size() + text.get_string().size();
    pairs.emplace_back(std::string(name), std::string(text.get_string()));
  }
  if (bytes > kPairsBytesMax) {
    return wrong(field, fmt::format("more than {} KiB are too much", kPairsBytesMax >> 10));
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

bool is_header_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

Result<journal::Pairs> take_headers(const json::value& value) {
  constexpr std::string_view kField = "additional_headers";
  journal::Pairs headers = TRY(take_pairs(kField, value));
  for (auto& [name, text] : headers) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!is_token(name)) return wrong(kField, fmt::format("'{:.64}' is no header name", name));
    if (!is_header_value(text)) {
      return wrong(kField, fmt::format("the value of '{:.64}' has a control character", name));
    }
    if (belongs_to_connection(name) || name == "content-length" ||
        std::find(std::begin(kOurHeaders), std::end(kOurHeaders), name) != std::end(kOurHeaders)) {
      return wrong(kField, fmt::format("'{}' is set by this server", name));
    }
  }
  std::sort(headers.begin(), headers.end());
  const auto twice =
      std::adjacent_find(headers.begin(), headers.end(),
                         [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice != headers.end()) {
    return wrong(kField, fmt::format("'{:.64}' is there twice", twice->first));
  }
  return headers;
}

// Whether a field of Restate's that has no meaning here.
bool is_unsupported(std::string_view field) {
  return field == "arn" || field == "auth" || field == "assume_role_arn";
}

Error no_such(std::string_view field) {
  return is_unsupported(field)
             ? wrong(field, "it is not supported: endpoints are reached over HTTP, by 'uri'")
             : wrong(field, "there is no such field");
}

}  // namespace

Result<std::string> normal_uri(std::string_view uri) {
  if (uri.size() > kUriBytesMax) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("it is longer than {} bytes", kUriBytesMax));
  }
  const EndpointAddress address = TRY(parse_endpoint_address(uri));
  return address.uri() + (address.base_path.empty() ? "/" : "");
}

Result<RegistrationBody> parse_registration(const json::object& body) {
  RegistrationBody result;
  for (const auto& [name, value] : body) {
    const std::string_view field = name;
    if (value.is_null()) continue;
    if (field == "uri") {
      result.uri = TRY(take_uri(value));
    } else if (field == "use_http_11") {
      TRY(take_flag(field, value, result.use_http_11));
    } else if (field == "additional_headers") {
      result.additional_headers = TRY(take_headers(value));
    } else if (field == "metadata") {
      result.metadata = TRY(take_pairs(field, value));
    } else if (field == "force") {
      TRY(take_flag(field, value, result.options.force));
    } else if (field == "breaking") {
      TRY(take_flag(field, value, result.options.breaking));
    } else if (field == "dry_run") {
      TRY(take_flag(field, value, result.options.dry_run));
    } else {
      return no_such(field);
    }
  }
  if (result.uri.empty()) return wrong("uri", "the address of the endpoint is expected");
  return result;
}

Result<UpdateBody> parse_update(const json::object& body) {
  UpdateBody result;
  for (const auto& [name, value] : body) {
    const std::string_view field = name;
    if (value.is_null()) continue;
    if (field == "uri") {
      result.uri = TRY(take_uri(value));
    } else if (field == "use_http_11") {
      TRY(take_flag(field, value, result.use_http_11.emplace()));
    } else if (field == "additional_headers") {
      result.additional_headers = TRY(take_headers(value));
    } else if (field == "overwrite") {
      TRY(take_flag(field, value, result.overwrite));
    } else if (field == "dry_run") {
      TRY(take_flag(field, value, result.dry_run));
    } else {
      return no_such(field);
    }
  }
  return result;
}

}  // namespace holdfast::net
