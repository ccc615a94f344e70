// Commands: what follows from each thing a handler may ask for.

#include <algorithm>

#include "journal/machine/machine.h"

namespace holdfast::journal {

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

// A new command is progress: earlier failed attempts no longer count.
void note_progress(InvocationState& state, Decision& decision) {
  if (state.row.retry_count == 0 && state.row.retrying_since == 0) return;
  state.row.retry_count = 0;
  state.row.retrying_since = 0;
  state.row.last_failure.reset();
  decision.row_changed = true;
}

void append(InvocationState& state, Entry entry, Decision& decision) {
  ++state.entries;
  if (entry.is_command()) ++state.commands;
  decision.facts.push_back(Append{std::move(entry)});
}

Invocation callee(const InvocationState& caller, const Call& call, const Resolution& resolution,
                  const InvocationId& id, std::int64_t now) {
  Invocation row;
  row.id = id;
  row.target = resolution.target;
  row.source = Source::kService;
  row.caller = caller.row.id;
  row.caller_target = caller.row.target.text();
  row.idempotency_key = call.idempotency_key;
  row.trace_parent = caller.row.trace_parent;
  row.completion_retention_ms = resolution.completion_retention_ms;
  row.journal_retention_ms = resolution.journal_retention_ms;
  row.created_at = row.modified_at = now;
  const bool may_wait =
      resolution.is_crowded && call.completion == 0 && !row.target.queued_by_key();
  if (call.not_before_unix_ms > now || may_wait) {
    row.status = Status::kScheduled;
    row.scheduled_start_at = std::max(call.not_before_unix_ms, now + 1);
  } else {
    row.status = row.target.queued_by_key() ? Status::kQueued : Status::kRunning;
    if (row.status == Status::kRunning) row.running_at = row.last_start_at = now;
  }
  if (call.completion != 0)
    row.waiters.push_back(Waiter{caller.row.id, call.completion, caller.row.life});
  return row;
}

void call_command(InvocationState& state, const Entry& entry, const Resolution& resolution,
                  std::int64_t now, Decision& decision) {
  const auto& call = std::get<Call>(entry.body);
  const auto [id, determined] = callee_of(call, resolution);
  decision.urgent = true;
  if (determined) {
    // Whether it exists already only its owner knows.
    decision.requests.push_back(*request_of(state, state.commands - 1, entry, &resolution, now));
  } else {
    decision.facts.push_back(Create{callee(state, call, resolution, id, now),
                                    Entry{{}, Input{call.headers, call.parameter}},
                                    {}});
  }
  if (call.id_completion != 0) append(state, completion(call.id_completion, id), decision);
}

}  // namespace

std::pair<InvocationId, bool> callee_of(const Call& call, const Resolution& resolution) {
  const Target& target = resolution.target;
  if (target.handler_kind == HandlerKind::kRun) {
    return {workflow_run_id(target.service, target.key), true};
  }
  if (call.idempotency_key) {
    const auto key = target.keyed() ? std::optional<std::string_view>(target.key) : std::nullopt;
    return {idempotent_id(target.service, key, target.handler, *call.idempotency_key), true};
  }
  return {resolution.fresh_id, false};
}

std::optional<Request> request_of(const InvocationState& state, std::uint32_t number,
                                  const Entry& entry, const Resolution* resolution,
                                  std::int64_t now) {
  const std::uint32_t life = state.row.life;
  if (const auto* call = std::get_if<Call>(&entry.body)) {
    if (resolution == nullptr) return std::nullopt;
    const auto [id, determined] = callee_of(*call, *resolution);
    if (!determined) return std::nullopt;
    return Request{id, number, call->completion, life,
                   Request::StartCall{callee(state, *call, *resolution, id, now),
                                      Entry{{}, Input{call->headers, call->parameter}},
                                      call->completion != 0}};
  }
  if (const auto* attach = std::get_if<Attach>(&entry.body)) {
    return Request{attach->target, number, attach->completion, life,
                   Request::AttachTo{attach->wait}};
  }
  if (const auto* promise = std::get_if<Promise>(&entry.body)) {
    const Target& target = state.row.target;
    return Request{workflow_run_id(target.service, target.key), number, promise->completion, life,
                   Request::PromiseAct{target.service, target.key, *promise}};
  }
  return std::nullopt;
}

namespace {

void sleep_command(InvocationState& state, const Sleep& sleep, Decision& decision) {
  const Timer timer{sleep.wake_up_unix_ms, state.row.id, TimerKind::kSleep, sleep.completion};
  state.open_sleeps.push_back(timer);
  decision.facts.push_back(SetTimer{timer});
  decision.urgent = true;
}

void signal_command(const SendSignal& send, Decision& decision) {
  Notification told;
  if (const auto* index = std::get_if<std::uint32_t>(&send.signal)) {
    told.of = *index;
  } else {
    told.of = std::get<std::string>(send.signal);
  }
  std::visit([&](const auto& result) { told.result = result; }, send.result);
  decision.facts.push_back(Tell{send.target, Entry{{}, std::move(told)}});
  decision.urgent = true;
}

}  // namespace

void command(InvocationState& state, Entry entry, const Resolution* resolution, std::int64_t now,
             Decision& decision) {
  note_progress(state, decision);
  append(state, entry, decision);
  const std::uint32_t number = state.commands - 1;

  std::visit(Overloaded{
                 [&](const WriteState& write) {
                   decision.facts.push_back(SetState{write.key, write.value});
                 },
                 [&](const ClearState& clear) {
                   // Clearing everything comes with one DropState a key from the owner, who knows
                   // them.
                   if (clear.key) decision.facts.push_back(DropState{*clear.key});
                 },
                 [&](const Sleep& sleep) { sleep_command(state, sleep, decision); },
                 [&](const Call&) {
                   CHECK(resolution != nullptr, "a call needs its target resolved");
                   call_command(state, entry, *resolution, now, decision);
                 },
                 [&](const SendSignal& send) { signal_command(send, decision); },
                 [&](const Promise&) {
                   decision.requests.push_back(*request_of(state, number, entry, resolution, now));
                   decision.urgent = true;
                 },
                 [&](const Attach&) {
                   decision.requests.push_back(*request_of(state, number, entry, resolution, now));
                   decision.urgent = true;
                 },
                 [](const auto&) {},
             },
             entry.body);
}

void propose(InvocationState& state, CompletionId completion_id, Outcome outcome,
             Decision& decision) {
  decltype(Notification::result) result;
  std::visit([&](auto& value) { result = std::move(value); }, outcome);
  note_progress(state, decision);
  append(state, completion(completion_id, std::move(result)), decision);
  decision.urgent = true;
}

void answer_read(InvocationState& state, CompletionId completion_id, std::optional<Bytes> value,
                 Decision& decision) {
  decltype(Notification::result) result;
  if (value) result = std::move(*value);
  append(state, completion(completion_id, std::move(result)), decision);
  decision.urgent = true;
}

void answer_list(InvocationState& state, CompletionId completion_id, std::vector<Bytes> keys,
                 Decision& decision) {
  decltype(Notification::result) result;
  result = std::move(keys);
  append(state, completion(completion_id, std::move(result)), decision);
  decision.urgent = true;
}

void record_output(InvocationState& state, const Outcome& outcome, Decision& decision) {
  const bool has_chunk =
      std::any_of(decision.facts.begin(), decision.facts.end(),
                  [](const Fact& fact) { return std::holds_alternative<Append>(fact); });
  if (has_chunk) return append(state, Entry{{}, Output{outcome}}, decision);
  ++state.entries;
  ++state.commands;
  state.row.ends_with_output = true;
}

void InvocationState::fold(const Entry& entry) {
  ++entries;
  if (const auto* sleep = std::get_if<Sleep>(&entry.body)) {
    open_sleeps.push_back(
        Timer{sleep->wake_up_unix_ms, row.id, TimerKind::kSleep, sleep->completion});
  }
  const auto* notification = std::get_if<Notification>(&entry.body);
  if (notification == nullptr) {
    const auto* call = std::get_if<Call>(&entry.body);
    if (std::holds_alternative<Attach>(entry.body) || std::holds_alternative<Promise>(entry.body) ||
        call != nullptr) {
      open_asks.emplace_back(commands, entry);
    }
    ++commands;
    return;
  }
  const auto* done = std::get_if<Notification::Completion>(&notification->of);
  if (done == nullptr) return;
  std::erase_if(open_sleeps, [&](const Timer& timer) { return timer.completion == done->id; });
  std::erase_if(open_asks, [&](const auto& ask) {
    if (const auto* call = std::get_if<Call>(&ask.second.body)) {
      return call->completion == done->id;
    }
    if (const auto* attach = std::get_if<Attach>(&ask.second.body)) {
      return attach->completion == done->id;
    }
    return std::get<Promise>(ask.second.body).completion == done->id;
  });
}

}  // namespace holdfast::journal
