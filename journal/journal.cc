#include "journal/journal.h"

#include <algorithm>
#include <utility>

namespace holdfast::journal {

Result<std::optional<Loaded>> Journal::load(const InvocationId& id) const {
  auto row = TRY(tables_.invocation(id));
  if (!row) return std::optional<Loaded>();
  Loaded loaded;
  loaded.state.row = std::move(*row);
  // Wake-ups before entries: so each wake-up seen has its entry among those read.
  loaded.wake_ups = TRY(tables_.wake_ups(id));
  if (loaded.state.row.status == Status::kCompleted) {
    loaded.state.entries = loaded.state.row.journal_entries;
    loaded.state.commands = loaded.state.row.journal_commands;
    return std::optional<Loaded>(std::move(loaded));
  }
  loaded.entries = TRY(tables_.journal(id));
  for (const StampedEntry& entry : loaded.entries) loaded.state.fold(entry.entry);
  if (!loaded.entries.empty()) loaded.last_stamp = loaded.entries.back().stamp;
  return std::optional<Loaded>(std::move(loaded));
}

void Consequences::resolve(Stamp first) {
  for (Arrival& arrival : arrivals) {
    arrival.chunk += first;
    arrival.wake_up += first;
  }
  for (Created& one : created) {
    one.chunk += first;
    if (one.invocation.status != Status::kScheduled) one.wake_up += first;
    if (one.invocation.status == Status::kQueued) one.queue += first;
  }
  if (chunk) *chunk += first;
  if (wake_up) *wake_up += first;
  if (queue) *queue += first;
}

namespace {

// Stages one decision; holds what its facts have in common.
class Stager {
 public:
  Stager(InvocationState& state, OwnRows& rows, std::int64_t now, storage::Batch& batch)
      : state_(state), rows_(rows), now_(now), batch_(batch) {}

  Consequences stage(Decision decision) {
    consequences_.requests = std::move(decision.requests);
    append_own(decision);
    for (Fact& fact : decision.facts) {
      std::visit([&](auto& one) { write(one); }, fact);
    }
    write_row(decision);
    return std::move(consequences_);
  }

 private:
  Stamp next_stamp() const { return batch_.stamped_count(); }

  void append_own(Decision& decision) {
    std::vector<Entry> chunk;
    for (Fact& fact : decision.facts) {
      if (auto* append = std::get_if<Append>(&fact)) chunk.push_back(std::move(append->entry));
    }
    if (chunk.empty()) return;
    consequences_.chunk = next_stamp();
    append_journal(batch_, state_.row.id, now_, chunk.data(), chunk.size());
    for (Entry& entry : chunk) {
      if (auto* notification = std::get_if<Notification>(&entry.body)) {
        consequences_.notifications.push_back(std::move(*notification));
      }
    }
  }

  void write(Append&) {}
  void write(Tell& tell) {
    Arrival arrival{tell.to, std::move(tell.entry), next_stamp(), 0};
    append_journal(batch_, arrival.to, now_, &arrival.entry, 1);
    arrival.wake_up = next_stamp();
    put_wake_up(batch_, arrival.to);
    consequences_.arrivals.push_back(std::move(arrival));
  }
  void write(Create& create) {
    Created created{std::move(create.invocation),
                    std::move(create.input),
                    std::move(create.more),
                    next_stamp(),
                    0,
                    0};
    Invocation& row = created.invocation;
    row.journal_entries = row.journal_commands = 1;
    if (created.more.empty()) {
      append_journal(batch_, row.id, now_, &created.input, 1);
    } else {
      std::vector<Entry> chunk = {created.input};
      for (const Entry& entry : created.more) {
        chunk.push_back(entry);
        ++row.journal_entries;
        if (entry.is_command()) ++row.journal_commands;
      }
      append_journal(batch_, row.id, now_, chunk.data(), chunk.size());
    }
    if (row.status == Status::kScheduled) {
      const Timer timer{row.scheduled_start_at, row.id, TimerKind::kStart, 0};
      put_timer(batch_, timer);
      consequences_.timers.push_back(timer);
    } else {
      created.wake_up = next_stamp();
      put_wake_up(batch_, row.id);
      if (row.status == Status::kQueued) {
        created.queue = next_stamp();
        put_queued(batch_, row.target, row.id);
      }
    }
    put_invocation(batch_, row);
    consequences_.created.push_back(std::move(created));
  }
  void write(SetTimer& set) {
    put_timer(batch_, set.timer);
    consequences_.timers.push_back(set.timer);
  }
  void write(DropTimer& drop) {
    erase_timer(batch_, drop.timer);
    std::erase(consequences_.timers, drop.timer);
  }
  void write(SetState& set) {
    put_state(batch_, state_.row.target.service, state_.row.target.key, set.key, set.value);
  }
  void write(DropState& drop) {
    erase_state(batch_, state_.row.target.service, state_.row.target.key, drop.key);
  }
  void write(SetPromise& set) { put_promise(batch_, set.service, set.key, set.name, set.record); }
  void write(DropPromise& drop) {
    erase_promise(batch_, state_.row.target.service, state_.row.target.key, drop.name);
  }
  void write(DropChunk& drop) { erase_journal_chunk(batch_, state_.row.id, drop.stamp); }
  void write(DropRow&) {
    erase_invocation(batch_, state_.row.id);
    row_dropped_ = true;
  }

  void write_row(const Decision& decision) {
    Invocation& row = state_.row;
    if (decision.wake_up == WakeUp::kPut) {
      consequences_.wake_up = next_stamp();
      put_wake_up(batch_, row.id);
    } else if (decision.wake_up == WakeUp::kTakeAll) {
      for (const Stamp stamp : rows_.wake_ups) erase_wake_up(batch_, row.id, stamp);
      rows_.wake_ups.clear();
    }
    if (decision.queue == QueuePlace::kTake) {
      consequences_.queue = next_stamp();
      put_queued(batch_, row.target, row.id);
    } else if (decision.queue == QueuePlace::kLeave && rows_.queue != 0) {
      erase_queued(batch_, row.target, rows_.queue);
      rows_.queue = 0;
    }
    if (decision.row_changed && !row_dropped_) {
      row.journal_entries = state_.entries;
      row.journal_commands =
          std::min(state_.commands, rows_.first_open_ask.value_or(state_.commands));
      put_invocation(batch_, row);
    }
  }

  InvocationState& state_;
  OwnRows& rows_;
  const std::int64_t now_;
  storage::Batch& batch_;
  Consequences consequences_;
  bool row_dropped_ = false;
};

}  // namespace

Consequences Journal::stage(InvocationState& state, Decision decision, OwnRows& rows,
                            std::int64_t now, storage::Batch& batch) {
  return Stager(state, rows, now, batch).stage(std::move(decision));
}

}  // namespace holdfast::journal
