#pragma once
// Stream: one TCP connection, accepted or made, with TLS on it or without.
//
// A value that moves. At most one read and one write are under way at a time. Io thread only.

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string_view>
#include <utility>

namespace holdfast::net {

// The executor by its own type: a polymorphic one costs an allocation or a call per operation.
using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
using WriteBuffers = std::array<boost::asio::const_buffer, 2>;  // Either may be empty.

class Stream {
 public:
  explicit Stream(Socket socket) : socket_(std::make_unique<Socket>(std::move(socket))) {}
  // Speaks TLS once async_handshake() or async_client_handshake() is through. `context` outlives
  // the stream.
  Stream(Socket socket, boost::asio::ssl::context& context)
      : socket_(std::make_unique<Socket>(std::move(socket))),
        tls_(std::make_unique<Tls>(*socket_, context)) {}

  bool secure() const { return tls_ != nullptr; }

  // REQUIRES: secure().
  SSL* tls() { return tls_->native_handle(); }

  // What ALPN agreed on, empty when nothing. REQUIRES: secure().
  std::string_view protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(tls_->native_handle(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }

  template <class Done>
  void async_handshake(Done done) {
    tls_->async_handshake(boost::asio::ssl::stream_base::server, std::move(done));
  }

  template <class Done>
  void async_client_handshake(Done done) {
    tls_->async_handshake(boost::asio::ssl::stream_base::client, std::move(done));
  }

  template <class Done>
  void async_read_some(boost::asio::mutable_buffer to, Done done) {
    if (tls_) {
      tls_->async_read_some(to, std::move(done));
    } else {
      socket_->async_read_some(to, std::move(done));
    }
  }

  // Writes what the system takes at once; would_block when that is nothing (always so with TLS).
  std::size_t write_now(const WriteBuffers& from, boost::system::error_code& error) {
    if (tls_) {
      error = boost::asio::error::would_block;
      return 0;
    }
    return socket_->write_some(from, error);
  }

  template <class Done>
  void async_write_some(const WriteBuffers& from, Done done) {
    if (tls_) {
      tls_->async_write_some(from, std::move(done));
    } else {
      socket_->async_write_some(from, std::move(done));
    }
  }

  // Tells the client that nothing more comes. With TLS `done` is called once it agreed.
  template <class Done>
  void async_shut_down(Done done) {
    if (tls_) {
      tls_->async_shutdown(std::move(done));
    } else {
      boost::system::error_code ignored;
      socket_->shutdown(Socket::shutdown_send, ignored);
    }
  }

  void close() {
    boost::system::error_code ignored;
    socket_->close(ignored);
  }

 private:
  using Tls = boost::asio::ssl::stream<Socket&>;

  std::unique_ptr<Socket> socket_;  // On the heap: tls_ refers to it while the stream moves.
  std::unique_ptr<Tls> tls_;
};

}  // namespace holdfast::net
