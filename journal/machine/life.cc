// Life: how an invocation comes to be, waits, wakes and fails on its way.

#include <algorithm>

#include "journal/machine/machine.h"

namespace holdfast::journal {

namespace {

void set_status(InvocationState& state, Status status, std::int64_t now, Decision& decision) {
  state.row.status = status;
  state.row.modified_at = std::max(state.row.modified_at, now);
  decision.row_changed = true;
}

void drop_retry_timer(InvocationState& state, Decision& decision) {
  if (state.row.next_retry_at == 0) return;
  decision.facts.push_back(
      DropTimer{Timer{state.row.next_retry_at, state.row.id, TimerKind::kRetry, 0}});
  state.row.next_retry_at = 0;
  decision.row_changed = true;
}

// A tree that was reduced is in the row, with the count of entries that goes with it.
void note_settled(const InvocationState& state, Decision& decision) {
  const bool parked = state.row.status == Status::kSuspended;
  if (parked && !state.row.waits.is_flat()) decision.row_changed = true;
}

// One of its own entries, which is decided and has no stamp yet. Where order matters it must wait
// for that: others may have told something that stands before it. Until then its wake-up stands for
// it, as for what others tell.
bool wake_if_settled(InvocationState& state, const Notification& notification, std::int64_t now,
                     Decision& decision) {
  if (state.row.status != Status::kSuspended) return false;
  if (state.row.waits.depends_on_order()) {
    decision.wake_up = WakeUp::kPut;
    return false;
  }
  const bool wakes = told(state, notification);
  if (wakes) {
    wake(state, now, decision);
  } else {
    note_settled(state, decision);
  }
  return wakes;
}

}  // namespace

void accept(InvocationState& state, Entry input, std::int64_t now, Decision& decision) {
  Invocation& row = state.row;
  row.created_at = row.modified_at = now;
  if (row.scheduled_start_at > now) {
    row.status = Status::kScheduled;
    decision.facts.push_back(SetTimer{Timer{row.scheduled_start_at, row.id, TimerKind::kStart, 0}});
  } else {
    row.scheduled_start_at = 0;
    decision.wake_up = WakeUp::kPut;
    if (row.target.queued_by_key()) {
      row.status = Status::kQueued;
      decision.queue = QueuePlace::kTake;
    } else {
      row.status = Status::kRunning;
      row.running_at = row.last_start_at = now;
    }
  }
  ++state.entries;
  ++state.commands;
  decision.facts.push_back(Append{std::move(input)});
  decision.row_changed = true;
  decision.urgent = true;
}

void begin(InvocationState& state, std::int64_t now, Decision& decision) {
  state.row.running_at = state.row.last_start_at = now;
  set_status(state, Status::kRunning, now, decision);
}

bool timer_fired(InvocationState& state, const Timer& timer, std::int64_t now, Decision& decision) {
  Invocation& row = state.row;
  decision.facts.push_back(DropTimer{timer});
  decision.urgent = true;
  switch (timer.kind) {
    case TimerKind::kSleep: {
      const auto open = std::find(state.open_sleeps.begin(), state.open_sleeps.end(), timer);
      if (open == state.open_sleeps.end() || row.status == Status::kCompleted) return false;
      state.open_sleeps.erase(open);
      ++state.entries;
      Entry done = completion(timer.completion, Empty{});
      const bool runs = row.status == Status::kRunning;
      const bool wakes = wake_if_settled(state, std::get<Notification>(done.body), now, decision);
      decision.facts.push_back(Append{std::move(done)});
      return runs || wakes;
    }
    case TimerKind::kRetry:
      if (row.status != Status::kBackingOff || row.next_retry_at != timer.due_unix_ms) return false;
      row.next_retry_at = 0;
      wake(state, now, decision);
      return true;
    case TimerKind::kStart:
      if (row.status != Status::kScheduled || row.scheduled_start_at != timer.due_unix_ms) {
        return false;
      }
      decision.wake_up = WakeUp::kPut;
      if (row.target.queued_by_key()) {
        set_status(state, Status::kQueued, now, decision);
        decision.queue = QueuePlace::kTake;
        return false;
      }
      begin(state, now, decision);
      return true;
    case TimerKind::kExpire:
    case TimerKind::kExpireJournal:
      return false;  // The owner follows with purge().
  }
  return false;
}

void signal(InvocationState& state, Notification signal, std::int64_t now, Decision& decision) {
  ++state.entries;
  wake_if_settled(state, signal, now, decision);
  decision.facts.push_back(Append{Entry{{}, std::move(signal)}});
  decision.urgent = true;
}

bool told(InvocationState& state, const Notification& notification) {
  return state.row.status == Status::kSuspended && state.row.waits.settle(notification);
}

void wake(InvocationState& state, std::int64_t now, Decision& decision) {
  drop_retry_timer(state, decision);
  state.row.waits = {};
  state.row.last_start_at = now;
  set_status(state, Status::kRunning, now, decision);
  decision.wake_up = WakeUp::kPut;
}

void park(InvocationState& state, WaitSet waits, std::int64_t now, Decision& decision) {
  state.row.waits = std::move(waits);
  set_status(state, Status::kSuspended, now, decision);
  decision.wake_up = WakeUp::kTakeAll;
  decision.urgent = true;
}

void rest(InvocationState& state, Decision& decision) {
  note_settled(state, decision);
  decision.wake_up = WakeUp::kTakeAll;
  decision.urgent = true;
}

void back_off(InvocationState& state, AttemptFailure failure, std::optional<std::int64_t> delay_ms,
              std::int64_t now, Decision& decision) {
  Invocation& row = state.row;
  if (row.retry_count == 0) row.retrying_since = now;
  ++row.retry_count;
  row.last_failure = std::move(failure);
  decision.urgent = true;
  if (!delay_ms) {
    pause(state, now, decision);
    return;
  }
  drop_retry_timer(state, decision);
  row.next_retry_at = now + std::clamp<std::int64_t>(*delay_ms, 0, INT64_MAX - now);
  set_status(state, Status::kBackingOff, now, decision);
  decision.facts.push_back(SetTimer{Timer{row.next_retry_at, row.id, TimerKind::kRetry, 0}});
  // The retry timer wakes it, also after a restart.
  decision.wake_up = WakeUp::kTakeAll;
}

void pause(InvocationState& state, std::int64_t now, Decision& decision) {
  drop_retry_timer(state, decision);
  state.row.waits = {};
  set_status(state, Status::kPaused, now, decision);
  decision.wake_up = WakeUp::kTakeAll;
  decision.urgent = true;
}

}  // namespace holdfast::journal
