#pragma once
// ReplyQueue: answers on their way from any thread to the io thread.
//
// Answers pile up under a mutex, and one posted task takes them all: however many threads answer
// however often, the io thread is woken once per pile.
//
// Invariant: after close() nothing is posted any more, so that replies may outlive the io_context.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "net/http/response.h"

namespace holdfast::net {

// Who wants an answer: a connection, which knows its open exchanges by number.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  // An exchange that is no longer open is ignored. Io thread only.
  virtual void answer(std::uint64_t exchange, HttpResponse response) = 0;
};

class ReplyQueue : public std::enable_shared_from_this<ReplyQueue> {
 public:
  explicit ReplyQueue(boost::asio::io_context& io) : io_(&io) {}

  bool on_io_thread() const;

  // Any thread.
  void push(std::weak_ptr<ReplySink> sink, std::uint64_t exchange, HttpResponse response);
  void push(std::function<void()> task);
  void close();

 private:
  struct Item {
    std::weak_ptr<ReplySink> sink;
    std::uint64_t exchange = 0;
    HttpResponse response;
    std::function<void()> task;  // Instead of an answer when set.
  };
  void push(Item item);
  void run();

  boost::asio::io_context* io_;  // Not touched once closed_.

  mutable std::mutex mutex_;
  std::vector<Item> items_;  // Guarded by mutex_.
  bool posted_ = false;      // Guarded by mutex_. A run() is on its way.
  bool closed_ = false;      // Guarded by mutex_.

  std::vector<Item> running_;  // Io thread. Swapped with items_, so that both keep their memory.
};

}  // namespace holdfast::net
