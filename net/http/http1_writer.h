#pragma once
// The head of an HTTP/1 answer as bytes.

#include "net/http/response.h"

namespace holdfast::net {

enum class Persistence {
  kKeepAlive,        // Says nothing: what HTTP/1.1 means by default.
  kKeepAliveHttp10,  // Says keep-alive, which HTTP/1.0 needs.
  kClose,            // Says close.
};

// Appends status line, headers, content-length and the empty line.
void append_http1_head(Bytes& to, const HttpResponse& response, Persistence persistence);

}  // namespace holdfast::net
