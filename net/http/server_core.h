#pragma once
// ServerCore: what the connections of one server share.
//
// Io thread only, but for `replies`. Core and connections own each other until each connection is
// closed; the core lasts until the last cancelled operation has run.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>

#include "net/http/connection.h"
#include "net/http/pending_reply.h"
#include "net/http/server.h"

namespace holdfast::net {

struct ServerCore {
  ServerCore(boost::asio::io_context& context, HttpServerOptions server_options,
             std::unique_ptr<boost::asio::ssl::context> server_tls, HttpHandler server_handler,
             HttpStreamHandler server_stream_handler)
      : io(context),
        options(std::move(server_options)),
        tls(std::move(server_tls)),
        handler(std::move(server_handler)),
        stream_handler(std::move(server_stream_handler)),
        replies(std::make_shared<ReplyQueue>(context)) {}

  // Registers and starts a connection; one that comes while draining is asked to drain.
  void add(std::shared_ptr<Connection> connection);
  void remove(Connection& connection);

  void drain_connections();
  void close_connections();

  boost::asio::io_context& io;
  const HttpServerOptions options;
  const std::unique_ptr<boost::asio::ssl::context> tls;  // Null: a plain port.
  const HttpHandler handler;
  const HttpStreamHandler stream_handler;  // May be empty.
  const std::shared_ptr<ReplyQueue> replies;

  // Owned from add() until the connection closes and so removes itself.
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections;
  std::size_t arriving_bytes = 0;  // Bodies not yet handed to the handler (see BodyCollector).
  bool draining = false;
  std::function<void()> on_removed;  // After each removal.
};

}  // namespace holdfast::net
