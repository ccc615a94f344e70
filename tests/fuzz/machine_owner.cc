#include "tests/fuzz/machine_owner.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "journal/journal_index.h"
#include "storage/base/check.h"
#include "tests/fuzz/machine_world.h"
#include "tests/journal/record_samples.h"
#include "tests/support/naive_waits.h"

namespace holdfast::testing {

using journal::Status;

namespace {

bool is_signal(const journal::Notification& notification, std::uint32_t index) {
  return notification.of == decltype(notification.of)(index);
}

bool may_wake(Status status) { return status == Status::kPaused || status == Status::kBackingOff; }

}  // namespace

MachineOwner::MachineOwner(MachineWorld& world, const journal::InvocationId& id)
    : world_(world), id_(id) {
  state_.row.id = id;
}

void MachineOwner::receive(Mail mail) {
  std::visit([this](auto& one) { on(one); }, mail);
  settle();
}

// ---- What is stored.

void MachineOwner::load_if_unknown() {
  if (presence_ != Presence::kUnknown) return;
  load(journal::Reading::kNewsIfParked);
  resume_if_due();
}

void MachineOwner::load(journal::Reading reading) {
  auto loaded = world_.journal().load(id_, reading);
  if (!loaded) {
    CHECK(loaded.error().code() == ErrorCode::kCorruption, "what cannot be read is corrupt");
    CHECK(!loaded.error().message().empty(), "and it is said how");
    CHECK(!world_.sound(), "the engine writes what it can read");
    presence_ = Presence::kQuarantined;
    return;
  }
  if (!*loaded) {
    presence_ = Presence::kAbsent;
    if (auto wake_ups = world_.tables().wake_ups(id_)) rows_.wake_ups = *wake_ups;
    return;
  }
  presence_ = Presence::kPresent;
  state_ = std::move((*loaded)->state);
  rows_.wake_ups = std::move((*loaded)->wake_ups);
  rows_.queue = 0;
  const Status status = state_.row.status;
  rows_.counted = status;
  if (!state_.row_only && state_.row.target.queued_by_key() && status != Status::kCompleted &&
      status != Status::kScheduled && status != Status::kQueued) {
    find_place();
  }
  last_stamp_ = std::max(last_stamp_, (*loaded)->last_stamp);
  news_ = std::move((*loaded)->news);
  born_ = (*loaded)->born;
  early_.clear();
  for (auto& one : (*loaded)->early) {
    early_.push_back({std::move(one.entry), one.stamp, one.stamp + 1});
  }
  if (state_.row_only) return;
  learned_sleeps_.clear();
  journal_.emplace();
  for (auto& one : (*loaded)->entries) journal_->push_back(std::move(one.entry));
}

void MachineOwner::find_place() {
  const auto places = world_.tables().queue(target().service, target().key, 0, 64);
  if (!places) return;
  for (const auto& place : *places) {
    if (place.id != id_) continue;
    rows_.queue = state_.row.queue_position = place.stamp;
    return;
  }
}

bool MachineOwner::has_kill_signal() const {
  const auto kills = [](const journal::Notification& one) {
    return is_signal(one, journal::kKillSignal);
  };
  if (state_.row_only) return std::any_of(news_.begin(), news_.end(), kills);
  return std::any_of(journal_->begin(), journal_->end(), [&](const journal::Entry& entry) {
    const auto* notification = std::get_if<journal::Notification>(&entry.body);
    return notification != nullptr && kills(*notification);
  });
}

bool MachineOwner::is_woken_by_news() const {
  journal::InvocationState then = state_;
  return std::any_of(news_.begin(), news_.end(),
                     [&](const auto& one) { return journal::told(then, one); });
}

void MachineOwner::resume_if_due() {
  if (presence_ == Presence::kQuarantined) return;
  if (presence_ == Presence::kAbsent) {
    if (!rows_.wake_ups.empty()) remove(false);
    return;
  }
  if (state_.row.status != Status::kCompleted && has_kill_signal()) return act(Act::kKill);
  switch (state_.row.status) {
    case Status::kRunning:
      want_attempt_ = true;
      return;
    case Status::kQueued:
      return;
    case Status::kSuspended:
      if (state_.row_only && is_woken_by_news()) {
        load(journal::Reading::kWhole);
        return resume_if_due();
      }
      if (!rows_.wake_ups.empty()) hear(std::exchange(news_, {}));
      return;
    default:
      break;
  }
  if (!rows_.wake_ups.empty()) journal::rest(state_, decision_);
}

// ---- What it hears.

void MachineOwner::hear(std::span<const journal::Notification> news) {
  const bool wakes = std::any_of(news.begin(), news.end(),
                                 [this](const auto& one) { return journal::told(state_, one); });
  if (wakes) {
    journal::wake(state_, world_.now(), decision_);
    want_attempt_ = !attempt_;
    return;
  }
  const bool urgent = decision_.urgent || outstanding_ == 0;
  journal::rest(state_, decision_);
  decision_.urgent = urgent;
}

void MachineOwner::on(Begin& mail) {
  if (presence_ == Presence::kUnknown && !mail.id_determined) presence_ = Presence::kAbsent;
  load_if_unknown();
  if (presence_ != Presence::kAbsent) return;
  create(std::move(mail.invocation), std::move(mail.input));
}

void MachineOwner::create(journal::Invocation row, journal::Entry input) {
  state_ = {};
  state_.row = std::move(row);
  open_asks_.clear();
  if (state_.row.has_id_of_a_key()) state_.row.life = world_.next_life();
  presence_ = Presence::kPresent;
  born_ = 0;
  if (!rows_.wake_ups.empty()) adopt_early();
  journal_.emplace();
  journal_->push_back(input);
  journal::accept(state_, std::move(input), world_.now(), decision_);
  want_attempt_ = state_.row.status == Status::kRunning;
}

void MachineOwner::on(Started& mail) {
  if (presence_ == Presence::kPresent) return;
  journal::Created& created = mail.created;
  presence_ = Presence::kPresent;
  state_ = {};
  state_.row = std::move(created.invocation);
  state_.fold(created.input);
  for (const journal::Entry& entry : created.more) state_.fold(entry);
  born_ = created.born;
  last_stamp_ = born_ - 1;
  rows_ = {{created.wake_up}, created.queue, state_.row.status, {}};
  state_.row.queue_position = created.queue;
  journal_.emplace();
  journal_->push_back(std::move(created.input));
  for (journal::Entry& entry : created.more) journal_->push_back(std::move(entry));
  want_attempt_ = state_.row.status == Status::kRunning;
}

void MachineOwner::on(Arrived& mail) {
  load_if_unknown();
  if (presence_ == Presence::kQuarantined) return;
  if (presence_ == Presence::kPresent && (born_ == 0 || mail.chunk < born_)) {
    early_.push_back(std::move(mail));
    return;
  }
  if (mail.chunk <= last_stamp_) return;
  if (state_.row_only && !*world_.tables().has_wake_up(id_, mail.wake_up)) return;
  last_stamp_ = mail.chunk;
  const auto& notification = std::get<journal::Notification>(mail.entry.body);
  const bool completes = std::holds_alternative<journal::Notification::Completion>(notification.of);
  if (presence_ == Presence::kAbsent || (completes && notification.life != state_.row.life)) {
    return drop_told(mail.chunk, mail.wake_up);
  }
  rows_.wake_ups.push_back(mail.wake_up);
  state_.fold(mail.entry);
  const Status status = state_.row.status;
  if (is_signal(notification, journal::kKillSignal) && status != Status::kCompleted) {
    return act(Act::kKill);
  }
  if (status == Status::kSuspended) {
    hear({&notification, 1});
  } else if (is_signal(notification, journal::kCancelSignal) && may_wake(status)) {
    journal::wake(state_, world_.now(), decision_);
    want_attempt_ = !attempt_;
  } else if (status != Status::kRunning && status != Status::kQueued) {
    journal::rest(state_, decision_);
  }
  if (attempt_) {
    attempt_->heard.push_back(notification);
  } else if (journal_) {
    journal_->push_back(std::move(mail.entry));
  }
}

void MachineOwner::hear_early() {
  for (Arrived& mail : std::exchange(early_, {})) {
    const auto& told = std::get<journal::Notification>(mail.entry.body);
    if (mail.chunk < born_ || state_.row.is_stale(told)) {
      tell_again(std::move(mail));
    } else {
      on(mail);
    }
  }
}

void MachineOwner::tell_again(Arrived mail) {
  if (!told_again_.insert(mail.chunk).second) return;
  const auto stored = world_.tables().chunk(id_, mail.chunk);
  if (!stored || stored->empty()) return;
  auto& notification = std::get<journal::Notification>(mail.entry.body);
  if (std::holds_alternative<journal::Notification::Completion>(notification.of)) {
    return drop_told(mail.chunk, mail.wake_up);
  }
  rows_.wake_ups.push_back(mail.wake_up);
  decision_.facts.push_back(journal::DropChunk{mail.chunk});
  const Status status = state_.row.status;
  if (status == Status::kCompleted) return journal::rest(state_, decision_);
  if (is_signal(notification, journal::kKillSignal)) return act(Act::kKill);
  if (is_signal(notification, journal::kCancelSignal) && may_wake(status)) {
    journal::wake(state_, world_.now(), decision_);
  }
  take_signal(std::move(notification));
}

void MachineOwner::adopt_early() {
  std::erase_if(decision_.facts, [](const journal::Fact& fact) {
    return std::holds_alternative<journal::DropChunk>(fact);
  });
  if (decision_.wake_up == journal::WakeUp::kTakeAll) decision_.wake_up = journal::WakeUp::kKeep;
  auto told = world_.tables().chunks(id_);
  if (!told) return;
  for (auto& one : *told) {
    if (!one.entry.is_command()) early_.push_back({std::move(one.entry), one.stamp, one.stamp + 1});
  }
}

void MachineOwner::learn_sleep(const journal::Timer& timer) {
  if (timer.kind != journal::TimerKind::kSleep || !learned_sleeps_.insert(timer).second) return;
  if (*world_.tables().has_timer(timer)) state_.open_sleeps.push_back(timer);
}

void MachineOwner::on(TimerFired& mail) {
  load_if_unknown();
  if (presence_ == Presence::kQuarantined) return;
  const journal::Timer& timer = mail.timer;
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
    if (journal::timer_fired(state_, timer, world_.now(), decision_)) want_attempt_ = !attempt_;
    return;
  }
  decision_.facts.push_back(journal::DropTimer{timer});
  decision_.urgent = true;
}

void MachineOwner::grant(journal::Stamp place) {
  load_if_unknown();
  if (presence_ == Presence::kPresent && state_.row.status == Status::kQueued) {
    rows_.queue = state_.row.queue_position = place;
    journal::begin(state_, world_.now(), decision_);
    want_attempt_ = true;
  }
  settle();
}

void MachineOwner::on(Committed& mail) {
  --outstanding_;
  if (mail.born && born_ == 0) born_ = *mail.born;
  if (mail.chunk) last_stamp_ = std::max(last_stamp_, *mail.chunk);
  if (mail.wake_up) rows_.wake_ups.push_back(*mail.wake_up);
  if (mail.queue) rows_.queue = state_.row.queue_position = *mail.queue;
  if (mail.wake_up && state_.row.status == Status::kSuspended) hear(mail.notifications);
  for (journal::Notification& notification : mail.notifications) {
    if (attempt_) {
      attempt_->heard.push_back(std::move(notification));
    } else if (journal_) {
      journal_->push_back(journal::Entry{{}, std::move(notification)});
    }
  }
}

// ---- What follows.

void MachineOwner::settle() {
  if (!early_.empty() && born_ != 0) hear_early();
  while (!waiting_acts_.empty() && outstanding_ == 0 && decision_.empty()) {
    const Act next = waiting_acts_.front();
    waiting_acts_.pop_front();
    act(next);
  }
  const bool held_back = presence_ == Presence::kPresent &&
                         state_.row.status == Status::kSuspended && outstanding_ == 0 &&
                         !decision_.empty();
  if (!waiting_acts_.empty() || held_back) decision_.urgent = true;
  if (attempt_ && broken_ && may_close()) fail(std::nullopt);
  if (want_attempt_ && !attempt_ && outstanding_ == 0 && may_start()) {
    start_attempt();
    settle();
    return;
  }
  flush();
}

bool MachineOwner::may_start() {
  if (decision_.empty() || (journal_ && !world_.elsewhere())) return true;
  decision_.urgent = true;
  return false;
}

void MachineOwner::start_attempt() {
  want_attempt_ = false;
  if (presence_ != Presence::kPresent || state_.row.status != Status::kRunning) return;
  if (!journal_) {
    load(journal::Reading::kWhole);
    if (presence_ != Presence::kPresent) return;
    if (state_.row.status != Status::kCompleted && has_kill_signal()) return act(Act::kKill);
  }
  broken_ = false;
  MachineAttempt& attempt = attempt_.emplace();
  if (journal_->empty()) {
    broken_ = true;
    return;
  }
  ask_again();
  for (const journal::Entry& entry : *journal_) {
    if (const auto* heard = std::get_if<journal::Notification>(&entry.body)) {
      attempt.heard.push_back(*heard);
      const auto* of = std::get_if<journal::Notification::Completion>(&heard->of);
      if (of != nullptr) std::erase(attempt.open_runs, of->id);
      continue;
    }
    const auto [first, second] = journal::completions_of(entry);
    for (const journal::CompletionId id : {first, second}) {
      if (id == 0) continue;
      attempt.asked.push_back(id);
      attempt.next = std::max(attempt.next, id + 1);
    }
    if (const auto* run = std::get_if<journal::Run>(&entry.body)) {
      attempt.open_runs.push_back(run->completion);
    }
    if (std::holds_alternative<journal::Output>(entry.body)) attempt.has_output = true;
  }
  journal_.reset();
}

void MachineOwner::ask_again() {
  for (const auto& [number, entry] : std::exchange(state_.open_asks, {})) {
    std::optional<journal::Resolution> resolution;
    if (const auto* call = std::get_if<journal::Call>(&entry.body)) {
      if (call->completion == 0 && number < state_.row.journal_commands) continue;
      resolution = world_.resolve(*call);
      if (!resolution && !call->idempotency_key) continue;
      if (!resolution) {
        broken_ = true;
        return;
      }
    }
    auto request = journal::request_of(state_, number, entry, resolution ? &*resolution : nullptr,
                                       world_.now());
    if (!request) continue;
    open_asks_.insert(number);
    const journal::InvocationId to = request->to;
    world_.post(to, Asked{id_, std::move(*request)});
  }
}

void MachineOwner::flush() {
  for (const journal::Fact& fact : decision_.facts) {
    const bool seen = std::holds_alternative<journal::Tell>(fact) ||
                      std::holds_alternative<journal::Create>(fact) ||
                      std::holds_alternative<journal::SetTimer>(fact);
    CHECK(!seen || decision_.urgent, "what others see is urgent");
  }
  CHECK(decision_.requests.empty() || decision_.urgent, "and so is what others are asked");
  if (acks_.empty() && (!decision_.urgent || decision_.empty())) return;
  rows_.first_open_ask.reset();
  if (!open_asks_.empty()) rows_.first_open_ask = *open_asks_.begin();
  storage::Batch batch;
  journal::Consequences told =
      journal::Journal::stage(state_, std::exchange(decision_, {}), rows_, world_.now(), batch);
  ++outstanding_;
  world_.commit(id_, batch, std::move(told), std::exchange(acks_, {}));
}

}  // namespace holdfast::testing
