#pragma once
// RemoteStream: what comes from an endpoint during one attempt, kept until the attempt asks for it.
// It also watches over silence: an attempt in which nothing was said for the inactivity timeout is
// asked to suspend (the request is half-closed); one that then does not end within the abort
// timeout is given up.
//
// Threads: events and deadlines come on the io thread; the rest is the attempt's.

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "net/egress/remote/attempt_clock.h"
#include "net/http/outgoing/exchange.h"

namespace holdfast::net {

class RemoteStream final : public ExchangeEvents,
                           public AttemptClock::Watched,
                           public std::enable_shared_from_this<RemoteStream> {
 public:
  struct Timeouts {
    std::chrono::milliseconds inactivity{60'000};
    std::chrono::milliseconds abort{600'000};
  };
  struct News {
    std::optional<int> status;  // Of the head, once.
    HttpHeaders headers;
    Bytes body;
    bool ended = false;
    std::optional<ExchangeFailure> failure;
    bool timed_out = false;  // The abort timeout is over.
  };

  // `wake` is called when there is news, once until it is taken.
  RemoteStream(std::shared_ptr<AttemptClock> clock, Timeouts timeouts, std::function<void()> wake);
  ~RemoteStream() override;

  // `request_ended`: the whole request has been given; nothing can be said any more.
  void begin(std::shared_ptr<Exchange> exchange, bool request_ended);
  void send(Bytes bytes);
  // Asks the handler to suspend. Nothing when that has been done.
  void half_close();
  bool half_closed() const;
  News take();
  // The attempt has its terminal message: the rest of the answer is read and dropped, not for long.
  void finish();
  // Gives the attempt up.
  void cancel();

  // ExchangeEvents and Watched.
  void on_head(int status, HttpHeaders headers) override;
  void on_body(BytesView bytes) override;
  void on_end() override;
  void on_failed(const ExchangeFailure& failure) override;
  void on_deadline() override;

 private:
  enum class Stage { kOpen, kHalfClosed, kFinishing, kOver };

  void tell(std::unique_lock<std::mutex>& lock);
  void close_request();

  const std::shared_ptr<AttemptClock> clock_;
  const Timeouts timeouts_;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::function<void()> wake_;  // Empty once nobody listens.
  std::shared_ptr<Exchange> exchange_;
  Stage stage_ = Stage::kOpen;
  News news_;
  bool told_ = false;
  SteadyTime heard_at_;
  AttemptClock::Entry deadline_;
};

}  // namespace holdfast::net
