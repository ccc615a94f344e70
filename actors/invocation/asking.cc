// Asking: what clients, operators and other invocations ask of an invocation.

#include <algorithm>
#include <caf/send.hpp>

#include "actors/caf_types.h"
#include "actors/invocation/attempt_link.h"
#include "actors/invocation/invocation_actor.h"
#include "storage/base/log.h"

namespace holdfast::actors {

namespace {
constexpr Logger kLog("actors");

journal::Waiter asker_of(const Asked& mail) {
  return {mail.from, mail.request.completion, mail.request.life};
}
}  // namespace

using journal::Status;

Finished InvocationActor::finished() const {
  const journal::Invocation& row = state_.row;
  return {id_, *row.result, row.target,
          row.completion_retention_ms > 0 ? row.completed_at + row.completion_retention_ms : 0};
}

Error InvocationActor::unreadable() const {
  return {ErrorCode::kCorruption,
          "invocation " + id_.text() + " cannot be read from the store: " + quarantine_reason_};
}

Error InvocationActor::unknown() const {
  return {ErrorCode::kNotFound, "invocation " + id_.text() + " not found"};
}

// Answers one waiter if there is an outcome; it waits on otherwise.
void InvocationActor::answer(std::uint64_t waiter) {
  if (state_.row.status != Status::kCompleted) return;
  when_durable([&waiters = world_.waiters, waiter, done = finished()] {
    if (const auto callback = waiters.take(done.id, waiter)) callback(done);
  });
}

void InvocationActor::on(Ask& mail) {
  load_if_unknown();
  if (presence_ == Presence::kPresent) return answer(mail.waiter);
  when_durable([&waiters = world_.waiters, id = id_, waiter = mail.waiter,
                error = presence_ == Presence::kAbsent ? unknown() : unreadable()] {
    if (const auto callback = waiters.take(id, waiter)) callback(error);
  });
}

void InvocationActor::on(AskOutput& mail) {
  load_if_unknown();
  if (presence_ != Presence::kPresent) {
    when_durable(
        [on_answer = std::move(mail.on_answer),
         error = presence_ == Presence::kAbsent ? unknown() : unreadable()] { on_answer(error); });
    return;
  }
  std::optional<Finished> done;
  if (state_.row.status == Status::kCompleted) done = finished();
  when_durable(
      [on_answer = std::move(mail.on_answer), done = std::move(done)] { on_answer(done); });
}

void InvocationActor::on(Asked& mail) {
  load_if_unknown();
  if (presence_ == Presence::kQuarantined) {
    if (mail.request.completion != 0) {
      decision_.facts.push_back(
          journal::answer(asker_of(mail), journal::Failure{500, unreadable().message(), {}}));
      decision_.urgent = true;
    }
  } else {
    std::visit([&](const auto& what) { serve(mail, what); }, mail.request.what);
  }
  const AskTaken taken{mail.request.number, mail.request.life};
  when_durable([&router = world_.router, from = mail.from, taken] {
    router.deliver_if_present(from, InvocationMail{taken});
  });
}

// What is damaged cannot be known: then it is added again, which does no harm.
void InvocationActor::recall_waiter(const journal::WaitedFor& of, const journal::Waiter& waiter,
                                    journal::LaterWaiters& later) const {
  static_cast<void>(read_or_stop(world_.journal.recall_waiter(of, waiter, later)));
}

bool InvocationActor::recall_waiters(const journal::WaitedFor& of,
                                     journal::LaterWaiters& later) const {
  const auto recalled = read_or_stop(world_.journal.recall_waiters(of, later));
  if (recalled) return true;
  const auto* promise = std::get_if<journal::PromiseName>(&of);
  kLog.error("who waits cannot be read; run holdfast verify", "invocation={} promise={} reason={}",
             id_.text(), promise == nullptr ? "" : promise->name, recalled.error().message());
  return false;
}

void InvocationActor::serve(const Asked& mail, const journal::Request::StartCall& start) {
  if (presence_ == Presence::kAbsent) {
    create(journal::Invocation(start.invocation), journal::Entry(start.input),
           start.wait ? Awaited::kYes : Awaited::kNo);
    return;
  }
  if (!start.wait) return;
  const journal::Waiter waiter = asker_of(mail);
  const auto& waiters = state_.row.waiters;
  if (std::find(waiters.begin(), waiters.end(), waiter) != waiters.end()) return;
  if (state_.row.target.handler_kind == journal::HandlerKind::kRun) {
    decision_.facts.push_back(journal::answer(
        waiter, journal::Failure{409, "the workflow method was already invoked", {}}));
    decision_.urgent = true;
    return;
  }
  recall_waiter(id_, waiter, state_.later_waiters);
  journal::attach(state_, waiter, true, decision_);
}

void InvocationActor::serve(const Asked& mail, const journal::Request::AttachTo& attach) {
  const journal::Waiter waiter = asker_of(mail);
  if (presence_ == Presence::kPresent) {
    if (attach.wait) recall_waiter(id_, waiter, state_.later_waiters);
    journal::attach(state_, waiter, attach.wait, decision_);
    return;
  }
  decision_.facts.push_back(
      journal::answer(waiter, journal::Failure{404, unknown().message(), {}}));
  decision_.urgent = true;
}

void InvocationActor::serve(const Asked& mail, const journal::Request::PromiseAct& act) {
  const journal::Waiter asker = asker_of(mail);
  const journal::PromiseName name{act.service, act.key, act.promise.key};
  const auto refuse = [&](const std::string& reason) {
    decision_.facts.push_back(journal::answer(asker, journal::Failure{500, reason, {}}));
    decision_.urgent = true;
  };
  auto known = promises_.find(name.name);
  if (known == promises_.end()) {
    auto stored = read_or_stop(world_.journal.load_promise(name));
    if (!stored) return refuse(stored.error().message());
    known = promises_.emplace(name.name, std::move(*stored)).first;
  }
  journal::PromiseState& promise = known->second;
  if (act.promise.act == journal::Promise::Act::kGet) {
    recall_waiter(name, asker, promise.later_waiters);
  } else if (act.promise.act == journal::Promise::Act::kComplete &&
             !recall_waiters(name, promise.later_waiters)) {
    return refuse("the promise stays open: who waits for it cannot be read");
  }
  journal::promise_act(promise, asker, act, decision_);
}

void InvocationActor::on(AskTaken& mail) {
  if (mail.life == state_.row.life) open_asks_.erase(mail.number);
}

// A signal becomes an entry of the journal, whatever the invocation is doing; the handler gets it
// when the entry is durable.
void InvocationActor::take_signal(journal::Notification signal) {
  journal::signal(state_, std::move(signal), now(), decision_);
  if (state_.row.status != Status::kRunning || current_.attempt) return;
  want_attempt_ = true;
  journal_
      .reset();  // The attempt finds the signal in the journal, so it begins when that is stored.
}

void InvocationActor::on(SignalSent& mail) {
  load_if_unknown();
  if (presence_ != Presence::kPresent) {
    mail.on_done(presence_ == Presence::kAbsent ? unknown() : unreadable());
    return;
  }
  const bool late = state_.row.status == Status::kCompleted;
  if (!late) take_signal(std::move(mail.signal));
  when_durable([on_done = std::move(mail.on_done), late] {
    on_done(late ? ActResult::kDone : ActResult::kAccepted);
  });
}

void InvocationActor::on(ActOn& mail) {
  load_if_unknown();
  if (presence_ == Presence::kAbsent) return mail.on_done(unknown());
  if (presence_ == Presence::kQuarantined) return mail.on_done(unreadable());
  bool at_rest = outstanding_ == 0 && decision_.empty();
  if (at_rest && state_.row_only) {
    load(journal::Reading::kWhole);
    resume_if_due();  // It may have read what is still on its way here.
    if (presence_ == Presence::kQuarantined) return mail.on_done(unreadable());
    at_rest = decision_.empty();
  }
  if (!at_rest) {
    waiting_acts_.push_back(std::move(mail));
    return;
  }
  const bool ends_queued = state_.row.status == Status::kQueued && rows_.queue == 0 &&
                           (mail.act == Engine::Act::kCancel || mail.act == Engine::Act::kKill);
  if (ends_queued) find_place();
  switch (mail.act) {
    case Engine::Act::kCancel:
      return cancel(mail);
    case Engine::Act::kKill:
      return kill(mail);
    case Engine::Act::kPurge:
      return purge(mail, true);
    case Engine::Act::kPurgeJournal:
      return purge(mail, false);
    case Engine::Act::kPause:
      return pause(mail);
    case Engine::Act::kResume:
      return resume(mail);
  }
}

namespace {

std::function<void()> report(ActOn& mail, ActResult result) {
  return [on_done = std::move(mail.on_done), result] { on_done(result); };
}

Error wrong_state(const journal::Invocation& row, const char* act) {
  return {ErrorCode::kConflict, "invocation " + row.id.text() + " is " +
                                    journal::status_text(row.status) + " and cannot be " + act};
}

}  // namespace

void InvocationActor::cancel(ActOn& mail) {
  switch (state_.row.status) {
    case Status::kCompleted:
      return mail.on_done(wrong_state(state_.row, "cancelled"));
    case Status::kScheduled:
    case Status::kQueued:
      finish(journal::Failure{409, "canceled", {}});
      then_.push_back(report(mail, ActResult::kDone));
      return;
    case Status::kPaused:
    case Status::kBackingOff:
      journal::wake(state_, now(), decision_);
      break;
    case Status::kRunning:
    case Status::kSuspended:
      break;
  }
  take_signal(journal::Notification{journal::kCancelSignal, journal::Empty{}});
  then_.push_back(report(mail, ActResult::kAccepted));
}

void InvocationActor::kill(ActOn& mail) {
  if (state_.row.status == Status::kCompleted) {
    return mail.on_done(wrong_state(state_.row, "killed"));
  }
  // All it has called and sent goes with it.
  std::vector<journal::InvocationId> children;
  if (const auto entries = read_or_stop(world_.journal.tables().chunks(id_))) {
    for (const auto& one : *entries) {
      const auto* notification = std::get_if<journal::Notification>(&one.entry.body);
      if (notification == nullptr) continue;
      if (const auto* id = std::get_if<journal::InvocationId>(&notification->result)) {
        children.push_back(*id);
      }
    }
  }
  finish(journal::Failure{409, "killed", {}});
  for (const journal::InvocationId& child : children) {
    decision_.facts.push_back(journal::Tell{
        child, journal::Entry{{}, journal::Notification{journal::kKillSignal, journal::Empty{}}}});
  }
  then_.push_back(report(mail, ActResult::kDone));
}

void InvocationActor::remove(bool row_too) {
  const auto& tables = world_.journal.tables();
  const auto entries = read_or_stop(tables.chunks(id_));
  if (!entries) {
    kLog.error("journal cannot be read and stays", "invocation={} reason={}", id_.text(),
               entries.error().message());
    return;
  }
  std::vector<journal::Stamp> chunks;
  for (const auto& one : *entries) {
    if (chunks.empty() || chunks.back() != one.stamp) chunks.push_back(one.stamp);
  }
  if (presence_ == Presence::kAbsent) {
    // Entries told to an invocation that does not exist.
    for (const journal::Stamp stamp : chunks) decision_.facts.push_back(journal::DropChunk{stamp});
    journal::rest(state_, decision_);
    return;
  }
  if (row_too && state_.row.target.handler_kind == journal::HandlerKind::kRun) {
    drop_promises();
    const journal::Target& target = state_.row.target;
    if (const auto keys = read_or_stop(tables.state_keys(target.service, target.key))) {
      for (const Bytes& key : *keys) decision_.facts.push_back(journal::DropState{key});
    }
  }
  journal::purge(state_, chunks, row_too, decision_);
  journal_.reset();
  if (!row_too) return;
  flush();
  presence_ = Presence::kAbsent;
}

// The promises of its workflow key go with the run, but for those that somebody waits for: a shared
// handler beside it, or another run later, may keep them yet.
void InvocationActor::drop_promises() {
  const auto& tables = world_.journal.tables();
  const journal::Target& target = state_.row.target;
  const auto stored = read_or_stop(tables.promises(target.service, target.key));
  if (!stored) return;
  std::set<std::string> names(stored->begin(), stored->end());
  for (const auto& [name, record] : promises_) names.insert(name);
  const auto is_live = [&](const journal::Waiter& waiter) {
    const auto row = read_or_stop(tables.invocation(waiter.invocation));
    return !row || (row->has_value() && (*row)->status != Status::kCompleted &&
                    (*row)->life == waiter.life);
  };
  for (const std::string& name : names) {
    const journal::PromiseName full_name{target.service, target.key, name};
    const auto known = promises_.find(name);
    auto loaded = known != promises_.end()
                      ? Result<journal::PromiseState>(known->second)
                      : read_or_stop(world_.journal.load_promise(full_name));
    if (!loaded) {  // Who stood in the record is lost; it goes unless others wait.
      loaded = journal::PromiseState();
      loaded->later_waiters.all = false;
    }
    const auto any_live = [&](const auto& waiters) {
      return std::any_of(waiters.begin(), waiters.end(), is_live);
    };
    if (any_live(loaded->record.waiters)) continue;
    if (!recall_waiters(full_name, loaded->later_waiters)) continue;
    if (any_live(loaded->later_waiters.known)) continue;
    journal::drop_promise(*loaded, full_name, decision_);
    promises_[name] = {};  // Until that is durable the table says otherwise.
  }
}

void InvocationActor::purge(ActOn& mail, bool row_too) {
  if (state_.row.status != Status::kCompleted) {
    return mail.on_done(wrong_state(state_.row, "purged"));
  }
  then_.push_back(report(mail, ActResult::kDone));
  remove(row_too);
}

void InvocationActor::pause(ActOn& mail) {
  switch (state_.row.status) {
    case Status::kPaused:
      return mail.on_done(ActResult::kDone);
    case Status::kCompleted:
    case Status::kScheduled:
    case Status::kQueued:
      return mail.on_done(wrong_state(state_.row, "paused"));
    case Status::kRunning:
    case Status::kSuspended:
    case Status::kBackingOff:
      break;
  }
  end_attempt();
  object_state_.reset();
  journal_.reset();
  journal::pause(state_, now(), decision_);
  then_.push_back(report(mail, ActResult::kAccepted));
}

// Pins `row` to another deployment: an id, "latest" or "keep".
Result<void> InvocationActor::move_to(journal::Invocation& row, std::string_view deployment) const {
  if (deployment == "keep") return {};
  const journal::Target& target = row.target;
  std::string id(deployment);
  if (deployment == "latest") {
    const auto snapshot = world_.catalog.snapshot();
    const auto newest = snapshot->find(target.service);
    if (newest == snapshot->end()) {
      return Error(ErrorCode::kNotFound, "service '" + target.service + "' not found");
    }
    id = newest->second.deployment_id;
  }
  const auto service = world_.catalog.find(target.service, id);
  if (service == nullptr || service->handler(target.handler) == nullptr) {
    const bool is_known = service != nullptr || world_.catalog.deployment(id) != nullptr;
    return Error(ErrorCode::kNotFound,
                 is_known ? "deployment '" + id + "' does not serve " + target.service + "/" +
                                target.handler
                          : "there is no deployment '" + id + "' that serves " + target.service);
  }
  const auto info = world_.catalog.deployment(id);
  if (info == nullptr) {  // Code of this process: whatever version it was, its journal is ours.
    row.deployment_id.clear();
    row.protocol_version = 0;
    return {};
  }
  const auto& speaks = info->deployment;
  if (row.protocol_version != 0 && (row.protocol_version < speaks.protocol_version_min ||
                                    row.protocol_version > speaks.protocol_version_max)) {
    return Error(ErrorCode::kConflict, "deployment '" + id + "' does not speak version " +
                                           std::to_string(row.protocol_version) +
                                           " of the protocol, as the invocation does");
  }
  row.deployment_id = id;
  return {};
}

void InvocationActor::resume(ActOn& mail) {
  switch (state_.row.status) {
    case Status::kPaused:
    case Status::kBackingOff:
    case Status::kSuspended:
      break;
    case Status::kRunning:
    case Status::kCompleted:
    case Status::kScheduled:
    case Status::kQueued:
      return mail.on_done(wrong_state(state_.row, "resumed"));
  }
  if (mail.deployment) {
    if (auto moved = move_to(state_.row, *mail.deployment); !moved) {
      return mail.on_done(moved.error());
    }
  }
  state_.row.retry_count = 0;
  state_.row.retrying_since = 0;
  journal::wake(state_, now(), decision_);
  decision_.urgent = true;
  want_attempt_ = !current_.attempt;
  then_.push_back(report(mail, ActResult::kDone));
}

void InvocationActor::on(CopyAsNew& mail) {
  load_if_unknown();
  if (presence_ != Presence::kPresent) {
    return mail.on_done(presence_ == Presence::kAbsent ? unknown() : unreadable());
  }
  const journal::Invocation& row = state_.row;
  if (row.target.service_kind == journal::ServiceKind::kWorkflow) {
    return mail.on_done(
        Error(ErrorCode::kInvalidArgument, "a workflow cannot be restarted as new"));
  }
  if (row.status != Status::kCompleted) return mail.on_done(wrong_state(row, "restarted as new"));
  auto stored = read_or_stop(world_.journal.tables().journal(row));
  if (!stored || stored->empty() ||
      !std::holds_alternative<journal::Input>(stored->front().entry.body)) {
    return mail.on_done(
        Error(ErrorCode::kConflict, "the journal of invocation " + id_.text() + " is gone"));
  }
  std::vector<journal::Entry> entries;
  for (auto& one : *stored) {
    const auto* told = std::get_if<journal::Notification>(&one.entry.body);
    if (told == nullptr || !row.is_stale(*told)) entries.push_back(std::move(one.entry));
  }
  auto prefix = journal::prefix_of(std::move(entries), mail.restart.from);
  if (!prefix) return mail.on_done(prefix.error());
  journal::Entry input = std::move(prefix->front());
  prefix->erase(prefix->begin());
  journal::Invocation copy;
  const auto key =
      row.target.keyed() ? std::optional<std::string_view>(row.target.key) : std::nullopt;
  copy.id = journal::fresh_id(row.target.service, key, now(), world_.random);
  copy.target = row.target;
  copy.source = journal::Source::kRestartAsNew;
  copy.caller = id_;
  copy.completion_retention_ms = row.completion_retention_ms;
  copy.journal_retention_ms = row.journal_retention_ms;
  copy.created_at = copy.modified_at = now();
  copy.status = copy.target.queued_by_key() ? Status::kQueued : Status::kRunning;
  if (copy.status == Status::kRunning) copy.running_at = copy.last_start_at = copy.created_at;
  const bool keeps =
      mail.restart.deployment.empty() ? mail.restart.from > 0 : mail.restart.deployment == "keep";
  if (keeps || mail.restart.from > 0) {
    // What is in the prefix was said in that version of the protocol.
    copy.deployment_id = row.deployment_id;
    copy.protocol_version = row.protocol_version;
  }
  if (!keeps) {
    const std::string& wanted = mail.restart.deployment;
    if (auto moved = move_to(copy, wanted.empty() ? "latest" : wanted); !moved) {
      return mail.on_done(moved.error());
    }
  }
  then_.push_back([on_done = std::move(mail.on_done), id = copy.id] { on_done(id); });
  decision_.facts.push_back(journal::Create{std::move(copy), std::move(input), std::move(*prefix)});
  decision_.urgent = true;
}

}  // namespace holdfast::actors
