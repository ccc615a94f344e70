#include "net/http/outgoing/outgoing_connection.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <utility>

#include "net/http/outgoing/client_tls.h"
#include "net/http/outgoing/connection_pool.h"
#include "net/http/outgoing/outgoing_core.h"

namespace holdfast::net {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReadBytes = 16 << 10;
constexpr std::size_t kKeptOutputBytes = 128 << 10;

// The kernel asks a silent peer whether it lives, where the protocol has no way to: after 40 s, and
// twice more, 10 s apart.
void keep_alive_by_the_kernel(Socket& socket) {
  const auto set = [&](int level, int name, int value) {
    ::setsockopt(socket.native_handle(), level, name, &value, sizeof(value));
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 40);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 2);
}

}  // namespace

OutgoingConnection::OutgoingConnection(std::shared_ptr<OutgoingCore> core,
                                       std::shared_ptr<ConnectionPool> pool)
    : core_(std::move(core)),
      pool_(std::move(pool)),
      socket_(core_->io()),
      deadline_(core_->deadlines(), *this) {}

ExchangeFailure OutgoingConnection::failure(ExchangeFailure::Kind kind,
                                            const std::string& what) const {
  return pool_->failure(kind, what);
}

// ---- Connecting.

void OutgoingConnection::connect() {
  connect_until_ = SteadyClock::now() + core_->options().connect_timeout;
  update_deadline();
  boost::system::error_code error;
  const auto address = asio::ip::make_address(pool_->address().host, error);
  if (error) {
    look_up();
  } else {
    const Tcp::endpoint endpoint(address, pool_->address().port);
    connect_to(Resolver::results_type::create(endpoint, pool_->address().host, ""));
  }
}

void OutgoingConnection::look_up() {
  resolver_.emplace(core_->io());
  resolver_->async_resolve(
      pool_->address().host, std::to_string(pool_->address().port), Resolver::numeric_service,
      [self = shared_from_this()](const boost::system::error_code& error, const auto& endpoints) {
        if (self->closed_) {
          return;
        }
        if (error) {
          self->cannot_connect("the name cannot be looked up (" + error.message() + ")");
        } else {
          self->connect_to(endpoints);
        }
      });
}

void OutgoingConnection::connect_to(const Resolver::results_type& endpoints) {
  asio::async_connect(
      socket_, endpoints,
      [self = shared_from_this()](const boost::system::error_code& error, const Tcp::endpoint&) {
        if (!self->closed_) {
          self->connected(error);
        }
      });
}

void OutgoingConnection::connected(const boost::system::error_code& error) {
  resolver_.reset();
  if (error) {
    cannot_connect(error.message());
    return;
  }
  boost::system::error_code ignored;
  socket_.set_option(Tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  keep_alive_by_the_kernel(socket_);
  if (pool_->address().secure) {
    shake_hands();
  } else {
    stream_.emplace(std::move(socket_));
    begin_to_speak();
  }
}

void OutgoingConnection::shake_hands() {
  boost::asio::ssl::context* const context = core_->tls();
  if (context != nullptr) {
    stream_.emplace(std::move(socket_), *context);
  }
  if (context == nullptr || !prepare_client_tls(stream_->tls(), pool_->address())) {
    cannot_connect("TLS is not available");
    return;
  }
  stream_->async_client_handshake([self = shared_from_this()](const auto& error) {
    if (!self->closed_) {
      self->shaken_hands(error);
    }
  });
}

void OutgoingConnection::shaken_hands(const boost::system::error_code& error) {
  if (error) {
    cannot_connect(explain_tls_failure(stream_->tls(), pool_->address(), error));
  } else if (pool_->address().version == HttpVersion::kHttp2 && stream_->protocol() != "h2") {
    cannot_connect("over TLS it does not agree to speak HTTP/2; does it need HTTP/1.1?");
  } else {
    begin_to_speak();
  }
}

void OutgoingConnection::begin_to_speak() {
  received_at_ = SteadyClock::now();
  read();
  on_connected();
}

void OutgoingConnection::set_open(std::size_t streams) {
  if (!open_) {
    open_ = true;
    connect_until_ = SteadyTime::max();
    update_deadline();
    pool_->opened(streams);
  }
  pool_->dispatch();
}

void OutgoingConnection::cannot_connect(const std::string& why) {
  close(failure(ExchangeFailure::Kind::kNotConnected, "cannot be connected to: " + why));
}

// ---- The end.

void OutgoingConnection::close(const ExchangeFailure& why) {
  if (closed_) {
    return;
  }
  closed_ = true;
  const auto self = shared_from_this();
  deadline_.clear();
  resolver_.reset();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (stream_) {
    stream_->close();
  }
  pool_->remove(*this);
  fail_exchanges(why);
  if (!open_) {
    pool_->connect_failed(why);
  } else if (!used_) {
    // To those who wait this is as good as none; without a pause they would make the next at once.
    pool_->connect_failed(
        failure(ExchangeFailure::Kind::kNotConnected, "ends connections before they are used"));
  }
  open_ = false;
  pool_->dispatch();
}

void OutgoingConnection::update_deadline() {
  if (closed_) {
    return;
  }
  const SteadyTime next = std::min(connect_until_, open_ ? next_time() : SteadyTime::max());
  if (next == SteadyTime::max()) {
    return;  // What is set expires in vain, once.
  }
  // A later one is noticed when the earlier one expires: no work per exchange.
  if (!deadline_.is_set() || next < deadline_.time()) {
    deadline_.set(next);
  }
}

void OutgoingConnection::on_deadline() {
  const auto self = shared_from_this();
  deadline_.expired();
  const SteadyTime now = SteadyClock::now();
  if (!open_ && now >= connect_until_) {
    cannot_connect("it took more than " + std::to_string(core_->options().connect_timeout.count()) +
                   " ms");
    return;
  }
  if (open_ && now >= next_time()) {
    on_time(now);
  }
  update_deadline();
}

// ---- Bytes in.

void OutgoingConnection::read() {
  if (reading_ || closed_) {
    return;
  }
  reading_ = true;
  const std::span<char> to = input_.prepare(kReadBytes);
  stream_->async_read_some(asio::buffer(to.data(), to.size()),
                           [self = shared_from_this()](const auto& error, std::size_t size) {
                             self->read_done(error, size);
                           });
}

void OutgoingConnection::read_done(const boost::system::error_code& error, std::size_t size) {
  reading_ = false;
  if (closed_) {
    return;
  }
  if (error) {
    on_input_end(error);
    return;
  }
  received_at_ = SteadyClock::now();
  input_.commit(size);
  on_received();
}

// ---- Bytes out.

void OutgoingConnection::schedule_write() {
  if (!scheduled_ && !writing_ && !closed_) {
    scheduled_ = true;
    core_->schedule(shared_from_this());
  }
}

void OutgoingConnection::write_scheduled() {
  scheduled_ = false;
  if (!closed_ && !writing_) {
    produce();
  }
}

std::size_t OutgoingConnection::output_size() const {
  return output_.size() + (body_output_ ? body_output_->size() : 0);
}

WriteBuffers OutgoingConnection::unsent() const {
  WriteBuffers buffers = {asio::buffer(output_),
                          body_output_ ? asio::buffer(*body_output_) : asio::const_buffer()};
  const std::size_t of_first = std::min(sent_, output_.size());
  buffers[0] += of_first;
  buffers[1] += sent_ - of_first;
  return buffers;
}

bool OutgoingConnection::flush() {
  if (closed_ || writing_) {
    return false;
  }
  const std::size_t size = output_size();
  if (size > 0) {
    boost::system::error_code error;
    sent_ = stream_->write_now(unsent(), error);
    if (error && error != asio::error::would_block) {
      output_.clear();
      body_output_.reset();
      sent_ = 0;
      on_write_error(error);
      return false;
    }
    if (sent_ < size) {
      writing_ = true;
      write_rest();
      return false;
    }
    output_.clear();
    body_output_.reset();
    sent_ = 0;
  }
  return true;
}

void OutgoingConnection::write_rest() {
  stream_->async_write_some(unsent(),
                            [self = shared_from_this()](const auto& error, std::size_t size) {
                              self->write_done(error, size);
                            });
}

void OutgoingConnection::write_done(const boost::system::error_code& error, std::size_t size) {
  if (closed_) {
    return;
  }
  sent_ += size;
  if (!error && sent_ < output_size()) {
    write_rest();
    return;
  }
  writing_ = false;
  sent_ = 0;
  output_.clear();
  if (output_.capacity() > kKeptOutputBytes) {
    output_.shrink_to_fit();
  }
  body_output_.reset();
  if (error) {
    on_write_error(error);
  } else {
    produce();
  }
}

}  // namespace holdfast::net
