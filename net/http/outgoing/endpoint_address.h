#pragma once
// EndpointAddress: where a handler endpoint listens, taken apart from its URI.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/http/request.h"
#include "storage/base/result.h"

namespace holdfast::net {

// A value. Two addresses that are equal share connections.
struct EndpointAddress {
  bool secure = false;  // https
  std::string host;     // Lower case; an IPv6 address without its brackets.
  std::uint16_t port = 0;
  std::string base_path;  // "" or "/a/b": no slash at the end; still percent-encoded.
  HttpVersion version = HttpVersion::kHttp2;

  // "host:port" as a Host header or :authority has it: without the scheme's usual port, an IPv6
  // address in brackets.
  std::string authority() const;

  // Scheme, authority and base path: what a person registered.
  std::string uri() const;

  auto operator<=>(const EndpointAddress&) const = default;
};

// Takes "http://host:9080/base" apart. kInvalidArgument says what is wrong: no http or https, no
// host, a port out of range, a user name, a query or fragment, a space or control character.
Result<EndpointAddress> parse_endpoint_address(std::string_view uri,
                                               HttpVersion version = HttpVersion::kHttp2);

}  // namespace holdfast::net
