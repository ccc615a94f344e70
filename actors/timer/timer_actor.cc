#include "actors/timer/timer_actor.h"

#include <algorithm>
#include <caf/send.hpp>

#include "actors/caf_types.h"
#include "actors/last_resort.h"
#include "actors/router/router.h"
#include "storage/base/log.h"
#include "storage/base/rare.h"

namespace holdfast::actors {

namespace {
constexpr Logger kLog("actors");
// However far the next timer is, look at the clock again after this long: it may have been set.
constexpr std::int64_t kLookAgainMs = 3'600'000;
// A tick that is later than this was scheduled by a clock that has been set since. When it comes
// nobody knows.
constexpr std::int64_t kTickLateMs = 500;
constexpr std::int64_t kAfterReadErrorMs = 1000;
constexpr std::size_t kWheelMax = 8192;
constexpr std::size_t kUnansweredMax = 1024;
constexpr std::size_t kStartsRead = 256;
// Only while more is to be begun than there is room for.
constexpr auto kLookForRoomAfter = std::chrono::milliseconds(5);
}  // namespace

TimerActor::TimerActor(caf::actor_config& config, const journal::Tables& tables, const Clock& clock,
                       Router& router, TimerHorizon& horizon, ArmedTimers& armed,
                       std::size_t begin_at_once_max)
    : caf::event_based_actor(config),
      tables_(tables),
      clock_(clock),
      router_(router),
      told_until_(horizon),
      armed_(armed),
      begin_at_once_max_(begin_at_once_max),
      wheel_max_(rare("a small timer wheel") ? 2 : kWheelMax),
      unanswered_max_(rare("one timer after the other") ? 1 : kUnansweredMax),
      starts_read_(rare("starts read one by one") ? 1 : kStartsRead),
      wheel_(to_unix_millis(clock.now())) {
  end_process_on_exception(*this);
}

caf::behavior TimerActor::make_behavior() {
  return {[this](TimerMail& mail) {
    std::visit([this](auto& body) { on(body); }, mail.body);
    turn();
  }};
}

void TimerActor::on(Armed&) {
  for (const journal::Timer& timer : armed_.take()) {
    if (horizon_ && timer <= *horizon_) wheel_.insert(timer);
  }
  // Whoever told this may have told it as the one beyond an older horizon; the next is not told.
  more_in_table_ = true;
}

void TimerActor::on(Taken&) {
  if (unanswered_ > 0) --unanswered_;
}

void TimerActor::on(Tick& mail) {
  if (mail.number == tick_) tick_at_ = 0;
}

void TimerActor::on(ClockSet&) { tick_at_ = 0; }

void TimerActor::on(LookForRoom&) { looking_for_room_ = false; }

bool TimerActor::is_crowded() const { return router_.active() >= begin_at_once_max_; }

void TimerActor::fire(const journal::Timer& timer) {
  ++unanswered_;
  router_.deliver(timer.invocation, InvocationMail{TimerFired{timer}});
}

// It stays in the table.
void TimerActor::pass_over(const journal::Timer& timer) {
  const journal::Timer before{timer.due_unix_ms - 1, {}, journal::TimerKind::kStart, 0};
  if (!starts_after_ || before < *starts_after_) starts_after_ = before;
}

// Those that were passed over, as far as there is room. One that is read twice changes nothing.
void TimerActor::fetch_starts() {
  const std::int64_t now = to_unix_millis(clock_.now());
  while (starts_after_ && !is_crowded() && unanswered_ < unanswered_max_) {
    const auto timers = tables_.timers(starts_after_, starts_read_);
    if (!timers) {
      kLog.error("starts cannot be read; will try again", "reason={}", timers.error().message());
      break;
    }
    const bool is_last = timers->size() < starts_read_;
    for (const journal::Timer& timer : *timers) {
      if (timer.due_unix_ms > now) return starts_after_.reset();
      starts_after_ = timer;
      if (timer.kind == journal::TimerKind::kStart) fire(timer);
    }
    if (is_last) return starts_after_.reset();
  }
  if (!starts_after_ || looking_for_room_) return;
  looking_for_room_ = true;
  caf::delayed_anon_send(caf::actor(this), kLookForRoomAfter, TimerMail{LookForRoom{}});
}

void TimerActor::turn() {
  if (to_unix_millis(clock_.now()) < wheel_.now_ms()) turn_back();
  if (wheel_.size() > 2 * wheel_max_) shrink();
  std::vector<journal::Timer> now_due;
  for (;;) {
    if (wants_refill()) refill();
    now_due.clear();
    wheel_.advance(to_unix_millis(clock_.now()), now_due);
    due_.insert(due_.end(), now_due.begin(), now_due.end());
    while (!due_.empty() && unanswered_ < unanswered_max_) {
      const journal::Timer& timer = due_.front();
      if (timer.kind == journal::TimerKind::kStart && (starts_after_ || is_crowded())) {
        pass_over(timer);
      } else {
        fire(timer);
      }
      due_.pop_front();
    }
    if (!due_.empty() || !wants_refill()) break;
  }
  fetch_starts();
  schedule();
}

bool TimerActor::wants_refill() const {
  if (due_.size() >= wheel_max_) return false;
  if (read_on_at_) return to_unix_millis(clock_.now()) >= *read_on_at_;
  return wheel_.size() == 0;
}

void TimerActor::refill() {
  told_until_.tell_all();
  const auto timers = tables_.timers(horizon_, wheel_max_);
  if (!timers) {
    kLog.error("timers cannot be read; will try again", "reason={}", timers.error().message());
    read_on_at_ = to_unix_millis(clock_.now()) + kAfterReadErrorMs;
    more_in_table_ = true;
    return;
  }
  // Greater than all that are due until then.
  const std::int64_t until = std::max(to_unix_millis(clock_.now()) + TimerHorizon::kAheadMs,
                                      horizon_ ? horizon_->due_unix_ms : 0);
  const journal::Timer end{until + 1, {}, journal::TimerKind::kSleep, 0};
  more_in_table_ = false;
  for (const journal::Timer& timer : *timers) {
    if (timer > end) {
      more_in_table_ = true;
      break;
    }
    wheel_.insert(timer);
  }
  const bool is_full = timers->size() == wheel_max_ && !more_in_table_;
  horizon_ = is_full ? timers->back() : end;
  read_on_at_ = is_full ? std::nullopt : std::optional(until);
  told_until_.set(is_full ? horizon_->due_unix_ms : until, to_unix_millis(clock_.now()));
}

// The clock was set back. A wheel cannot go back, so it is made anew.
void TimerActor::turn_back() {
  tick_at_ = 0;
  if (read_on_at_) {
    read_on_at_ = std::min(*read_on_at_, to_unix_millis(clock_.now()) + kAfterReadErrorMs);
  }
  if (starts_after_) {  // Some of those that were passed over may not be due any more.
    starts_after_.reset();
    due_.clear();
    wheel_ = TimerWheel(to_unix_millis(clock_.now()));
    horizon_.reset();
    read_on_at_.reset();
    return;
  }
  std::vector<journal::Timer> all = wheel_.drain();
  all.insert(all.end(), due_.begin(), due_.end());
  due_.clear();
  wheel_ = TimerWheel(to_unix_millis(clock_.now()));
  for (const journal::Timer& timer : all) wheel_.insert(timer);
}

// Forgets the later half; it stays in the table.
void TimerActor::shrink() {
  std::vector<journal::Timer> all = wheel_.drain();
  for (std::size_t i = 0; i < wheel_max_; ++i) wheel_.insert(all[i]);
  horizon_ = all[wheel_max_ - 1];
  read_on_at_.reset();
  told_until_.set(horizon_->due_unix_ms, to_unix_millis(clock_.now()));
}

void TimerActor::schedule() {
  if (!due_.empty()) return;  // Answers will come.
  auto next = wheel_.next_ms();
  if (read_on_at_ && more_in_table_) next = std::min(next.value_or(*read_on_at_), *read_on_at_);
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
