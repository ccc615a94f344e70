#include "net/egress/remote/attempt_clock.h"

#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

namespace holdfast::net {

void AttemptClock::set(Entry& entry, SteadyTime time, std::weak_ptr<Watched> watched) {
  const std::lock_guard lock(mutex_);
  if (entry != entries_.end()) entries_.erase(entry);
  // Most have the same timeout, so what is set last is due last.
  entry = entries_.emplace_hint(entries_.end(), time, std::move(watched));
  if (time >= armed_for_) return;
  armed_for_ = time;
  arm();
}

void AttemptClock::clear(Entry& entry) {
  const std::lock_guard lock(mutex_);
  if (entry == entries_.end()) return;
  entries_.erase(entry);
  entry = entries_.end();
}

SteadyTime AttemptClock::fire() {
  std::vector<std::shared_ptr<Watched>> due;
  {
    const std::lock_guard lock(mutex_);
    const auto end = entries_.upper_bound(now());
    for (auto entry = entries_.begin(); entry != end; ++entry) {
      // The entry stays until its owner sets or clears it, for the owner holds an iterator.
      if (auto watched = entry->second.lock()) due.push_back(std::move(watched));
    }
  }
  for (const auto& watched : due) watched->on_deadline();
  const std::lock_guard lock(mutex_);
  armed_for_ = entries_.empty() ? SteadyTime::max() : entries_.begin()->first;
  return armed_for_;
}

void IoAttemptClock::stop() {
  {
    const std::lock_guard lock(mutex_);
    io_ = nullptr;
  }
  timer_.reset();
}

bool IoAttemptClock::stopped() const {
  const std::lock_guard lock(mutex_);
  return io_ == nullptr;
}

void IoAttemptClock::arm() {
  if (io_ == nullptr) return;
  boost::asio::post(*io_, [self = shared_from_this()] { self->arm_on_io(); });
}

void IoAttemptClock::arm_on_io() {
  SteadyTime time;
  {
    const std::lock_guard lock(mutex_);
    if (io_ == nullptr) return;
    time = armed_for_;
  }
  timer_->expires_at(time);
  timer_->async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->stopped()) return;
    if (self->fire() != SteadyTime::max()) self->arm_on_io();
  });
}

}  // namespace holdfast::net
