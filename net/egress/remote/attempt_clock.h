#pragma once
// AttemptClock: the time that attempts carried elsewhere go by, and the deadlines of all of them.
// IoAttemptClock has them on one timer of the io thread; without any the timer is off.
//
// Threads: any, but stop(). on_deadline() is called on the io thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace holdfast::net {

using SteadyTime = std::chrono::steady_clock::time_point;

class AttemptClock {
 public:
  class Watched {
   public:
    virtual ~Watched() = default;
    // Its deadline is over, and no longer set.
    virtual void on_deadline() = 0;
  };
  using Entries = std::multimap<SteadyTime, std::weak_ptr<Watched>>;
  using Entry = Entries::iterator;

  virtual ~AttemptClock() = default;

  virtual SteadyTime now() const = 0;
  // Nothing fires from here on.
  virtual void stop() = 0;

  Entry none() { return entries_.end(); }
  // At most one per watched; `entry` names the one it has, or none().
  void set(Entry& entry, SteadyTime time, std::weak_ptr<Watched> watched);
  void clear(Entry& entry);

 protected:
  // Somebody is to call fire() at armed_for_, instead of later. The mutex is held.
  virtual void arm() = 0;
  // Calls those whose deadline is over. Then: the nearest deadline; max() if there is none.
  SteadyTime fire();

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  SteadyTime armed_for_ = SteadyTime::max();

 private:
  Entries entries_;  // Guarded by mutex_.
};

class IoAttemptClock final : public AttemptClock,
                             public std::enable_shared_from_this<IoAttemptClock> {
 public:
  explicit IoAttemptClock(boost::asio::io_context& io) : io_(&io), timer_(std::in_place, io) {}

  SteadyTime now() const override { return std::chrono::steady_clock::now(); }
  // REQUIRES: on the io thread, or nobody runs the io_context.
  void stop() override;

 private:
  void arm() override;
  void arm_on_io();
  bool stopped() const;

  boost::asio::io_context* io_;                     // Guarded by mutex_. Null: stopped.
  std::optional<boost::asio::steady_timer> timer_;  // Io thread. None: stopped.
};

}  // namespace holdfast::net
