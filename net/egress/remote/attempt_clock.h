#pragma once
// AttemptClock: the deadlines of all attempts that are carried elsewhere, on one timer. Without any
// the timer is off.
//
// Threads: any. on_deadline() is called on the io thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace holdfast::net {

using SteadyTime = std::chrono::steady_clock::time_point;

class AttemptClock : public std::enable_shared_from_this<AttemptClock> {
 public:
  class Watched {
   public:
    virtual ~Watched() = default;
    // Its deadline is over, and no longer set.
    virtual void on_deadline() = 0;
  };
  using Entries = std::multimap<SteadyTime, std::weak_ptr<Watched>>;
  using Entry = Entries::iterator;

  explicit AttemptClock(boost::asio::io_context& io) : io_(&io), timer_(std::in_place, io) {}

  Entry none() { return entries_.end(); }
  // At most one per watched; `entry` names the one it has, or none().
  void set(Entry& entry, SteadyTime time, std::weak_ptr<Watched> watched);
  void clear(Entry& entry);

  // Nothing fires from here on. REQUIRES: on the io thread, or nobody runs the io_context.
  void stop();

 private:
  void arm_on_io();
  void fire();

  std::mutex mutex_;
  // Guarded by mutex_.
  boost::asio::io_context* io_;  // Null: stopped.
  Entries entries_;
  SteadyTime armed_for_ = SteadyTime::max();

  std::optional<boost::asio::steady_timer> timer_;  // Io thread. None: stopped.
};

}  // namespace holdfast::net
