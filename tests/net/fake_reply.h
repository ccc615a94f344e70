#pragma once
// FakeReply: keeps the answer; a test may wait for it, or go away before it.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "net/http/reply.h"

namespace holdfast::net {

class FakeReply final : public HttpReply {
 public:
  void send(HttpResponse response) override {
    const std::lock_guard lock(mutex_);
    if (!response_.has_value()) response_ = std::move(response);
    sent_.notify_all();
  }
  void on_abandoned(std::function<void()> callback) override { abandoned_ = std::move(callback); }

  void abandon() { abandoned_(); }
  bool is_sent() {
    const std::lock_guard lock(mutex_);
    return response_.has_value();
  }
  // The answer; status 0 when none comes within ten seconds.
  HttpResponse wait() {
    std::unique_lock lock(mutex_);
    sent_.wait_for(lock, std::chrono::seconds(10), [this] { return response_.has_value(); });
    HttpResponse none;
    none.status = 0;
    return response_.value_or(none);
  }

 private:
  std::mutex mutex_;
  std::condition_variable sent_;
  std::optional<HttpResponse> response_;  // By mutex_.
  std::function<void()> abandoned_;
};

}  // namespace holdfast::net
