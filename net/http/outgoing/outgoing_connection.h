#pragma once
// OutgoingConnection: one connection to an endpoint, from the look-up of its name to the close.
// What is said on it is the matter of OutgoingHttp2 and OutgoingHttp1.
//
// Invariants
//   A read is always under way while open, unless the reader is behind (HTTP/1.1); one write at
//   most.
//   After close() no hook is called but fail_exchanges(), once, and nothing is sent.
//
// Threads: io thread only. Lifetime: the pool owns it until close(), the operations under way until
// they have run.

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <string>

#include "net/http/outgoing/deadline_queue.h"
#include "net/http/outgoing/exchange.h"
#include "net/http/read_buffer.h"
#include "net/http/stream.h"

namespace holdfast::net {

class ConnectionPool;
class OutgoingCore;
class OutgoingExchange;

class OutgoingConnection : public std::enable_shared_from_this<OutgoingConnection>,
                           private DeadlineListener {
 public:
  OutgoingConnection(std::shared_ptr<OutgoingCore> core, std::shared_ptr<ConnectionPool> pool);
  virtual ~OutgoingConnection() = default;
  OutgoingConnection(const OutgoingConnection&) = delete;
  OutgoingConnection& operator=(const OutgoingConnection&) = delete;

  // Begins. Once.
  void connect();

  bool is_open() const { return open_; }
  virtual bool is_idle() const = 0;

  // How many exchanges it would take now; none before it is open.
  virtual std::size_t room() const = 0;
  // It takes no more for good, and closes when it is idle.
  virtual bool is_leaving() const { return false; }
  // REQUIRES: room() > 0.
  virtual void begin(std::shared_ptr<OutgoingExchange> exchange) = 0;

  // For an exchange that is running here.
  virtual void body_grew(OutgoingExchange& exchange) = 0;
  virtual void consumed(OutgoingExchange& exchange, std::size_t bytes) = 0;
  virtual void abandon(OutgoingExchange& exchange) = 0;  // The connection lets go of it.

  // Closes in good order. REQUIRES: is_idle().
  virtual void retire() = 0;

  // Closes at once; exchanges fail. Idempotent.
  void close(const ExchangeFailure& why);

  // For the core: what schedule_write() asked for.
  void write_scheduled();

 protected:
  using SteadyClock = std::chrono::steady_clock;

  // Hooks.
  virtual void on_connected() = 0;  // Speak; set_open() when exchanges may begin.
  virtual void on_received() = 0;   // input_ has grown.
  virtual void on_input_end(const boost::system::error_code& error) = 0;
  virtual void on_write_error(const boost::system::error_code& error) = 0;
  virtual void produce() = 0;  // Fill the output, if there is something to say, and flush().
  virtual void fail_exchanges(const ExchangeFailure& why) = 0;
  // When on_time() is to be called, at the latest; max: never.
  virtual SteadyTime next_time() const = 0;
  virtual void on_time(SteadyTime now) = 0;

  void set_open(std::size_t streams);
  // It has been of use, or is given up by us: its end says nothing of the next one.
  void note_use() { used_ = true; }

  // A produce() at the end of the turn.
  void schedule_write();
  // Sends output_, then body_output_. True when all of it has gone; false when the rest follows by
  // itself, and produce() after it, or when the connection is closed.
  bool flush();

  void read();
  void update_deadline();

  // A failure in which the endpoint's address stands first.
  ExchangeFailure failure(ExchangeFailure::Kind kind, const std::string& what) const;

  bool closed() const { return closed_; }
  bool writing() const { return writing_; }

  const std::shared_ptr<OutgoingCore> core_;
  const std::shared_ptr<ConnectionPool> pool_;
  ReadBuffer input_;
  Bytes output_;             // Not touched while writing().
  SharedBytes body_output_;  // May be null. Not touched while writing().
  SteadyTime received_at_{};

 private:
  using Tcp = boost::asio::ip::tcp;
  using Resolver = boost::asio::ip::basic_resolver<Tcp, boost::asio::io_context::executor_type>;

  void look_up();
  void connect_to(const Resolver::results_type& endpoints);
  void connected(const boost::system::error_code& error);
  void shake_hands();
  void shaken_hands(const boost::system::error_code& error);
  void begin_to_speak();
  void cannot_connect(const std::string& why);

  void on_deadline() override;
  void read_done(const boost::system::error_code& error, std::size_t size);
  void write_rest();
  void write_done(const boost::system::error_code& error, std::size_t size);
  std::size_t output_size() const;
  WriteBuffers unsent() const;

  std::optional<Resolver> resolver_;
  Socket socket_;                 // Until connected.
  std::optional<Stream> stream_;  // From then on.
  Deadline deadline_;
  SteadyTime connect_until_ = SteadyTime::max();
  std::size_t sent_ = 0;  // Of output_ and body_output_ together.
  bool open_ = false;
  bool used_ = false;
  bool closed_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool scheduled_ = false;
};

}  // namespace holdfast::net
