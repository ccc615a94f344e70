#include "net/http/pending_reply.h"

#include <utility>

#include "net/http/server_options.h"

namespace holdfast::net {

PendingReply::~PendingReply() {
  if (state_ == State::kOpen) {
    // By the queue even on the io thread: the last reference may go in the middle of anything.
    queue_->push(sink_, exchange_, json_error_response(500, "the request was dropped unanswered"));
  }
}

void PendingReply::send(HttpResponse response) {
  std::function<void()> unused;  // Destroyed last and unlocked: it may hold this reply.
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kOpen) {
      return;
    }
    state_ = State::kSent;
    unused = std::move(abandoned_);
    abandoned_ = nullptr;
  }
  if (!queue_->on_io_thread()) {
    queue_->push(sink_, exchange_, std::move(response));
  } else if (const auto sink = sink_.lock()) {
    sink->answer(exchange_, std::move(response));
  }
}

void PendingReply::on_abandoned(std::function<void()> callback) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kOpen) {
      std::swap(abandoned_, callback);
      return;
    }
    if (state_ == State::kSent) {
      return;
    }
  }
  queue_->push(std::move(callback));
}

void PendingReply::abandon() {
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kOpen) {
      return;
    }
    state_ = State::kAbandoned;
    callback = std::move(abandoned_);
    abandoned_ = nullptr;
  }
  if (callback) {
    callback();
  }
}

}  // namespace holdfast::net
