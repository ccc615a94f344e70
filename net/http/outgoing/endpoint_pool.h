#pragma once
// EndpointPool: the connections to one endpoint. An exchange takes a place on a connection that is
// open; only when all places are taken another connection is made, up to a limit; then exchanges
// wait in a queue with a limit of its own.
//
// Threads: any. Lifetime: exchanges go on when the pool is dropped; its connections close when they
// are done.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "net/http/outgoing/common_headers.h"
#include "net/http/outgoing/endpoint_address.h"
#include "net/http/outgoing/exchange.h"

namespace holdfast::net {

struct OpenOptions {
  // The request body, whole; goes out with its content-length, and send() and half_close() are
  // ignored. Without one the body is what send() brings until half_close().
  std::optional<Bytes> body;

  // Headers behind those of open(), which may differ from request to request. May be null.
  std::shared_ptr<const CommonHeaders> common;

  // From open() to on_head, else kTimedOut. Zero: as long as it takes.
  std::chrono::milliseconds head_timeout{0};
};

class EndpointPool {
 public:
  virtual ~EndpointPool() = default;

  // Begins an exchange. `path` begins with "/", is percent-encoded and goes behind the base path of
  // the address. Names of `headers` are sent in lower case; host, te, content-length
  // and what belongs to the connection are left out or made here. Every failure goes to `events`,
  // later. After stop() nothing happens any more, and `events` are not called.
  virtual std::shared_ptr<Exchange> open(std::string method, std::string path, HttpHeaders headers,
                                         std::shared_ptr<ExchangeEvents> events,
                                         OpenOptions options = {}) = 0;

  virtual const EndpointAddress& address() const = 0;
};

// Where pools come from. Any thread.
class EndpointPools {
 public:
  virtual ~EndpointPools() = default;

  // The pool of that address; the same one as long as somebody holds it.
  virtual std::shared_ptr<EndpointPool> pool_for(const EndpointAddress& address) = 0;
};

}  // namespace holdfast::net
