#pragma once
// HttpServer: HTTP/1.1 and HTTP/2 on one port, whole requests in, whole answers out; over HTTP/2 a
// server may also take requests as streams (streamed_exchange.h).
//
// A plain port tells HTTP/2 by its connection preface (prior knowledge); `Upgrade: h2c` is ignored
// and answered as HTTP/1.1. A TLS port goes by ALPN. A client that closes its sending side before
// it has its answer counts as gone (HttpReply::on_abandoned).
//
// Threads: one thread runs the io_context; the handler runs on it. HttpReply may be used from any.
// Idle costs nothing: timers run only for connections, one each, and only to their next deadline.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "net/http/reply.h"
#include "net/http/request.h"
#include "net/http/server_options.h"
#include "net/http/streamed_exchange.h"
#include "storage/base/result.h"

namespace holdfast::net {

// Must not block. May answer at once or keep the reply for later.
using HttpHandler = std::function<void(HttpRequest&&, std::shared_ptr<HttpReply>)>;

class HttpServer {
 public:
  // Listens from here on; accepts when `io` runs. kInvalidArgument names a certificate or key that
  // cannot be used, or an address that is none; kUnavailable a port that cannot be had.
  static Result<std::unique_ptr<HttpServer>> listen(boost::asio::io_context& io,
                                                    HttpServerOptions options, HttpHandler handler,
                                                    HttpStreamHandler stream_handler = {});

  // Closes everything at once, as stop(). REQUIRES: on the io thread, or nobody runs `io`.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;

  // The calls below may be made from any thread; they take effect on the io thread, in order.

  void stop_accepting();

  // Stops accepting, closes idle connections, lets requests in flight finish (HTTP/2: GOAWAY), cuts
  // what is left after `patience`, then calls `done` on the io thread. REQUIRES: called once.
  void drain(std::chrono::milliseconds patience, std::function<void()> done);

  // Cuts every connection. Unanswered replies are abandoned.
  void stop();

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace holdfast::net
