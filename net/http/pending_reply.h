#pragma once
// PendingReply: the reply of one exchange on one connection.
//
// Between the connection (io thread) and whoever answers (any thread) stands one state: open, then
// for good either sent or abandoned, whichever comes first.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "net/http/reply.h"
#include "net/http/reply_queue.h"

namespace holdfast::net {

class PendingReply final : public HttpReply {
 public:
  PendingReply(std::shared_ptr<ReplyQueue> queue, std::weak_ptr<ReplySink> sink,
               std::uint64_t exchange)
      : queue_(std::move(queue)), sink_(std::move(sink)), exchange_(exchange) {}
  ~PendingReply() override;

  // On the io thread the sink has the answer before send() returns.
  void send(HttpResponse response) override;
  void on_abandoned(std::function<void()> callback) override;

  // The client is gone. Io thread only.
  void abandon();

 private:
  enum class State { kOpen, kSent, kAbandoned };

  const std::shared_ptr<ReplyQueue> queue_;
  const std::weak_ptr<ReplySink> sink_;
  const std::uint64_t exchange_;

  std::mutex mutex_;
  State state_ = State::kOpen;       // Guarded by mutex_.
  std::function<void()> abandoned_;  // Guarded by mutex_. Empty unless kOpen.
};

}  // namespace holdfast::net
