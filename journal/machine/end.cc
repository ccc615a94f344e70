// End: how an invocation ends, and what is removed when.

#include <algorithm>

#include <set>
#include <string>

#include "journal/machine/machine.h"
#include "journal/machine/waiting.h"

namespace holdfast::journal {

void finish(InvocationState& state, Outcome outcome, std::int64_t now, Decision& decision) {
  Invocation& row = state.row;
  const Status before = row.status;
  const bool held_place =
      row.target.queued_by_key() && before != Status::kScheduled && before != Status::kCompleted;

  if (before == Status::kScheduled) {
    decision.facts.push_back(
        DropTimer{Timer{row.scheduled_start_at, row.id, TimerKind::kStart, 0}});
  }
  if (row.next_retry_at != 0) {
    decision.facts.push_back(DropTimer{Timer{row.next_retry_at, row.id, TimerKind::kRetry, 0}});
    row.next_retry_at = 0;
  }
  for (const Timer& timer : state.open_sleeps) decision.facts.push_back(DropTimer{timer});
  state.open_sleeps.clear();
  state.open_asks.clear();

  tell_waiters(row.id, row.waiters, state.later_waiters, outcome, decision);
  row.waits = {};
  row.last_failure.reset();
  row.retry_count = 0;
  row.retrying_since = 0;
  row.result = std::move(outcome);
  row.status = Status::kCompleted;
  row.completed_at = row.modified_at = std::max(row.modified_at, now);
  decision.row_changed = true;
  decision.wake_up = WakeUp::kTakeAll;
  if (held_place) {
    // One that took its place in this very batch never had it.
    decision.queue = decision.queue == QueuePlace::kTake ? QueuePlace::kKeep : QueuePlace::kLeave;
  }
  decision.urgent = true;

  // From here on the row says what holds, whatever was configured; no sum below overflows.
  const std::int64_t keep = row.completion_retention_ms =
      std::clamp<std::int64_t>(row.completion_retention_ms, 0, INT64_MAX - row.completed_at);
  const std::int64_t keep_journal = row.journal_retention_ms =
      std::clamp<std::int64_t>(row.journal_retention_ms, 0, keep);
  decision.facts.push_back(SetTimer{Timer{row.completed_at + keep, row.id, TimerKind::kExpire, 0}});
  if (keep_journal < keep) {
    decision.facts.push_back(
        SetTimer{Timer{row.completed_at + keep_journal, row.id, TimerKind::kExpireJournal, 0}});
  }
}

void purge(InvocationState& state, const std::vector<Stamp>& chunks, bool row_too,
           Decision& decision) {
  for (const Stamp stamp : chunks) decision.facts.push_back(DropChunk{stamp});
  const Invocation& row = state.row;
  const std::int64_t expiry = row.completed_at + row.completion_retention_ms;
  const std::int64_t journal_expiry = row.completed_at + row.journal_retention_ms;
  if (journal_expiry < expiry) {
    decision.facts.push_back(
        DropTimer{Timer{journal_expiry, row.id, TimerKind::kExpireJournal, 0}});
  }
  if (row_too) {
    decision.facts.push_back(DropTimer{Timer{expiry, row.id, TimerKind::kExpire, 0}});
    decision.facts.push_back(DropRow{});
  } else {
    state.row.journal_entries = state.entries = 0;
    state.row.journal_commands = state.commands = 0;
    state.row.input.reset();
    state.row.ends_with_output = false;
    decision.row_changed = true;
  }
  decision.wake_up = WakeUp::kTakeAll;
  decision.urgent = true;
}

namespace {

// Completions a command waits for; a Run that has none is done again.
std::vector<CompletionId> awaited_by(const Entry& command) {
  if (const auto* sleep = std::get_if<Sleep>(&command.body)) return {sleep->completion};
  if (const auto* promise = std::get_if<Promise>(&command.body)) return {promise->completion};
  if (const auto* attach = std::get_if<Attach>(&command.body)) return {attach->completion};
  if (const auto* call = std::get_if<Call>(&command.body)) {
    return {call->id_completion, call->completion};
  }
  if (const auto* read = std::get_if<ReadState>(&command.body)) return {read->completion};
  if (const auto* list = std::get_if<ListState>(&command.body)) return {list->completion};
  return {};
}

}  // namespace

Result<std::vector<Entry>> prefix_of(std::vector<Entry> journal, std::size_t last) {
  if (last >= journal.size()) {
    return Error(ErrorCode::kInvalidArgument, "the journal has " + std::to_string(journal.size()) +
                                                  " entries; there is no entry " +
                                                  std::to_string(last));
  }
  std::set<CompletionId> open, runs;
  const auto note = [&](const Entry& entry) {
    for (const CompletionId id : awaited_by(entry)) {
      if (id != 0) open.insert(id);
    }
    if (const auto* run = std::get_if<Run>(&entry.body)) runs.insert(run->completion);
  };
  const auto settle = [&](const Entry& entry) {
    const auto* notification = std::get_if<Notification>(&entry.body);
    const auto* of = notification == nullptr
                         ? nullptr
                         : std::get_if<Notification::Completion>(&notification->of);
    return of != nullptr && open.erase(of->id) + runs.erase(of->id) > 0;
  };
  const auto take = [](Entry& entry) {
    if (auto* notification = std::get_if<Notification>(&entry.body)) notification->life = 0;
    return std::move(entry);
  };
  std::vector<Entry> prefix;
  for (std::size_t i = 0; i < journal.size(); ++i) {
    if (i <= last) {
      note(journal[i]);
      settle(journal[i]);
      prefix.push_back(take(journal[i]));
    } else if (settle(journal[i])) {
      prefix.push_back(take(journal[i]));
    }
  }
  if (!open.empty()) {
    return Error(ErrorCode::kConflict, "the entry with completion " +
                                           std::to_string(*open.begin()) +
                                           " is not complete; choose an earlier entry");
  }
  return prefix;
}

}  // namespace holdfast::journal
