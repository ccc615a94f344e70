#include "net/http/outgoing/deadline_queue.h"

namespace holdfast::net {

DeadlineQueue::Entries::iterator DeadlineQueue::add(SteadyTime time, DeadlineListener& listener) {
  const auto entry = entries_.emplace(time, &listener);
  if (time < armed_for_) {
    arm();
  }
  return entry;
}

void DeadlineQueue::remove(Entries::iterator entry) {
  entries_.erase(entry);
  if (entries_.empty() && armed_for_ != SteadyTime::max() && timer_) {
    timer_->cancel();
    armed_for_ = SteadyTime::max();
  }
}

void DeadlineQueue::arm() {
  if (!timer_) {
    return;
  }
  armed_for_ = entries_.begin()->first;
  timer_->expires_at(armed_for_);
  timer_->async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self) {
      self->fire();
    }
  });
}

void DeadlineQueue::fire() {
  if (armed_for_ == SteadyTime::max() || SteadyClock::now() < armed_for_) {
    return;  // A wait that was over just before it was cancelled.
  }
  // Until the loop is through nobody arms: whatever is added now is looked at below.
  armed_for_ = SteadyTime::min();
  const SteadyTime now = SteadyClock::now();
  while (timer_ && !entries_.empty() && entries_.begin()->first <= now) {
    DeadlineListener* const listener = entries_.begin()->second;
    entries_.erase(entries_.begin());
    listener->on_deadline();
  }
  armed_for_ = SteadyTime::max();
  if (!entries_.empty()) {
    arm();
  }
}

}  // namespace holdfast::net
