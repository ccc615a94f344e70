#pragma once
// Listener: the listening socket of a server; turns what it accepts into connections.
//
// At connections_max it stops accepting until one closes. When the system has no descriptor or
// memory left, it tries again after a short wait instead of spinning. Io thread only.

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <cstdint>
#include <memory>

#include "net/http/server_core.h"
#include "storage/base/result.h"

namespace holdfast::net {

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  explicit Listener(std::shared_ptr<ServerCore> core);

  // Binds and listens. kInvalidArgument: no such host; kUnavailable: the port cannot be had.
  Result<void> open();
  std::uint16_t port() const { return port_; }

  // Accepts unless closed, at the limit, or accepting already. Called again after each removal.
  void accept();
  void close();

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp,
                                                      boost::asio::io_context::executor_type>;
  using Timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>,
                                        boost::asio::io_context::executor_type>;

  void accepted(const boost::system::error_code& error, Socket socket);

  const std::shared_ptr<ServerCore> core_;
  Acceptor acceptor_;
  Timer pause_;
  std::uint16_t port_ = 0;
  bool accepting_ = false;
};

}  // namespace holdfast::net
