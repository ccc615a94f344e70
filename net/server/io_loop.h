#pragma once
// IoLoop: the io thread, as a place where the engine runs owners.

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <mutex>
#include <utility>

#include "actors/loop/loop.h"

namespace holdfast::net {

class IoLoop final : public actors::Loop {
 public:
  // `io` is not touched after stop().
  explicit IoLoop(boost::asio::io_context& io) : io_(io) {}

  void call(std::function<void()> turn) override {
    const std::lock_guard lock(mutex_);
    if (!stopped_) boost::asio::post(io_, std::move(turn));
  }

  // Calls nobody any more. REQUIRES: nobody runs the io_context.
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }

 private:
  boost::asio::io_context& io_;
  std::mutex mutex_;
  bool stopped_ = false;  // By mutex_.
};

}  // namespace holdfast::net
