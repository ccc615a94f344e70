// Starting: how an invocation comes to be, and what brings it back.

#include <algorithm>
#include <caf/send.hpp>
#include <utility>

#include "actors/caf_types.h"
#include "actors/invocation/attempt_link.h"
#include "actors/invocation/invocation_actor.h"

namespace holdfast::actors {

using journal::Status;

namespace {

bool killed_by(const journal::Notification& notification) {
  return notification.of == decltype(notification.of)(journal::kKillSignal);
}

}  // namespace

void InvocationActor::kill_now() {
  ActOn act{Engine::Act::kKill, [](const auto&) {}, {}};
  on(act);
}

void InvocationActor::on(Begin& mail) {
  if (presence_ == Presence::kUnknown && !mail.id_determined) presence_ = Presence::kAbsent;
  load_if_unknown();
  if (presence_ == Presence::kQuarantined) {
    if (mail.on_accepted) mail.on_accepted(unreadable());
    if (const auto callback = world_.waiters.take(id_, mail.waiter)) callback(unreadable());
    return;
  }
  if (presence_ == Presence::kPresent) {
    join(mail);
    return;
  }
  const std::int64_t not_before = mail.invocation.scheduled_start_at;
  create(std::move(mail.invocation), std::move(mail.input),
         mail.waiter == 0 ? Awaited::kNo : Awaited::kYes);
  if (!mail.on_accepted) return;
  // Not the time of one that waits for room only.
  const std::int64_t at = not_before == 0 ? 0 : state_.row.scheduled_start_at;
  then_.push_back([on_accepted = std::move(mail.on_accepted), id = id_, at] {
    on_accepted(Accepted{id, true, at});
  });
}

// INV-8: the request's key names an invocation that is there already.
void InvocationActor::join(Begin& mail) {
  if (mail.on_accepted) {
    when_durable(
        [on_accepted = std::move(mail.on_accepted), id = id_, at = state_.row.scheduled_start_at] {
          on_accepted(Accepted{id, false, at});
        });
  }
  if (mail.waiter == 0) return;
  if (state_.row.target.handler_kind == journal::HandlerKind::kRun) {
    when_durable([&waiters = world_.waiters, id = id_, waiter = mail.waiter] {
      if (const auto callback = waiters.take(id, waiter)) {
        callback(Error(ErrorCode::kConflict, "the workflow method was already invoked"));
      }
    });
    return;
  }
  answer(mail.waiter);
}

// To whom somebody owes an answer, he was durable when he asked. So an earlier run of this id had a
// smaller ticket or epoch, and another number but for one chance in four billion.
std::uint32_t InvocationActor::next_life() const {
  constexpr std::uint64_t kSpread = 0x9E3779B1;
  const storage::Committer& committer = world_.committer;
  const auto life = static_cast<std::uint32_t>(committer.epoch().value() * kSpread +
                                               committer.durable_through().value());
  return std::max<std::uint32_t>(life, 1);
}

void InvocationActor::create(journal::Invocation&& row, journal::Entry&& input, Awaited awaited) {
  state_ = {};
  state_.row = std::move(row);
  // Of an earlier run whose owner has stayed.
  open_asks_.clear();
  object_state_.reset();
  if (state_.row.has_id_of_a_key()) state_.row.life = next_life();
  if (awaited == Awaited::kNo && world_.puts_off(state_.row.target)) {
    state_.row.scheduled_start_at = std::max(state_.row.scheduled_start_at, now() + 1);
  }
  presence_ = Presence::kPresent;
  born_ = 0;
  if (!rows_.wake_ups.empty()) adopt_early();
  choose_home();
  journal_.emplace();
  journal_->push_back(input);
  journal::accept(state_, std::move(input), now(), decision_);
  want_attempt_ = state_.row.status == Status::kRunning;
}

void InvocationActor::on(Started& mail) {
  if (presence_ == Presence::kPresent) return;
  journal::Created& created = mail.created;
  presence_ = Presence::kPresent;
  state_ = {};
  state_.row = std::move(created.invocation);
  choose_home();
  state_.fold(created.input);
  for (const journal::Entry& entry : created.more) state_.fold(entry);
  born_ = created.born;
  last_stamp_ = born_ - 1;
  rows_ = {{created.wake_up}, created.queue, state_.row.status};
  state_.row.queue_position = created.queue;
  journal_.emplace();
  journal_->push_back(std::move(created.input));
  for (journal::Entry& entry : created.more) journal_->push_back(std::move(entry));
  want_attempt_ = state_.row.status == Status::kRunning;
}

void InvocationActor::on(Wake&) { load_if_unknown(); }

// REQUIRES: as loaded.
bool InvocationActor::has_kill_signal() const {
  if (state_.row_only) return std::any_of(news_.begin(), news_.end(), killed_by);
  return std::any_of(journal_->begin(), journal_->end(), [](const journal::Entry& entry) {
    const auto* notification = std::get_if<journal::Notification>(&entry.body);
    return notification != nullptr && killed_by(*notification);
  });
}

// After loading: what is stored may ask for an attempt that nobody has started, because the process
// ended, or because what it waited for came while nobody was in memory.
void InvocationActor::resume_if_due() {
  if (presence_ == Presence::kQuarantined) return;
  if (presence_ == Presence::kAbsent) {
    if (!rows_.wake_ups.empty()) remove(false);
    return;
  }
  if (state_.row.status != Status::kCompleted && has_kill_signal()) return kill_now();
  switch (state_.row.status) {
    case Status::kRunning:
      want_attempt_ = true;
      return;
    case Status::kQueued:
      world_.router.deliver(KeyName{state_.row.target.service, state_.row.target.key},
                            KeyMail{LookAgain{}}, home_);
      return;
    case Status::kSuspended:
      if (state_.row_only && is_woken_by_news()) {
        load(journal::Reading::kWhole);  // The attempt needs it.
        return resume_if_due();
      }
      if (!rows_.wake_ups.empty()) hear(std::exchange(news_, {}));
      return;
    case Status::kScheduled:
    case Status::kBackingOff:
    case Status::kPaused:
    case Status::kCompleted:
      break;
  }
  if (!rows_.wake_ups.empty()) journal::rest(state_, decision_);
}

bool InvocationActor::is_woken_by_news() const {
  journal::InvocationState then = state_;
  return std::any_of(news_.begin(), news_.end(),
                     [&](const auto& one) { return journal::told(then, one); });
}

// While it is suspended: what it was told, in the order of the journal, and is durable.
void InvocationActor::hear(std::span<const journal::Notification> news) {
  const bool wakes = std::any_of(news.begin(), news.end(),
                                 [this](const auto& one) { return journal::told(state_, one); });
  if (wakes) {
    journal::wake(state_, now(), decision_);
    want_attempt_ = !current_.attempt;
    return;
  }
  // While a batch is under way, all that comes shares the next.
  const bool urgent = decision_.urgent || outstanding_ == 0;
  journal::rest(state_, decision_);
  decision_.urgent = urgent;
}

// Whether a former owner of the row has taken note of what came with this wake-up. One that knows
// the journal sees it from the stamps.
bool InvocationActor::was_taken(journal::Stamp wake_up) const {
  const auto stored = world_.journal.tables().has_wake_up(id_, wake_up);
  if (!stored) stop_unreadable(id_, stored.error());
  return !*stored;
}

// With the row only it is not known which sleeps are open. The table of timers says so, but for
// those that this owner has taken note of, which may still be in it (INV-7).
void InvocationActor::learn_sleep(const journal::Timer& timer) {
  if (timer.kind != journal::TimerKind::kSleep || !learned_sleeps_.insert(timer).second) return;
  const auto stored = world_.journal.tables().has_timer(timer);
  if (!stored) stop_unreadable(id_, stored.error());
  if (*stored) state_.open_sleeps.push_back(timer);
}

void InvocationActor::on(Arrived& mail) {
  load_if_unknown();
  if (presence_ == Presence::kQuarantined) return;
  if (presence_ == Presence::kPresent && (born_ == 0 || mail.chunk < born_)) {
    early_.push_back(std::move(mail));  // See hear_early().
    return;
  }
  if (mail.chunk <= last_stamp_) return;  // Read with the rest.
  if (state_.row_only && was_taken(mail.wake_up)) return;
  last_stamp_ = mail.chunk;
  const auto& notification = std::get<journal::Notification>(mail.entry.body);
  // All that others complete comes this way.
  const bool completes = std::holds_alternative<journal::Notification::Completion>(notification.of);
  if (presence_ == Presence::kAbsent || (completes && notification.life != state_.row.life)) {
    return drop_told(mail.chunk, mail.wake_up);
  }
  rows_.wake_ups.push_back(mail.wake_up);
  state_.fold(mail.entry);
  const Status status = state_.row.status;
  if (killed_by(notification) && status != Status::kCompleted) return kill_now();
  const bool is_cancel = notification.of == decltype(notification.of)(journal::kCancelSignal);
  if (status == Status::kSuspended) {
    hear({&notification, 1});
  } else if (is_cancel && (status == Status::kPaused || status == Status::kBackingOff)) {
    journal::wake(state_, now(), decision_);
    want_attempt_ = !current_.attempt;
  } else if (status != Status::kRunning && status != Status::kQueued) {
    journal::rest(state_, decision_);
  }
  if (current_.attempt) {
    notify(notification);
  } else if (journal_) {
    journal_->push_back(std::move(mail.entry));
  }
}

// INV-2: it was for an earlier run of this id.
void InvocationActor::drop_told(journal::Stamp chunk, journal::Stamp wake_up) {
  rows_.wake_ups.push_back(wake_up);
  decision_.facts.push_back(journal::DropChunk{chunk});
  decision_.urgent = true;
  const Status status = state_.row.status;
  const bool is_active = status == Status::kRunning || status == Status::kQueued;
  if (presence_ == Presence::kPresent && is_active) return;
  // What has just been decided may need a wake-up, and all that are there go with the next rest.
  if (decision_.wake_up != journal::WakeUp::kPut) journal::rest(state_, decision_);
}

// INV-6: a signal may be stored under an id before the invocation that gets it: its caller has
// called and signalled it, or somebody guessed the id. A journal begins with its input, so the
// signal is taken out and told again behind that. A completion that is here is for an earlier run.
// REQUIRES: the stamp of the input is known.
void InvocationActor::hear_early() {
  for (Arrived& mail : std::exchange(early_, {})) {
    const auto& told = std::get<journal::Notification>(mail.entry.body);
    if (mail.chunk < born_ || state_.row.is_stale(told)) {
      tell_again(std::move(mail));
    } else {
      on(mail);
    }
  }
  for (Grant& mail : std::exchange(early_grants_, {})) on(mail);
}

void InvocationActor::tell_again(Arrived mail) {
  if (!told_again_.insert(mail.chunk).second) return;
  const auto stored = read_or_stop(world_.journal.tables().chunk(id_, mail.chunk));
  if (!stored || stored->empty()) return;  // Damaged, or a former owner has done it.
  auto& notification = std::get<journal::Notification>(mail.entry.body);
  if (std::holds_alternative<journal::Notification::Completion>(notification.of)) {
    return drop_told(mail.chunk, mail.wake_up);
  }
  rows_.wake_ups.push_back(mail.wake_up);
  decision_.facts.push_back(journal::DropChunk{mail.chunk});
  const Status status = state_.row.status;
  if (status == Status::kCompleted) return journal::rest(state_, decision_);
  if (killed_by(notification)) return kill_now();
  const bool is_cancel = notification.of == decltype(notification.of)(journal::kCancelSignal);
  if (is_cancel && (status == Status::kPaused || status == Status::kBackingOff)) {
    journal::wake(state_, now(), decision_);
  }
  take_signal(std::move(notification));
}

// It is created under an id that was told something, which loading has decided to remove.
// REQUIRES: loaded, and nothing submitted since.
void InvocationActor::adopt_early() {
  std::erase_if(decision_.facts, [](const journal::Fact& fact) {
    return std::holds_alternative<journal::DropChunk>(fact);
  });
  if (decision_.wake_up == journal::WakeUp::kTakeAll) decision_.wake_up = journal::WakeUp::kKeep;
  auto told = read_or_stop(world_.journal.tables().chunks(id_));
  if (!told) return;  // Whoever reads the journal next is stopped by that.
  for (auto& one : *told) {
    if (!one.entry.is_command()) early_.push_back({std::move(one.entry), one.stamp, one.stamp + 1});
  }
}

void InvocationActor::on(Grant& mail) {
  load_if_unknown();
  const bool is_there = presence_ == Presence::kPresent && state_.row.status != Status::kCompleted;
  if (is_there && born_ == 0) {
    // Its place is stored, so that the owner of the key has seen it, and its receipt is on the way.
    early_grants_.push_back(std::move(mail));
    return;
  }
  if (is_there && mail.place >= born_) {
    if (state_.row.status != Status::kQueued) return;  // It holds the key already.
    rows_.queue = state_.row.queue_position = mail.place;
    seen_through_ = mail.after;
    object_state_ = std::move(mail.state);
    journal::begin(state_, now(), decision_);
    ++wait_;
    want_attempt_ = true;
    return;
  }
  // It does not need its turn, or that is the place of an earlier run of this id (INV-5); the next
  // one shall have it. Not the state: it may have had its turn by a grant that was sent later and
  // came sooner.
  world_.router.deliver(mail.key, KeyMail{Left{mail.place, std::max(mail.after, left_at_), {}}},
                        home_);
}

void InvocationActor::on(TimerFired& mail) {
  load_if_unknown();
  const auto taken = [timers = world_.timers] { caf::anon_send(timers, TimerMail{Taken{}}); };
  if (presence_ == Presence::kQuarantined) {
    taken();  // The row stays for the operator; it fires again at the next start.
    return;
  }
  const journal::Timer& timer = mail.timer;
  if (timer.due_unix_ms > now()) {  // The clock was set back after it had fired.
    world_.arm({timer});
    taken();
    return;
  }
  const bool present = presence_ == Presence::kPresent;
  if (present && state_.row_only) learn_sleep(timer);
  const journal::Invocation& row = state_.row;
  const bool completed = present && row.status == Status::kCompleted;
  if (completed && timer.kind == journal::TimerKind::kExpire &&
      row.completed_at + row.completion_retention_ms <= timer.due_unix_ms) {
    remove(true);
  } else if (completed && timer.kind == journal::TimerKind::kExpireJournal &&
             row.completed_at + row.journal_retention_ms <= timer.due_unix_ms) {
    remove(false);
  } else if (present) {
    // Drops the row of the timer with whatever follows from it.
    if (journal::timer_fired(state_, timer, now(), decision_)) want_attempt_ = !current_.attempt;
    then_.push_back(taken);
    return;
  }
  decision_.facts.push_back(journal::DropTimer{timer});
  decision_.urgent = true;
  then_.push_back(taken);
}

}  // namespace holdfast::actors
