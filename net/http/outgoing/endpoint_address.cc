#include "net/http/outgoing/endpoint_address.h"

#include <algorithm>
#include <boost/asio/ip/address_v6.hpp>
#include <charconv>

#include "net/http/uri.h"

namespace holdfast::net {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

Error unusable(std::string_view uri, const char* why) {
  return Error(ErrorCode::kInvalidArgument,
               "the endpoint address " + std::string(uri) + " cannot be used: " + why);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool is_host_character(char c) {
  const char low = lower(c);
  return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// Takes the scheme and "://" off `rest`; false when it is neither http nor https.
bool take_scheme(std::string_view& rest, bool& secure) {
  const std::size_t end = rest.find("://");
  if (end == std::string_view::npos) {
    return false;
  }
  std::string scheme(rest.substr(0, end));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), lower);
  secure = scheme == "https";
  rest.remove_prefix(end + 3);
  return secure || scheme == "http";
}

// Null, or why the host cannot be used. Takes it off `rest`, which then is "" or ":port".
const char* take_host(std::string_view& rest, std::string& host) {
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) {
      return "a ] is missing";
    }
    host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    boost::system::error_code error;
    boost::asio::ip::make_address_v6(host, error);
    if (error) {
      return "what is in brackets is no IPv6 address";
    }
  } else {
    host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(host.size());
    if (!std::all_of(host.begin(), host.end(), is_host_character)) {
      return "the host has a character that no host name has";
    }
  }
  std::transform(host.begin(), host.end(), host.begin(), lower);
  return host.empty() ? "it has no host" : nullptr;
}

const char* read_port(std::string_view text, std::uint16_t& port) {
  if (text.empty() || text == ":") {
    return nullptr;
  }
  const char* const end = text.data() + text.size();
  const auto [read_to, error] = std::from_chars(text.data() + 1, end, port);
  const bool fits = text[0] == ':' && error == std::errc() && read_to == end && port != 0;
  return fits ? nullptr : "the port is not a number from 1 to 65535";
}

}  // namespace

std::string EndpointAddress::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (secure ? kHttpsPort : kHttpPort)) {
    text += ":" + std::to_string(port);
  }
  return text;
}

std::string EndpointAddress::uri() const {
  return (secure ? "https://" : "http://") + authority() + base_path;
}

Result<EndpointAddress> parse_endpoint_address(std::string_view uri, HttpVersion version) {
  const bool printable =
      std::all_of(uri.begin(), uri.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!printable) {
    return Error(ErrorCode::kInvalidArgument,
                 "the endpoint address has a space or a character that no URI has");
  }
  EndpointAddress address;
  address.version = version;
  std::string_view rest = uri;
  if (!take_scheme(rest, address.secure)) {
    return unusable(uri, "it does not begin with http:// or https://");
  }
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return unusable(uri, "it has a query or a fragment");
  }
  const std::size_t path = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, path);
  address.base_path = rest.substr(path);
  if (authority.find('@') != std::string_view::npos) {
    return unusable("(left out)", "it has a user name; send credentials as a header");
  }
  address.port = address.secure ? kHttpsPort : kHttpPort;
  const char* why = take_host(authority, address.host);
  if (why == nullptr) {
    why = read_port(authority, address.port);
  }
  if (why != nullptr) {
    return unusable(uri, why);
  }
  if (!percent_decode(address.base_path)) {
    return unusable(uri, "a % is not followed by two hex digits");
  }
  while (address.base_path.ends_with('/')) {
    address.base_path.pop_back();
  }
  return address;
}

}  // namespace holdfast::net
