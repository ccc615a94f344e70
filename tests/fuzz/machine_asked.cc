// What clients, operators, other invocations and its own attempt want of an invocation.

#include <algorithm>

#include "journal/journal_index.h"
#include "storage/base/check.h"
#include "tests/fuzz/machine_owner.h"
#include "tests/fuzz/machine_world.h"

namespace holdfast::testing {

using journal::Status;

namespace {
void read(const Result<void>& read) { CHECK(read.has_value(), "memory can be read"); }

journal::Waiter asker_of(const Asked& mail) {
  return {mail.from, mail.request.completion, mail.request.life};
}
}  // namespace

// ---- The attempt.

void MachineOwner::command(journal::Entry entry) {
  const auto [first, second] = journal::completions_of(entry);
  for (const journal::CompletionId id : {first, second}) {
    if (id == 0) continue;
    attempt_->asked.push_back(id);
    attempt_->next = std::max(attempt_->next, id + 1);
  }
  if (std::holds_alternative<journal::Run>(entry.body)) attempt_->open_runs.push_back(first);
  if (std::holds_alternative<journal::Output>(entry.body)) {
    attempt_->has_output = decision_.urgent = true;
  }
  const auto* clear = std::get_if<journal::ClearState>(&entry.body);
  if (clear != nullptr && !clear->key) {
    const auto keys = world_.tables().state_keys(target().service, target().key);
    for (const Bytes& key : *keys) decision_.facts.push_back(journal::DropState{key});
  }
  std::optional<journal::Resolution> resolution;
  if (const auto* call = std::get_if<journal::Call>(&entry.body)) {
    resolution = world_.resolve(*call);
    CHECK(resolution.has_value(), "the target calls what is there");
    world_.know(journal::callee_of(*call, *resolution).first);
  }
  const std::size_t asked_before = decision_.requests.size();
  journal::command(state_, entry, resolution ? &*resolution : nullptr, world_.now(), decision_);
  for (std::size_t i = asked_before; i < decision_.requests.size(); ++i) {
    open_asks_.insert(decision_.requests[i].number);
  }
  const auto* read = std::get_if<journal::ReadState>(&entry.body);
  if (read != nullptr && read->completion != 0) {
    auto value = world_.tables().state(target().service, target().key, read->key);
    journal::answer_read(state_, read->completion, std::move(*value), decision_);
  }
  const auto* list = std::get_if<journal::ListState>(&entry.body);
  if (list != nullptr && list->completion != 0) {
    auto keys = world_.tables().state_keys(target().service, target().key);
    journal::answer_list(state_, list->completion, std::move(*keys), decision_);
  }
}

void MachineOwner::propose(journal::CompletionId completion, journal::Outcome outcome) {
  std::erase(attempt_->open_runs, completion);
  journal::propose(state_, completion, std::move(outcome), decision_);
}

bool MachineOwner::news_pending() const {
  return std::any_of(decision_.facts.begin(), decision_.facts.end(), [](const journal::Fact& fact) {
    const auto* append = std::get_if<journal::Append>(&fact);
    return append != nullptr && !append->entry.is_command();
  });
}

void MachineOwner::park(journal::WaitSet waits) {
  world_.note_parked(id_, waits);
  journal::park(state_, std::move(waits), world_.now(), decision_);
  end_attempt();
}

void MachineOwner::fail(std::optional<std::int64_t> delay_ms) {
  end_attempt();
  journal::AttemptFailure failure{500, "broken", {}, {}, {}};
  journal::back_off(state_, std::move(failure), delay_ms, world_.now(), decision_);
}

void MachineOwner::finish(journal::Outcome outcome, bool recorded) {
  if (recorded && !attempt_->has_output) journal::record_output(state_, outcome, decision_);
  end(std::move(outcome));
}

void MachineOwner::end(journal::Outcome outcome) {
  read(world_.journal().recall_waiters(id_, state_.later_waiters));
  journal::finish(state_, std::move(outcome), world_.now(), decision_);
  end_attempt();
  journal_.reset();
}

void MachineOwner::end_attempt() {
  attempt_.reset();
  want_attempt_ = broken_ = false;
}

// ---- Other invocations.

void MachineOwner::on(Asked& mail) {
  load_if_unknown();
  if (presence_ == Presence::kQuarantined) {
    tell_failure(mail, 500);
  } else {
    std::visit([&](const auto& what) { serve(mail, what); }, mail.request.what);
  }
  const AskTaken taken{mail.request.number, mail.request.life};
  if (decision_.empty() && outstanding_ == 0) {
    world_.acknowledge(mail.from, taken);
  } else {
    acks_.emplace_back(mail.from, taken);
  }
}

void MachineOwner::tell_failure(const Asked& mail, std::uint16_t code) {
  if (mail.request.completion == 0) return;
  decision_.facts.push_back(journal::answer(asker_of(mail), journal::Failure{code, "not so", {}}));
  decision_.urgent = true;
}

void MachineOwner::serve(const Asked& mail, const journal::Request::StartCall& start) {
  if (presence_ == Presence::kAbsent) {
    create(start.invocation, start.input);
    return;
  }
  if (!start.wait) return;
  const journal::Waiter waiter = asker_of(mail);
  const auto& waiters = state_.row.waiters;
  if (std::find(waiters.begin(), waiters.end(), waiter) != waiters.end()) return;
  if (target().handler_kind == journal::HandlerKind::kRun) return tell_failure(mail, 409);
  read(world_.journal().recall_waiter(id_, waiter, state_.later_waiters));
  journal::attach(state_, waiter, true, decision_);
}

void MachineOwner::serve(const Asked& mail, const journal::Request::AttachTo& attach) {
  if (presence_ != Presence::kPresent) {
    tell_failure(mail, 404);
    return;
  }
  const journal::Waiter waiter = asker_of(mail);
  read(world_.journal().recall_waiter(id_, waiter, state_.later_waiters));
  journal::attach(state_, waiter, attach.wait, decision_);
}

void MachineOwner::serve(const Asked& mail, const journal::Request::PromiseAct& act) {
  const journal::PromiseName name{act.service, act.key, act.promise.key};
  auto known = promises_.find(name.name);
  if (known == promises_.end()) {
    auto stored = world_.journal().load_promise(name);
    if (!stored) return tell_failure(mail, 500);
    known = promises_.emplace(name.name, std::move(*stored)).first;
  }
  journal::LaterWaiters& later = known->second.later_waiters;
  if (act.promise.act == journal::Promise::Act::kGet) {
    read(world_.journal().recall_waiter(name, asker_of(mail), later));
  } else if (act.promise.act == journal::Promise::Act::kComplete) {
    read(world_.journal().recall_waiters(name, later));
  }
  journal::promise_act(known->second, asker_of(mail), act, decision_);
}

// ---- Clients and operators.

void MachineOwner::signal(journal::Notification signal) {
  load_if_unknown();
  if (presence_ == Presence::kPresent && state_.row.status != Status::kCompleted) {
    take_signal(std::move(signal));
  }
}

void MachineOwner::take_signal(journal::Notification signal) {
  journal::signal(state_, std::move(signal), world_.now(), decision_);
  if (state_.row.status != Status::kRunning || attempt_) return;
  want_attempt_ = true;
  journal_.reset();
}

void MachineOwner::act(Act act) {
  load_if_unknown();
  if (presence_ == Presence::kAbsent || presence_ == Presence::kQuarantined) return;
  bool at_rest = outstanding_ == 0 && decision_.empty();
  if (at_rest && state_.row_only) {
    load(journal::Reading::kWhole);
    resume_if_due();
    if (presence_ == Presence::kQuarantined) return;
    at_rest = decision_.empty();
  }
  if (!at_rest) {
    waiting_acts_.push_back(act);
    return;
  }
  const bool ends = act == Act::kCancel || act == Act::kKill;
  if (ends && state_.row.status == Status::kQueued && rows_.queue == 0) find_place();
  switch (act) {
    case Act::kCancel:
      return cancel();
    case Act::kKill:
      return kill();
    case Act::kPurge:
    case Act::kPurgeJournal:
      if (state_.row.status == Status::kCompleted) remove(act == Act::kPurge);
      return;
    case Act::kPause:
      return pause();
    case Act::kResume:
      return resume();
  }
}

void MachineOwner::cancel() {
  switch (state_.row.status) {
    case Status::kCompleted:
      return;
    case Status::kScheduled:
    case Status::kQueued:
      return end(journal::Failure{409, "canceled", {}});
    case Status::kPaused:
    case Status::kBackingOff:
      journal::wake(state_, world_.now(), decision_);
      break;
    case Status::kRunning:
    case Status::kSuspended:
      break;
  }
  take_signal(journal::Notification{journal::kCancelSignal, journal::Empty{}});
}

void MachineOwner::kill() {
  if (state_.row.status == Status::kCompleted) return;
  std::vector<journal::InvocationId> children;
  if (const auto entries = world_.tables().chunks(id_)) {
    for (const auto& one : *entries) {
      const auto* notification = std::get_if<journal::Notification>(&one.entry.body);
      if (notification == nullptr) continue;
      const auto* id = std::get_if<journal::InvocationId>(&notification->result);
      if (id != nullptr) children.push_back(*id);
    }
  }
  end(journal::Failure{409, "killed", {}});
  for (const journal::InvocationId& child : children) {
    decision_.facts.push_back(journal::Tell{
        child, journal::Entry{{}, journal::Notification{journal::kKillSignal, journal::Empty{}}}});
  }
}

void MachineOwner::pause() {
  switch (state_.row.status) {
    case Status::kRunning:
    case Status::kSuspended:
    case Status::kBackingOff:
      end_attempt();
      journal_.reset();
      journal::pause(state_, world_.now(), decision_);
      return;
    default:
      return;
  }
}

void MachineOwner::resume() {
  const Status status = state_.row.status;
  if (status != Status::kPaused && status != Status::kBackingOff && status != Status::kSuspended) {
    return;
  }
  state_.row.retry_count = 0;
  state_.row.retrying_since = 0;
  journal::wake(state_, world_.now(), decision_);
  decision_.urgent = true;
  want_attempt_ = !attempt_;
}

void MachineOwner::remove(bool row_too) {
  const auto entries = world_.tables().chunks(id_);
  if (!entries) return;
  std::vector<journal::Stamp> chunks;
  for (const auto& one : *entries) {
    if (chunks.empty() || chunks.back() != one.stamp) chunks.push_back(one.stamp);
  }
  if (presence_ == Presence::kAbsent) {
    for (const journal::Stamp stamp : chunks) decision_.facts.push_back(journal::DropChunk{stamp});
    journal::rest(state_, decision_);
    return;
  }
  if (row_too && target().handler_kind == journal::HandlerKind::kRun) {
    drop_promises();
    if (const auto keys = world_.tables().state_keys(target().service, target().key)) {
      for (const Bytes& key : *keys) decision_.facts.push_back(journal::DropState{key});
    }
  }
  journal::purge(state_, chunks, row_too, decision_);
  journal_.reset();
  if (!row_too) return;
  flush();
  presence_ = Presence::kAbsent;
}

void MachineOwner::drop_told(journal::Stamp chunk, journal::Stamp wake_up) {
  rows_.wake_ups.push_back(wake_up);
  decision_.facts.push_back(journal::DropChunk{chunk});
  decision_.urgent = true;
  const Status status = state_.row.status;
  const bool is_active = status == Status::kRunning || status == Status::kQueued;
  if (presence_ == Presence::kPresent && is_active) return;
  if (decision_.wake_up != journal::WakeUp::kPut) journal::rest(state_, decision_);
}

// All but those that somebody waits for.
void MachineOwner::drop_promises() {
  const auto stored = world_.tables().promises(target().service, target().key);
  if (!stored) return;
  std::set<std::string> names(stored->begin(), stored->end());
  for (const auto& [name, record] : promises_) names.insert(name);
  const auto is_live = [this](const journal::Waiter& waiter) {
    const auto row = world_.tables().invocation(waiter.invocation);
    return !row || (row->has_value() && (*row)->status != Status::kCompleted &&
                    (*row)->life == waiter.life);
  };
  for (const std::string& name : names) {
    const journal::PromiseName full_name{target().service, target().key, name};
    const auto known = promises_.find(name);
    auto loaded = known != promises_.end() ? Result<journal::PromiseState>(known->second)
                                           : world_.journal().load_promise(full_name);
    if (!loaded) {
      loaded = journal::PromiseState();
      loaded->later_waiters.all = false;
    }
    journal::PromiseState& promise = *loaded;
    read(world_.journal().recall_waiters(full_name, promise.later_waiters));
    const auto any_live = [&](const auto& waiters) {
      return std::any_of(waiters.begin(), waiters.end(), is_live);
    };
    if (any_live(promise.record.waiters) || any_live(promise.later_waiters.known)) continue;
    journal::drop_promise(promise, full_name, decision_);
    promises_[name] = {};
  }
}

void MachineOwner::copy_as_new(std::size_t from) {
  load_if_unknown();
  const journal::Invocation& row = state_.row;
  if (presence_ != Presence::kPresent || row.status != Status::kCompleted ||
      row.target.service_kind == journal::ServiceKind::kWorkflow) {
    return;
  }
  auto stored = world_.tables().journal(row);
  if (!stored || stored->empty() ||
      !std::holds_alternative<journal::Input>(stored->front().entry.body)) {
    return;
  }
  std::vector<journal::Entry> entries;
  for (auto& one : *stored) {
    const auto* told = std::get_if<journal::Notification>(&one.entry.body);
    if (told == nullptr || !row.is_stale(*told)) entries.push_back(std::move(one.entry));
  }
  auto prefix = journal::prefix_of(std::move(entries), from);
  if (!prefix) {
    CHECK(!prefix.error().message().empty(), "a refusal has a reason");
    return;
  }
  CHECK(prefix->size() > from, "all that was asked for is there");
  journal::Entry input = std::move(prefix->front());
  prefix->erase(prefix->begin());
  journal::Invocation copy;
  const auto key =
      row.target.keyed() ? std::optional<std::string_view>(row.target.key) : std::nullopt;
  copy.id = journal::fresh_id(row.target.service, key, world_.now(), world_.random());
  copy.target = row.target;
  copy.source = journal::Source::kRestartAsNew;
  copy.caller = id_;
  copy.completion_retention_ms = row.completion_retention_ms;
  copy.journal_retention_ms = row.journal_retention_ms;
  copy.created_at = copy.modified_at = world_.now();
  copy.status = copy.target.queued_by_key() ? Status::kQueued : Status::kRunning;
  if (copy.status == Status::kRunning) copy.running_at = copy.last_start_at = copy.created_at;
  world_.know(copy.id);
  decision_.facts.push_back(journal::Create{std::move(copy), std::move(input), std::move(*prefix)});
  decision_.urgent = true;
}

}  // namespace holdfast::testing
