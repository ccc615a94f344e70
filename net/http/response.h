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

}  // namespace holdfast::net
