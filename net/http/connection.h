#pragma once
// Connection: a stream with an input buffer, an output buffer and a deadline. What is said on it is
// the matter of its three kinds: Opening (not known yet), Http1Connection, Http2Connection.
//
// Invariants
//   One read and one write are under way at most.
//   The timer is set anew only for an earlier deadline; a later one is noticed when the timer
//   fires. So a busy connection costs no timer work per request. After close() no hook is called
//   and nothing is sent.
//
// Threads: io thread only. Lifetime: the core owns the connection until close(), the operations
// under way until they have run.

#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <memory>

#include "net/http/pace.h"
#include "net/http/read_buffer.h"
#include "net/http/reply_queue.h"
#include "net/http/stream.h"

namespace holdfast::net {

struct ServerCore;

class Connection : public ReplySink, public std::enable_shared_from_this<Connection> {
 public:
  using SteadyClock = std::chrono::steady_clock;

  Connection(std::shared_ptr<ServerCore> core, Stream stream);
  ~Connection() override = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Called once, after the core knows of the connection.
  virtual void start() = 0;

  // Finishes what is in flight, then closes. Called once at most.
  virtual void drain() = 0;

  // Closes at once. Idempotent.
  void close();

 protected:
  // Hooks.
  virtual void on_received() = 0;   // input_ has grown.
  virtual void on_input_end() = 0;  // The client sends no more, or the stream failed.
  virtual void on_written() = 0;    // A flush() that had returned false is through.
  virtual void on_deadline() = 0;   // deadline() is over.
  virtual void on_close() = 0;      // Last call; abandon what is unanswered.

  // Starts a read of up to about `size` bytes unless one is under way.
  void read(std::size_t size);

  // Sends output_, then large_output_. True when all of it has gone; false when the rest follows by
  // itself (writing()) or the connection is closed.
  bool flush();

  // Says that nothing more comes and closes when the client has taken note, or after two seconds.
  // Closing at once could destroy the last answer on its way, when input is still arriving.
  // REQUIRES: flush() returned true.
  void linger();

  void set_deadline(SteadyClock::duration from_now);
  void clear_deadline() { deadline_ = SteadyClock::time_point::max(); }

  // For Opening: gives the stream away, and with it the place of this connection.
  Stream take_stream();

  bool closed() const { return closed_; }
  bool lingering() const { return lingering_; }
  bool writing() const { return writing_; }

  const std::shared_ptr<ServerCore> core_;
  Stream stream_;
  ReadBuffer input_;
  Bytes output_;        // Not touched while writing().
  Bytes large_output_;  // A body worth not copying. Not touched while writing().

 private:
  using Timer =
      boost::asio::basic_waitable_timer<SteadyClock, boost::asio::wait_traits<SteadyClock>,
                                        boost::asio::io_context::executor_type>;

  void wait_until(SteadyClock::time_point time);
  void read_done(const boost::system::error_code& error, std::size_t size);
  void write_rest();
  void write_done(const boost::system::error_code& error, std::size_t size);
  WriteBuffers unsent() const;

  Timer timer_;
  SteadyClock::time_point deadline_ = SteadyClock::time_point::max();
  SteadyClock::time_point timer_expiry_ = SteadyClock::time_point::max();  // max: not waiting.
  std::size_t sent_ = 0;  // Of output_ and large_output_ together.
  Pace write_pace_;       // Of what is sent now. REQUIRES: writing().
  bool reading_ = false;
  bool writing_ = false;
  bool lingering_ = false;
  bool closed_ = false;
};

}  // namespace holdfast::net
