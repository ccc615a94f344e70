#include "net/http/server.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "net/http/listener.h"
#include "net/http/server_core.h"
#include "net/http/tls_context.h"

namespace holdfast::net {
namespace {

// One drain: waits for the last connection or the end of patience, whichever is first.
class Drain : public std::enable_shared_from_this<Drain> {
 public:
  Drain(std::shared_ptr<ServerCore> core, std::function<void()> done)
      : core_(std::move(core)), done_(std::move(done)), timer_(core_->io) {}

  void start(std::chrono::milliseconds patience) {
    core_->on_removed = [self = shared_from_this()] { self->check(); };
    timer_.expires_after(patience);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) {
        self->core_->close_connections();
      }
    });
    core_->drain_connections();
    check();
  }

 private:
  void check() {
    if (!core_->connections.empty() || !done_) {
      return;
    }
    timer_.cancel();
    boost::asio::post(core_->io, std::exchange(done_, nullptr));
    // Ends the cycle core -> drain -> core, but not under the feet of the call going on.
    boost::asio::post(core_->io, [core = core_] { core->on_removed = nullptr; });
  }

  const std::shared_ptr<ServerCore> core_;
  std::function<void()> done_;  // Empty once called.
  boost::asio::steady_timer timer_;
};

Result<void> check_options(const HttpServerOptions& options) {
  if (options.body_bytes_max > HttpServerOptions::kBodyBytesCap) {
    return Error(ErrorCode::kInvalidArgument, "body_bytes_max is above its cap of 32 MiB");
  }
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return Error(ErrorCode::kInvalidArgument,
                 "TLS needs a certificate file and a key file, or neither");
  }
  return {};
}

}  // namespace

HttpResponse json_error_response(int status, std::string_view message) {
  HttpResponse response;
  response.status = status;
  response.headers.emplace_back("content-type", "application/json");
  add_retry_after(response);
  response.body = "{\"code\":" + std::to_string(status) + ",\"message\":\"";
  response.body.append(message).append("\"}");
  return response;
}

struct HttpServer::Parts {
  std::shared_ptr<ServerCore> core;
  std::shared_ptr<Listener> listener;
};

Result<std::unique_ptr<HttpServer>> HttpServer::listen(boost::asio::io_context& io,
                                                       HttpServerOptions options,
                                                       HttpHandler handler,
                                                       HttpStreamHandler stream_handler) {
  TRY(check_options(options));
  std::unique_ptr<boost::asio::ssl::context> tls;
  if (!options.certificate_file.empty()) {
    tls = TRY(make_tls_context(options.certificate_file, options.key_file));
  }
  auto core = std::make_shared<ServerCore>(io, std::move(options), std::move(tls),
                                           std::move(handler), std::move(stream_handler));
  auto listener = std::make_shared<Listener>(core);
  TRY(listener->open());
  core->on_removed = [weak = std::weak_ptr<Listener>(listener)] {
    if (const auto alive = weak.lock()) {
      alive->accept();
    }
  };
  boost::asio::post(io, [listener] { listener->accept(); });
  auto parts = std::make_unique<Parts>(Parts{std::move(core), std::move(listener)});
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(parts)));
}

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

HttpServer::~HttpServer() {
  parts_->listener->close();
  parts_->core->close_connections();
  parts_->core->on_removed = nullptr;
  parts_->core->replies->close();
}

std::uint16_t HttpServer::port() const { return parts_->listener->port(); }

void HttpServer::stop_accepting() {
  boost::asio::dispatch(parts_->core->io, [listener = parts_->listener] { listener->close(); });
}

void HttpServer::drain(std::chrono::milliseconds patience, std::function<void()> done) {
  boost::asio::dispatch(parts_->core->io, [core = parts_->core, listener = parts_->listener,
                                           patience, done = std::move(done)]() mutable {
    listener->close();
    std::make_shared<Drain>(core, std::move(done))->start(patience);
  });
}

void HttpServer::stop() {
  boost::asio::dispatch(parts_->core->io, [core = parts_->core, listener = parts_->listener] {
    listener->close();
    core->close_connections();
  });
}

}  // namespace holdfast::net
