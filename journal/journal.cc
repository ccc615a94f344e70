#include "journal/journal.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace holdfast::journal {

namespace {

// What is told comes with a wake-up right behind it, and so does what an invocation tells itself
// (Stager).
Stamp wake_up_of(Stamp chunk) { return chunk + 1; }
Stamp chunk_of(Stamp wake_up) { return wake_up - 1; }

// INV-11: a row may pass its check and still say what nobody could act on.
Result<void> check_end(const Invocation& row) {
  if (row.status != Status::kCompleted) return {};
  const auto wrong = [](const char* what) { return Error(ErrorCode::kCorruption, what); };
  if (!row.result) return wrong("the invocation is completed and has no result");
  if (row.completed_at < 0) return wrong("the invocation ended before there was time");
  const std::int64_t left = INT64_MAX - row.completed_at;
  if (row.completion_retention_ms > left || row.journal_retention_ms > left) {
    return wrong("the invocation is kept for longer than there is time");
  }
  return {};
}

}  // namespace

Result<std::optional<Loaded>> Journal::load(const InvocationId& id, Reading reading) const {
  auto row = TRY(tables_.invocation(id));
  if (!row) return std::optional<Loaded>();
  Loaded loaded;
  loaded.state.row = std::move(*row);
  const Invocation& stored = loaded.state.row;
  loaded.state.later_waiters.all = stored.waiters.size() < kWaitersInRecord;
  TRY(check_end(stored));
  // Wake-ups before entries: so each wake-up seen has its entry among those read.
  loaded.wake_ups = TRY(tables_.wake_ups(id));
  if (stored.status == Status::kCompleted) {
    loaded.state.entries = stored.journal_entries;
    loaded.state.commands = stored.journal_commands;
    return std::optional<Loaded>(std::move(loaded));
  }
  const bool parked = stored.status == Status::kSuspended;
  if (reading == Reading::kNewsIfParked && parked && !stored.waits.is_flat() &&
      TRY(load_news(loaded))) {
    return std::optional<Loaded>(std::move(loaded));
  }
  add_input(stored, loaded.entries);
  TRY(tables_.add_chunks(id, loaded.entries));
  if (!loaded.entries.empty()) loaded.last_stamp = loaded.entries.back().stamp;
  if (!stored.input.has_value()) {
    const auto input = std::find_if(loaded.entries.begin(), loaded.entries.end(),
                                    [](const StampedEntry& one) { return one.entry.is_command(); });
    std::move(loaded.entries.begin(), input, std::back_inserter(loaded.early));
    loaded.entries.erase(loaded.entries.begin(), input);
    if (!loaded.entries.empty()) loaded.born = loaded.entries.front().stamp;
  }
  if (stored.has_id_of_a_key()) {
    std::erase_if(loaded.entries, [&](StampedEntry& one) {
      const auto* told = std::get_if<Notification>(&one.entry.body);
      const bool is_stale = told != nullptr && stored.is_stale(*told);
      if (is_stale) loaded.early.push_back(std::move(one));
      return is_stale;
    });
  }
  for (const StampedEntry& entry : loaded.entries) {
    loaded.state.fold(entry.entry);
    const auto* notification = std::get_if<Notification>(&entry.entry.body);
    if (parked && notification != nullptr &&
        std::binary_search(loaded.wake_ups.begin(), loaded.wake_ups.end(),
                           wake_up_of(entry.stamp))) {
      loaded.news.push_back(*notification);
    }
  }
  return std::optional<Loaded>(std::move(loaded));
}

// False when the wake-ups stand for anything else than told entries.
Result<bool> Journal::load_news(Loaded& loaded) const {
  InvocationState& state = loaded.state;
  std::vector<Notification> news;
  for (const Stamp wake_up : loaded.wake_ups) {
    auto chunk = TRY(tables_.chunk(state.row.id, chunk_of(wake_up)));
    for (Entry& entry : chunk) {
      auto* const told = std::get_if<Notification>(&entry.body);
      if (told == nullptr || state.row.is_stale(*told)) return false;
      news.push_back(std::move(*told));
    }
    if (chunk.empty()) return false;
    loaded.last_stamp = chunk_of(wake_up);
  }
  state.row_only = true;
  state.entries = state.row.journal_entries + static_cast<std::uint32_t>(news.size());
  state.commands = state.row.journal_commands;
  loaded.news = std::move(news);
  return true;
}

Result<PromiseState> Journal::load_promise(const PromiseName& name) const {
  PromiseState state;
  auto stored = TRY(tables_.promise(name.service, name.key, name.name));
  if (!stored) return state;
  state.record = std::move(*stored);
  state.later_waiters.all = state.record.waiters.size() < kWaitersInRecord;
  return state;
}

Result<void> Journal::recall_waiters(const WaitedFor& of, LaterWaiters& later) const {
  if (later.all) return {};
  TRY(tables_.later_waiters(of, later.known));
  later.all = true;
  return {};
}

Result<void> Journal::recall_waiter(const WaitedFor& of, const Waiter& waiter,
                                    LaterWaiters& later) const {
  if (later.all || later.known.contains(waiter)) return {};
  if (TRY(tables_.has_later_waiter(of, waiter))) later.known.insert(waiter);
  return {};
}

void Consequences::resolve(Stamp first) {
  for (Arrival& arrival : arrivals) {
    arrival.chunk += first;
    arrival.wake_up += first;
  }
  for (Created& one : created) {
    one.born += first;
    if (one.invocation.status != Status::kScheduled) one.wake_up += first;
    if (one.invocation.status == Status::kQueued) one.queue += first;
  }
  if (born) *born += first;
  if (chunk) *chunk += first;
  if (wake_up) *wake_up += first;
  if (queue) *queue += first;
}

namespace {

// Each write of the row brings the input again, so it is small. Where an id is of a key, the stamp
// of the input tells what is of this run from what was told to earlier ones.
constexpr std::size_t kInputInRow = 256;
constexpr std::size_t kOfAHeader = 16;  // Beside its bytes.

bool fits_in_row(const Invocation& row, const Entry& entry) {
  if (row.has_id_of_a_key() || !entry.name.empty()) return false;
  const Input& input = std::get<Input>(entry.body);
  std::size_t bytes = input.value.size();
  for (const auto& [name, value] : input.headers) bytes += name.size() + value.size() + kOfAHeader;
  return bytes <= kInputInRow;
}

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
    if (!chunk.empty() && std::holds_alternative<Input>(chunk.front().body)) {
      consequences_.born = next_stamp();
      if (decision.row_changed && fits_in_row(state_.row, chunk.front())) {
        state_.row.input = std::get<Input>(std::move(chunk.front().body));
        chunk.erase(chunk.begin());
      }
    }
    if (!chunk.empty()) {
      consequences_.chunk = next_stamp();
      append_journal(batch_, state_.row.id, now_, chunk.data(), chunk.size());
    }
    if (decision.wake_up == WakeUp::kPut) {
      consequences_.wake_up = next_stamp();
      put_wake_up(batch_, state_.row.id);
    }
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
    if (created.more.empty() && fits_in_row(row, created.input)) {
      row.input = std::get<Input>(created.input.body);
    } else if (created.more.empty()) {
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
    count_invocation(batch_, row.target.service, std::nullopt, row.status);
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
  void write(AddWaiter& add) { put_later_waiter(batch_, add.of, add.waiter); }
  void write(DropWaiters& drop) {
    for (const Waiter& waiter : drop.waiters) erase_later_waiter(batch_, drop.of, waiter);
  }
  void write(DropChunk& drop) { erase_journal_chunk(batch_, state_.row.id, drop.stamp); }
  void write(DropRow&) {
    erase_invocation(batch_, state_.row.id);
    count_row(std::nullopt);
    row_dropped_ = true;
  }

  void write_row(const Decision& decision) {
    Invocation& row = state_.row;
    if (decision.wake_up == WakeUp::kTakeAll) {
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
      count_row(row.status);
    }
  }

  // The row has this status from now on; none: there is no row.
  void count_row(std::optional<Status> status) {
    count_invocation(batch_, state_.row.target.service, rows_.counted, status);
    rows_.counted = status;
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
