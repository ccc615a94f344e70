#include "net/admin/host_rule.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace holdfast::net {
namespace {

std::string_view without_port(std::string_view host) {
  const std::size_t end = host.find_last_not_of("0123456789");
  return end != std::string_view::npos && host[end] == ':' ? host.substr(0, end) : host;
}

bool is_address(int family, std::string_view text) {
  unsigned char address[sizeof(in6_addr)];
  return inet_pton(family, std::string(text).c_str(), address) == 1;
}

bool is_localhost(std::string_view text) {
  static constexpr std::string_view kLocalhost = "localhost";
  return std::equal(text.begin(), text.end(), kLocalhost.begin(), kLocalhost.end(),
                    [](unsigned char a, char b) { return std::tolower(a) == b; });
}

}  // namespace

bool host_allowed(HostNames names, std::optional<std::string_view> host) {
  if (names == HostNames::kAny || !host.has_value()) return true;
  const std::string_view name = without_port(*host);
  if (name.starts_with('[') && name.ends_with(']')) {
    return is_address(AF_INET6, name.substr(1, name.size() - 2));
  }
  return is_localhost(name) || is_address(AF_INET, name);
}

}  // namespace holdfast::net
