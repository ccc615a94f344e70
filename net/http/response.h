#pragma once
// HttpResponse: one answer, whole.

#include <optional>
#include <string_view>

#include "net/http/request.h"
#include "storage/base/bytes.h"

namespace holdfast::net {

// The wire adds content-length itself. Headers that belong to the connection (connection,
// transfer-encoding and their like) are not sent on, except that `connection: close` closes it. A
// name that is not a token is left out; a control character in a value becomes a space. So a header
// made from a user's data cannot forge another.
struct HttpResponse {
  int status = 200;
  HttpHeaders headers;  // Names in lower case.
  Bytes body;

  std::optional<std::string_view> header(std::string_view name) const {
    return find_header(headers, name);
  }
};

// Who is refused for now, with 429 or 503, hears when to come back: in a second.
inline void add_retry_after(HttpResponse& response) {
  if (response.status != 429 && response.status != 503) return;
  response.headers.emplace_back("retry-after", "1");
}

}  // namespace holdfast::net
