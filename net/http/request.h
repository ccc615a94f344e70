#pragma once
// HttpRequest: one request, whole, as a handler sees it; the same for HTTP/1.1 and HTTP/2.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/bytes.h"

namespace holdfast::net {

// Names are lower case, the order is that of arrival, a name may occur more than once.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// The value of the first header of that name. REQUIRES: `name` is lower case. Borrows from
// `headers`.
inline std::optional<std::string_view> find_header(const HttpHeaders& headers,
                                                   std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [name](const auto& header) { return header.first == name; });
  if (found == headers.end()) {
    return std::nullopt;
  }
  return found->second;
}

enum class HttpVersion {
  kHttp2,   // To an endpoint: by prior knowledge on http://, by ALPN on https://.
  kHttp11,  // Request and answer one after the other.
};

struct HttpRequest {
  std::string method;
  std::string target;   // Path and query as sent, still percent-encoded (uri.h takes it apart).
  HttpHeaders headers;  // HTTP/2 pseudo headers are left out; its :authority stands as "host".
  Bytes body;
  HttpVersion version = HttpVersion::kHttp11;

  std::optional<std::string_view> header(std::string_view name) const {
    return find_header(headers, name);
  }
};

}  // namespace holdfast::net
