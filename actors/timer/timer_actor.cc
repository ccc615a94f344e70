#include "actors/timer/timer_actor.h"

#include <algorithm>
#include <caf/send.hpp>

#include "actors/caf_types.h"
#include "actors/last_resort.h"
#include "actors/router/router.h"
#include "storage/base/log.h"

namespace holdfast::actors {

namespace {
constexpr Logger kLog("actors");
// However far the next timer is, look at the clock again after this long: it may have been set.
constexpr std::int64_t kLookAgainMs = 3'600'000;
// A tick that is later than this was scheduled by a clock that has been set since. When it comes
// nobody knows.
constexpr std::int64_t kTickLateMs = 500;
constexpr std::int64_t kAfterReadErrorMs = 1000;
}  // namespace

TimerActor::TimerActor(caf::actor_config& config, const journal::Tables& tables, const Clock& clock,
                       Router& router, TimerHorizon& horizon)
    : caf::event_based_actor(config),
      tables_(tables),
      clock_(clock),
      router_(router),
      told_until_(horizon),
      wheel_(to_unix_millis(clock.now())) {
  end_process_on_exception(*this);
}

caf::behavior TimerActor::make_behavior() {
  return {[this](TimerMail& mail) {
    std::visit([this](auto& body) { on(body); }, mail.body);
    turn();
  }};
}

void TimerActor::on(Arm& mail) {
  for (const journal::Timer& timer : mail.timers) {
    if (all_in_ || (horizon_ && timer <= *horizon_)) wheel_.insert(timer);
  }
}

void TimerActor::on(Taken&) {
  if (unanswered_ > 0) --unanswered_;
}

void TimerActor::on(Tick& mail) {
  if (mail.number == tick_) tick_at_ = 0;
}

void TimerActor::on(ClockSet&) { tick_at_ = 0; }

void TimerActor::turn() {
  if (to_unix_millis(clock_.now()) < wheel_.now_ms()) turn_back();
  if (wheel_.size() > 2 * kWheelMax) shrink();
  std::vector<journal::Timer> now_due;
  for (;;) {
    if (wheel_.size() == 0 && due_.size() < kWheelMax && !all_in_) refill();
    now_due.clear();
    wheel_.advance(to_unix_millis(clock_.now()), now_due);
    due_.insert(due_.end(), now_due.begin(), now_due.end());
    while (!due_.empty() && unanswered_ < kUnansweredMax) {
      ++unanswered_;
      router_.deliver(due_.front().invocation, InvocationMail{TimerFired{due_.front()}});
      due_.pop_front();
    }
    if (!due_.empty() || wheel_.size() > 0 || all_in_ || tick_at_ != 0) break;
  }
  schedule();
}

void TimerActor::refill() {
  told_until_.set(TimerHorizon::kAll);
  auto timers = tables_.timers(horizon_, kWheelMax);
  if (!timers) {
    kLog.error("timers cannot be read; will try again", "reason={}", timers.error().message());
    tick_at_ = to_unix_millis(clock_.now()) + kAfterReadErrorMs;
    caf::delayed_anon_send(caf::actor(this), std::chrono::milliseconds(kAfterReadErrorMs),
                           TimerMail{Tick{++tick_}});
    return;
  }
  for (const journal::Timer& timer : *timers) wheel_.insert(timer);
  if (!timers->empty()) horizon_ = timers->back();
  all_in_ = timers->size() < kWheelMax;
  if (!all_in_) told_until_.set(horizon_->due_unix_ms);
}

// The clock was set back. A wheel cannot go back, so it is made anew.
void TimerActor::turn_back() {
  std::vector<journal::Timer> all = wheel_.drain();
  all.insert(all.end(), due_.begin(), due_.end());
  due_.clear();
  wheel_ = TimerWheel(to_unix_millis(clock_.now()));
  for (const journal::Timer& timer : all) wheel_.insert(timer);
  tick_at_ = 0;
}

// Forgets the later half; it stays in the table.
void TimerActor::shrink() {
  std::vector<journal::Timer> all = wheel_.drain();
  for (std::size_t i = 0; i < kWheelMax; ++i) wheel_.insert(all[i]);
  horizon_ = all[kWheelMax - 1];
  all_in_ = false;
  told_until_.set(horizon_->due_unix_ms);
}

void TimerActor::schedule() {
  if (!due_.empty()) return;  // Answers will come.
  const auto next = wheel_.next_ms();
  if (!next) return;
  const std::int64_t now = to_unix_millis(clock_.now());
  const std::int64_t at = std::min(std::max(*next, now), now + kLookAgainMs);
  const bool is_coming = tick_at_ != 0 && tick_at_ + kTickLateMs >= now;
  if (is_coming && tick_at_ <= at) return;
  tick_at_ = at;
  caf::delayed_anon_send(caf::actor(this), std::chrono::milliseconds(at - now),
                         TimerMail{Tick{++tick_}});
}

}  // namespace holdfast::actors
