#pragma once
// OutgoingExchange: what Exchange is made of. One side collects, under a mutex, what any thread
// asks for; the other lives on the io thread and takes it over once per turn (apply()).
//
// Life: kNew -> kWaiting (in the queue of the pool) -> kRunning (on a connection) -> kOver. An
// exchange that has to move to another connection goes from kRunning back to kWaiting.

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "net/http/outgoing/chunk_queue.h"
#include "net/http/outgoing/deadline_queue.h"
#include "net/http/outgoing/endpoint_pool.h"

namespace holdfast::net {

class ConnectionPool;
class OutgoingConnection;
class OutgoingCore;

class OutgoingExchange final : public Exchange,
                               public std::enable_shared_from_this<OutgoingExchange>,
                               private DeadlineListener {
 public:
  using Waiting = std::list<std::shared_ptr<OutgoingExchange>>;

  // The head of the request, never changed.
  struct Request {
    std::string method;
    std::string path;                             // With the base path of the address.
    std::shared_ptr<const CommonHeaders> common;  // May be null.
    HttpHeaders headers;                          // Beside the common ones.
    std::optional<std::size_t> content_length;    // Of a body that was given whole.
  };

  OutgoingExchange(std::shared_ptr<OutgoingCore> core, std::shared_ptr<ConnectionPool> pool,
                   Request request, std::shared_ptr<ExchangeEvents> events, OpenOptions options);

  // Exchange.
  void send(Bytes chunk) override;
  void half_close() override;
  void cancel() override;
  std::size_t unsent_bytes() const override { return unsent_.load(std::memory_order_relaxed); }
  void consumed(std::size_t bytes) override;

  // From here on: io thread only.

  // Does what has been asked for since the last time.
  void apply();

  const Request& request() const { return request_; }
  bool over() const { return stage_ == Stage::kOver; }

  // For the pool: in and out of its queue. `until`: the end of its patience.
  void wait(Waiting::iterator place, SteadyTime until);
  Waiting::iterator waiting_place() const { return waiting_place_; }

  // For the connection, from run() to over() or the next wait(). `stream` is the connection's own
  // name for the exchange.
  void run(std::shared_ptr<OutgoingConnection> connection, std::int32_t stream);
  std::int32_t stream() const { return stream_; }

  // The request body, as far as it is here.
  std::size_t body_size() const { return body_.size(); }
  bool body_ended() const { return body_ended_; }
  void take_body(std::size_t count, Bytes& to);
  // All of it in one piece, which stays here for a second try. REQUIRES: body_ended().
  SharedBytes whole_body();

  // Once only; see ConnectionPool::try_again().
  bool may_try_again() const { return !tried_again_; }
  void note_second_try() { tried_again_ = true; }
  // How often it has left a connection that had not begun to send it.
  int note_move() { return ++moves_; }

  // The answer. Nothing is passed on once over(). end() and fail() end the stage kRunning or
  // kWaiting; whoever calls them has let go of the exchange, or does so next.
  void head(int status, HttpHeaders headers);
  void data(BytesView bytes);
  void end();
  void fail(const ExchangeFailure& failure);

 private:
  enum class Stage { kNew, kWaiting, kRunning, kOver };

  void on_deadline() override;
  void update_deadline();
  void start();
  void finish();
  // Takes it out of where it is. Nobody else may hold it after this.
  void let_go();
  void wake(std::unique_lock<std::mutex>& lock);
  bool silent() const { return cancelled_.load(std::memory_order_acquire); }

  const std::shared_ptr<OutgoingCore> core_;
  const std::shared_ptr<ConnectionPool> pool_;
  const Request request_;
  const std::chrono::milliseconds head_timeout_;

  std::atomic<std::size_t> unsent_{0};
  std::atomic<bool> cancelled_{false};

  std::mutex mutex_;
  // Guarded by mutex_.
  bool queued_ = false;  // apply() will be called.
  bool input_ended_ = false;
  bool deaf_ = false;  // Over: what is sent now is dropped.
  ChunkQueue input_;
  std::size_t consumed_ = 0;

  // Io thread.
  Stage stage_ = Stage::kNew;
  std::shared_ptr<ExchangeEvents> events_;  // Until over.
  ChunkQueue body_;
  bool body_ended_ = false;
  SharedBytes whole_body_;
  bool tried_again_ = false;
  int moves_ = 0;
  Waiting::iterator waiting_place_;                 // In kWaiting.
  std::shared_ptr<OutgoingConnection> connection_;  // In kRunning.
  std::int32_t stream_ = 0;                         // In kRunning.
  SteadyTime waiting_until_ = SteadyTime::max();
  SteadyTime head_until_ = SteadyTime::max();
  Deadline deadline_;
};

}  // namespace holdfast::net
