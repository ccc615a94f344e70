#include "net/http/reply_queue.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace holdfast::net {

bool ReplyQueue::on_io_thread() const {
  const std::lock_guard lock(mutex_);
  return !closed_ && io_->get_executor().running_in_this_thread();
}

void ReplyQueue::push(std::weak_ptr<ReplySink> sink, std::uint64_t exchange,
                      HttpResponse response) {
  push(Item{std::move(sink), exchange, std::move(response), nullptr});
}

void ReplyQueue::push(std::function<void()> task) { push(Item{{}, 0, {}, std::move(task)}); }

void ReplyQueue::push(Item item) {
  const std::lock_guard lock(mutex_);
  if (closed_) {
    return;
  }
  items_.push_back(std::move(item));
  if (!posted_) {
    posted_ = true;
    // Under the lock: close() may be the last that happens before the io_context goes away.
    boost::asio::post(*io_, [self = shared_from_this()] { self->run(); });
  }
}

void ReplyQueue::close() {
  std::vector<Item> dropped;  // Outlives the lock: items may hold replies that call push().
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(items_);
}

void ReplyQueue::run() {
  {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    running_.swap(items_);
  }
  for (Item& item : running_) {
    if (item.task) {
      item.task();
    } else if (const auto sink = item.sink.lock()) {
      sink->answer(item.exchange, std::move(item.response));
    }
  }
  running_.clear();
}

}  // namespace holdfast::net
