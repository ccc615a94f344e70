#pragma once
// Discovery: asking an endpoint which services it serves.

#include <chrono>
#include <functional>
#include <string>

#include "journal/deployment.h"
#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::net {

struct DiscoveryRequest {
  std::string uri;           // Of the endpoint, in its normal form.
  bool use_http_11 = false;  // Else http is HTTP/2 with prior knowledge, and https as ALPN says.
  journal::Pairs additional_headers;
};

// A 2xx answer, not yet looked into.
struct Discovered {
  Bytes manifest;
  std::string content_type;
  journal::HttpVersion http_version = journal::HttpVersion::kHttp2;
  std::string server;  // x-restate-server; empty: it did not say.
};

class Discovery {
 public:
  virtual ~Discovery() = default;
  // Calls `on_done` exactly once, on any thread, maybe in the call. kInvalidArgument; the message
  // begins with [META0003] when the endpoint cannot be reached or does not answer as one.
  virtual void discover(DiscoveryRequest request,
                        std::function<void(Result<Discovered>)> on_done) = 0;
};

}  // namespace holdfast::net
