#pragma once
// What the tests of net/http share: a server on its own io thread, and a client that sends any
// bytes.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "net/http/server.h"
#include "storage/base/check.h"

namespace holdfast::net {

// A server on 127.0.0.1 from construction to destruction.
class RunningServer {
 public:
  explicit RunningServer(HttpHandler handler, HttpServerOptions options = {}) {
    auto server = HttpServer::listen(io_, std::move(options), std::move(handler));
    CHECK(server.has_value(), "the test server cannot listen");
    server_ = std::move(server).value();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~RunningServer() {
    boost::asio::post(io_, [this] {
      server_.reset();
      work_.reset();
    });
    thread_.join();
  }

  HttpServer& server() { return *server_; }
  std::uint16_t port() const { return server_->port(); }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

inline void echo(HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
  HttpResponse response;
  response.headers.emplace_back("x-method", request.method);
  response.headers.emplace_back("x-target", request.target);
  response.body = std::move(request.body);
  reply->send(std::move(response));
}

// A connection that sends what it is told. Reads give up after five seconds.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{5, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0,
          "the test client cannot connect");
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // What the server no longer takes is lost.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Some bytes; empty at the end of the stream.
  std::string receive() {
    char chunk[16384];
    const ssize_t size = ::recv(socket_, chunk, sizeof(chunk), 0);
    return size > 0 ? std::string(chunk, static_cast<std::size_t>(size)) : std::string();
  }
  std::string receive_until(std::string_view end) {
    std::string received;
    while (received.find(end) == std::string::npos) {
      const std::string more = receive();
      if (more.empty()) {
        break;
      }
      received += more;
    }
    return received;
  }
  std::string receive_all() { return receive_until(std::string_view("\0never\0", 7)); }

  void close() {
    if (socket_ >= 0) {
      ::close(socket_);
      socket_ = -1;
    }
  }

 private:
  int socket_;
};

// Sends `request` and gives all that comes back until the server closes.
inline std::string exchange(std::uint16_t port, std::string_view request) {
  RawClient client(port);
  client.send(request);
  return client.receive_all();
}

}  // namespace holdfast::net
