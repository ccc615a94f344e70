#pragma once
// DeadlineQueue: all deadlines of the transport on one timer. The timer is armed for the earliest
// and off when there is none.
//
// It is set anew only for an earlier deadline: one that was cleared costs a needless wake-up at
// most, a later one is noticed then.
//
// Threads: io thread only.

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>

namespace holdfast::net {

using SteadyTime = std::chrono::steady_clock::time_point;

class DeadlineListener {
 public:
  // The deadline is no longer set. May end the life of the listener.
  virtual void on_deadline() = 0;

 protected:
  ~DeadlineListener() = default;
};

class DeadlineQueue : public std::enable_shared_from_this<DeadlineQueue> {
 public:
  using Entries = std::multimap<SteadyTime, DeadlineListener*>;

  explicit DeadlineQueue(boost::asio::io_context& io) : timer_(std::in_place, io) {}
  DeadlineQueue(const DeadlineQueue&) = delete;
  DeadlineQueue& operator=(const DeadlineQueue&) = delete;

  Entries::iterator add(SteadyTime time, DeadlineListener& listener);
  void remove(Entries::iterator entry);
  Entries::iterator none() { return entries_.end(); }

  // Gives the timer back to the io_context. Deadlines never come from here on.
  void stop() { timer_.reset(); }

 private:
  using SteadyClock = std::chrono::steady_clock;
  using Timer =
      boost::asio::basic_waitable_timer<SteadyClock, boost::asio::wait_traits<SteadyClock>,
                                        boost::asio::io_context::executor_type>;

  void arm();
  void fire();

  Entries entries_;
  std::optional<Timer> timer_;
  SteadyTime armed_for_ = SteadyTime::max();  // max: the timer is off.
};

// One deadline of a listener, set or not. A member of the listener.
class Deadline {
 public:
  Deadline(std::shared_ptr<DeadlineQueue> queue, DeadlineListener& listener)
      : queue_(std::move(queue)), listener_(listener), entry_(queue_->none()) {}
  // REQUIRES: on the io thread, or not set.
  ~Deadline() { clear(); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  bool is_set() const { return entry_ != queue_->none(); }
  // REQUIRES: is_set().
  SteadyTime time() const { return entry_->first; }

  void set(SteadyTime time) {
    clear();
    entry_ = queue_->add(time, listener_);
  }
  void clear() {
    if (is_set()) {
      queue_->remove(entry_);
      entry_ = queue_->none();
    }
  }
  // For the listener, first thing in on_deadline(): the queue has removed the entry.
  void expired() { entry_ = queue_->none(); }

 private:
  const std::shared_ptr<DeadlineQueue> queue_;
  DeadlineListener& listener_;
  DeadlineQueue::Entries::iterator entry_;
};

}  // namespace holdfast::net
