#include "net/http/outgoing/request_rules.h"

#include <algorithm>

#include "net/http/header_rules.h"

namespace holdfast::net {

const char* request_problem(const OutgoingExchange::Request& request) {
  if (!is_token(request.method)) {
    return "the method is not a word";
  }
  const std::string& path = request.path;
  if (!path.starts_with('/') ||
      !std::all_of(path.begin(), path.end(), [](char c) { return c > 0x20 && c < 0x7f; })) {
    return "the path does not begin with a slash, or has a character that must be encoded";
  }
  const bool named =
      all_named(request.headers) && (request.common == nullptr || request.common->are_named());
  return named ? nullptr : "the name of a header has a character that no such name has";
}

bool all_named(const HttpHeaders& headers) {
  return std::all_of(headers.begin(), headers.end(),
                     [](const auto& header) { return is_token(header.first); });
}

bool goes_with_request(std::string_view name) {
  return name != "host" && name != "te" && !belongs_to_connection(name);
}

void make_names_lower(HttpHeaders& headers) {
  for (auto& [name, value] : headers) {
    for (char& c : name) {
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    }
  }
}

}  // namespace holdfast::net
