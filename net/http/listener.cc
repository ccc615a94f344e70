#include "net/http/listener.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <utility>

#include "net/http/opening.h"

namespace holdfast::net {
namespace {

using boost::asio::ip::tcp;

constexpr std::chrono::milliseconds kPause{100};
constexpr int kBacklog = 4096;  // The system cuts it to its own limit.

void probe_silent(Socket& socket, std::chrono::seconds after) {
  if (after.count() <= 0) {
    return;
  }
  constexpr int kProbeEverySeconds = 15;
  constexpr int kProbes = 4;
  boost::system::error_code ignored;
  socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  const auto set = [&socket](int option, int value) {  // What fails stays as the system has it.
    (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof(value));
  };
  set(TCP_KEEPIDLE, static_cast<int>(after.count()));
  set(TCP_KEEPINTVL, kProbeEverySeconds);
  set(TCP_KEEPCNT, kProbes);
}

}  // namespace

Listener::Listener(std::shared_ptr<ServerCore> core)
    : core_(std::move(core)), acceptor_(core_->io), pause_(core_->io) {}

Result<void> Listener::open() {
  const HttpServerOptions& options = core_->options;
  const std::string where = options.host + ":" + std::to_string(options.port);
  boost::system::error_code error;
  tcp::resolver resolver(core_->io);
  const auto found =
      resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
  if (error || found.empty()) {
    return Error(ErrorCode::kInvalidArgument, "cannot listen on " + where + ": no such host");
  }
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor_.open(endpoint.protocol(), error);
  if (!error) {
    acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  }
  if (!error) {
    acceptor_.bind(endpoint, error);
  }
  if (!error) {
    acceptor_.listen(kBacklog, error);
  }
  if (error) {
    return Error(ErrorCode::kUnavailable, "cannot listen on " + where + ": " + error.message());
  }
  port_ = acceptor_.local_endpoint(error).port();
  return {};
}

void Listener::accept() {
  if (accepting_ || !acceptor_.is_open() ||
      core_->connections.size() >= core_->options.connections_max) {
    return;
  }
  accepting_ = true;
  acceptor_.async_accept(core_->io, [self = shared_from_this()](
                                        const boost::system::error_code& error, Socket socket) {
    self->accepting_ = false;
    self->accepted(error, std::move(socket));
  });
}

void Listener::accepted(const boost::system::error_code& error, Socket socket) {
  if (!acceptor_.is_open()) {
    return;
  }
  if (error == boost::asio::error::connection_aborted) {
    accept();
    return;
  }
  if (error) {
    accepting_ = true;
    pause_.expires_after(kPause);
    pause_.async_wait([self = shared_from_this()](const boost::system::error_code&) {
      self->accepting_ = false;
      self->accept();
    });
    return;
  }
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  probe_silent(socket, core_->options.probe_after);
  Stream stream = core_->tls ? Stream(std::move(socket), *core_->tls) : Stream(std::move(socket));
  core_->add(std::make_shared<Opening>(core_, std::move(stream)));
  accept();
}

void Listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

}  // namespace holdfast::net
