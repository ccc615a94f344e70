#include "actors/invocation/invocation_actor.h"

#include <caf/send.hpp>

#include "actors/caf_types.h"
#include "actors/invocation/attempt_link.h"
#include "actors/steps/local_runner.h"
#include "storage/base/log.h"
#include "storage/base/rare.h"

namespace holdfast::actors {

namespace {

constexpr Logger kLog("actors");

template <class Mail>
Mail& held(Mail& mail) {
  return mail;
}
template <class Mail>
Mail& held(std::shared_ptr<Mail>& mail) {
  return *mail;
}

}  // namespace

InvocationActor::InvocationActor(caf::actor_config& config, const Surroundings& world,
                                 journal::InvocationId id)
    : caf::event_based_actor(config), world_(world), id_(id) {
  state_.row.id = id_;
  end_process_on_exception(*this);
}

InvocationActor::~InvocationActor() = default;

void InvocationActor::on_exit() {
  if (current_.attempt) end_attempt();
}

caf::behavior InvocationActor::make_behavior() {
  return {[this](InvocationMail& mail) -> NoAnswer {
    if (leaving_ && !std::holds_alternative<Leave>(mail.body)) {
      world_.router.deliver(id_, std::move(mail));  // To the successor.
      return {};
    }
    std::visit([this](auto& body) { on(held(body)); }, mail.body);
    if (!leaving_) settle();
    return {};
  }};
}

std::int64_t InvocationActor::now() const { return to_unix_millis(world_.clock.now()); }

void InvocationActor::load_if_unknown() {
  if (presence_ != Presence::kUnknown) return;
  load(journal::Reading::kNewsIfParked);
  resume_if_due();
}

// REQUIRES: nothing decided or outstanding.
void InvocationActor::load(journal::Reading reading) {
  auto loaded = read_or_stop(world_.journal.load(id_, reading));
  if (!loaded) {
    presence_ = Presence::kQuarantined;
    quarantine_reason_ = loaded.error().message();
    kLog.error("invocation cannot be read and is left alone", "invocation={} reason={}", id_.text(),
               quarantine_reason_);
    return;
  }
  if (!*loaded) {
    presence_ = Presence::kAbsent;
    if (auto wake_ups = read_or_stop(world_.journal.tables().wake_ups(id_)))
      rows_.wake_ups = *wake_ups;
    return;
  }
  presence_ = Presence::kPresent;
  state_ = std::move((*loaded)->state);
  choose_home();
  rows_.wake_ups = std::move((*loaded)->wake_ups);
  rows_.queue = 0;
  rows_.counted = state_.row.status;
  // The holder's place is the first of the queue. One that still waits for its turn is told its
  // place with it.
  const journal::Status status = state_.row.status;
  if (!state_.row_only && state_.row.target.queued_by_key() &&
      status != journal::Status::kCompleted && status != journal::Status::kScheduled &&
      status != journal::Status::kQueued) {
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
  journal_->reserve((*loaded)->entries.size());
  for (auto& entry : (*loaded)->entries) journal_->push_back(std::move(entry.entry));
}

void InvocationActor::choose_home() {
  if (home_ == Home::kLoop || world_.loop == nullptr || !world_.handlers.is_elsewhere(state_.row)) {
    return;
  }
  home_ = Home::kLoop;
  if (context() != world_.loop) world_.router.move_to_loop(id_);
}

// The stamp of its place in the queue of its key. The holder's is the first.
void InvocationActor::find_place() {
  const journal::Target& target = state_.row.target;
  journal::Stamp after = 0;
  for (;;) {
    const auto places =
        read_or_stop(world_.journal.tables().queue(target.service, target.key, after, 64));
    if (!places || places->empty()) return;
    for (const auto& place : *places) {
      if (place.id == id_) {
        rows_.queue = state_.row.queue_position = place.stamp;
        return;
      }
      after = place.stamp;
    }
  }
}

void InvocationActor::when_durable(std::function<void()> then) {
  if (decision_.empty() && outstanding_ == 0) {
    then();
    return;
  }
  then_.push_back(std::move(then));
}

// Does whatever the present state of affairs calls for. Called after every mail.
void InvocationActor::settle() {
  if (born_ != 0 && !(early_.empty() && early_grants_.empty())) hear_early();
  while (!waiting_acts_.empty() && outstanding_ == 0 && decision_.empty()) {
    ActOn act = std::move(waiting_acts_.front());
    waiting_acts_.pop_front();
    on(act);
  }
  const bool held_back =
      state_.row.status == journal::Status::kSuspended && outstanding_ == 0 && !decision_.empty();
  if (!waiting_acts_.empty() || held_back) decision_.urgent = true;
  if (state_replaced_ && outstanding_ == 0 && decision_.empty()) {
    state_replaced_ = false;
    if (object_state_) object_state_->forget();
  }
  if (current_.held) release_attempt();
  if (current_.unread && !current_.held && has_room()) read_attempt();
  if (current_.attempt) settle_attempt();
  if (want_attempt_ && !current_.attempt && outstanding_ == 0 && may_start()) {
    if (!journal_ && context() == world_.loop) {
      read_elsewhere();
    } else {
      start_attempt();
      settle();
      return;
    }
  }
  flush();
  if (want_attempt_ && !current_.attempt && may_start_ahead()) start_attempt(Start::kAhead);
  run_waiting_steps();
  leave_if_done();
}

// A journal may be long, and the loop has others to see to: a worker reads it.
// REQUIRES: on the loop.
void InvocationActor::read_elsewhere() {
  world_.loop->hand_over();
  caf::anon_send(caf::actor(this), InvocationMail{Wake{}});
}

void InvocationActor::flush() {
  if (then_.empty() && (!decision_.urgent || decision_.empty())) return;
  constexpr std::size_t kMostly = 512;
  storage::Batch batch;
  batch.reserve(kMostly);
  current_.unsaved_reads = 0;
  journal::Decision decision = std::exchange(decision_, {});
  std::optional<journal::Stamp> left;
  if (decision.queue == journal::QueuePlace::kLeave) left = rows_.queue;
  // Nobody waits to hear of its place, and its turn cannot come before who holds the key has left.
  const bool may_linger = decision.queue == journal::QueuePlace::kTake && then_.empty();
  rows_.first_open_ask.reset();
  if (!open_asks_.empty()) rows_.first_open_ask = *open_asks_.begin();
  journal::Consequences consequences =
      journal::Journal::stage(state_, std::move(decision), rows_, now(), batch);
  using Wanted = storage::Committer::Wanted;
  send_out(std::move(batch), std::move(consequences), left,
           may_linger ? Wanted::kSoon : Wanted::kNow);
  if (!may_linger) return;
  const journal::Target& target = state_.row.target;
  world_.router.deliver(KeyName{target.service, target.key}, KeyMail{Expected{}}, home_);
}

void InvocationActor::send_out(storage::Batch batch, journal::Consequences&& consequences,
                               std::optional<journal::Stamp> left,
                               storage::Committer::Wanted wanted) {
  ++outstanding_;
  KeyName key;
  if (consequences.queue || left) key = {state_.row.target.service, state_.row.target.key};
  // Runs on the thread that commits, in the order of the log.
  auto tell_all = [self = caf::actor(this), id = id_, home = home_, key, &world = world_,
                   then = std::exchange(then_, {})](journal::Consequences told,
                                                    const storage::CommitReceipt& receipt) {
    told.resolve(receipt.first_lsn().value());
    // Its own entries come first: they have the lower stamps.
    InvocationMail committed{
        Committed{told.born, told.chunk, told.wake_up, told.queue, std::move(told.notifications)}};
    if (home == Home::kLoop) {
      world.loop->send(self, std::move(committed));
    } else {
      send_here(self, std::move(committed));
    }
    // Before signals: one may be for an invocation that a request brings about.
    for (journal::Request& request : told.requests) {
      const journal::InvocationId to = request.to;
      world.router.deliver(to,
                           InvocationMail{std::make_shared<Asked>(Asked{id, std::move(request)})});
    }
    for (journal::Arrival& one : told.arrivals) {
      world.router.deliver(one.to,
                           InvocationMail{Arrived{std::move(one.entry), one.chunk, one.wake_up}});
    }
    for (journal::Created& one : told.created) {
      const journal::InvocationId created = one.invocation.id;
      if (one.invocation.status == journal::Status::kScheduled) continue;  // Its timer is armed.
      const KeyName its_key{one.invocation.target.service, one.invocation.target.key};
      const journal::Stamp place = one.queue;
      const Home its_home = world.loop != nullptr && world.handlers.is_elsewhere(one.invocation)
                                ? Home::kLoop
                                : Home::kWorkers;
      world.router.deliver(
          created, InvocationMail{std::make_shared<Started>(Started{std::move(one)})}, its_home);
      if (place != 0) world.router.deliver(its_key, KeyMail{Enqueued{created, place}}, its_home);
    }
    world.arm(std::move(told.timers));
    if (told.queue) world.router.deliver(key, KeyMail{Enqueued{id, *told.queue}}, home);
    for (const auto& one : then) one();
  };
  const storage::Ticket ticket = world_.committer.submit_staged(
      std::move(batch), std::move(consequences), std::move(tell_all), wanted);
  submitted_ = ticket;
  if (!left) return;
  left_at_ = ticket;
  auto state = std::exchange(object_state_, nullptr);
  if (state_replaced_) state.reset();
  world_.router.deliver(key, KeyMail{Left{*left, ticket, std::move(state)}}, home_);
}

void InvocationActor::on(Committed& mail) {
  --outstanding_;
  if (mail.born && born_ == 0) born_ = *mail.born;
  if (mail.chunk) last_stamp_ = std::max(last_stamp_, *mail.chunk);
  if (mail.wake_up) rows_.wake_ups.push_back(*mail.wake_up);
  if (mail.queue) rows_.queue = state_.row.queue_position = *mail.queue;
  if (mail.wake_up && state_.row.status == journal::Status::kSuspended) hear(mail.notifications);
  for (journal::Notification& notification : mail.notifications) {
    if (current_.attempt) {
      this->notify(notification);
    } else if (journal_) {
      journal_->push_back(journal::Entry{{}, std::move(notification)});
    }
  }
  if (!current_.wants_all_durable || outstanding_ > 0) return;
  if (decision_.empty()) {
    current_.wants_all_durable = false;
    current_.attempt->all_durable();
  } else {
    decision_.urgent = true;
  }
}

// Null: nothing serves it (any more).
std::shared_ptr<const HandlerInfo> InvocationActor::handler_info() const {
  const journal::Invocation& row = state_.row;
  const auto info_in = [&](auto owner, const ServiceInfo& service) {
    return std::shared_ptr<const HandlerInfo>(owner, service.handler(row.target.handler));
  };
  if (!row.deployment_id.empty()) {
    const auto pinned = world_.catalog.find(row.target.service, row.deployment_id);
    return pinned == nullptr ? nullptr : info_in(pinned, *pinned);
  }
  const auto catalog = world_.catalog.snapshot();
  const auto newest = catalog->find(row.target.service);
  return newest == catalog->end() ? nullptr : info_in(catalog, newest->second);
}

std::int64_t InvocationActor::park_after_ms() {
  if (!current_.park_after_ms) {
    const auto handler = handler_info();
    const auto own = handler == nullptr ? std::nullopt : handler->park_after_ms;
    current_.park_after_ms =
        rare("an attempt parks at once") ? 0 : own.value_or(world_.options.park_after_ms);
  }
  return *current_.park_after_ms;
}

void InvocationActor::on(ParkIfWaiting& mail) {
  wait_noted_ = false;
  const bool waiting = current_.attempt && current_.state == AttemptState::kBlocked &&
                       !steps_pending() && state_.row.status == journal::Status::kRunning;
  if (waiting && mail.wait == wait_ && may_close()) {
    leave_memory_or_ask();
    return;
  }
  const bool queued = presence_ == Presence::kPresent && !current_.attempt &&
                      state_.row.status == journal::Status::kQueued && outstanding_ == 0 &&
                      decision_.empty();
  if (queued && mail.wait == wait_) {
    leaving_ = true;
    world_.router.retire(id_);
  }
}

void InvocationActor::on(Rest&) {
  ParkIfWaiting now{wait_};
  on(now);
  if (current_.attempt) current_.attempt->wind_up();
}

void InvocationActor::leave_if_done() {
  const bool at_rest = outstanding_ == 0 && decision_.empty() && then_.empty() && !want_attempt_ &&
                       former_.empty() && open_asks_.empty() && waiting_acts_.empty();
  if (!at_rest) return;
  if (presence_ == Presence::kPresent) {
    const journal::Status status = state_.row.status;
    if (status == journal::Status::kRunning) return;
    if (status == journal::Status::kQueued) {
      if (!wait_noted_) {
        wait_noted_ = true;
        world_.wait_notes.add({now(), id_, wait_});
      }
      return;
    }
  }
  if (steps_pending()) return;
  leaving_ = true;
  world_.router.retire(id_);
}

void InvocationActor::on(Leave&) { quit(); }

}  // namespace holdfast::actors
