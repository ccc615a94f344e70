#pragma once
// Machine: (where an invocation stands, an event) -> what follows. Pure: no store, no clock, no
// randomness; time and new ids come in as data. One file for each turn of life, one for the
// commands.
//
// Invariants
//   INV-3  Nothing here is called for a replayed command, so replay writes nothing.
//   INV-6  Entries are appended, never changed.
//   INV-7  A timer takes effect once: a sleep that is complete ignores it.
//   INV-8  Who starts an existing invocation again only joins it.

#include <cstdint>
#include <optional>
#include <vector>

#include "journal/machine/decision.h"

namespace holdfast::journal {

// An invocation as its owner holds it in memory.
struct InvocationState {
  Invocation row;
  // Its journal has not been read: what is open is not known, and `entries` and `commands` follow
  // from the row. Only for a suspended one whose wait is not flat.
  bool row_only = false;
  std::uint32_t entries = 0;  // In the journal, including what is decided and not yet durable.
  std::uint32_t commands = 0;
  std::vector<Timer> open_sleeps;  // Sleeps without their completion.
  // Commands that need an answer from another owner and have none yet.
  std::vector<std::pair<std::uint32_t, Entry>> open_asks;
  LaterWaiters later_waiters;

  // Takes over one stored entry; called for the whole journal, in order, after loading.
  void fold(const Entry& entry);
};

// A promise of a workflow key as the owner of its run holds it.
struct PromiseState {
  PromiseRecord record;
  LaterWaiters later_waiters;
};

// How a call's target is to be run; from the catalog.
struct Resolution {
  Target target;
  std::int64_t completion_retention_ms = 0;  // For this kind of call.
  std::int64_t journal_retention_ms = 0;
  InvocationId fresh_id;  // Used unless the request determines the id.
  // What nobody waits for is to begin by its timer, when there is room.
  bool is_crowded = false;
};

// A new invocation comes to be, in its own batch: entry 0, wake-up or queue place or start timer.
void accept(InvocationState& state, Entry input, std::int64_t now, Decision& decision);
// The first attempt begins (it was queued or scheduled).
void begin(InvocationState& state, std::int64_t now, Decision& decision);

// A command of the handler's. `resolution` is needed for Call only.
void command(InvocationState& state, Entry entry, const Resolution* resolution, std::int64_t now,
             Decision& decision);
// The outcome of a Run command.
void propose(InvocationState& state, CompletionId completion, Outcome outcome, Decision& decision);
// The answers to reads of state that the handler could not do by itself. None: not set.
void answer_read(InvocationState& state, CompletionId completion, std::optional<Bytes> value,
                 Decision& decision);
void answer_list(InvocationState& state, CompletionId completion, std::vector<Bytes> keys,
                 Decision& decision);
// The handler's result is the last entry of its journal, for those who read journals. The caller
// follows with finish() of that result. It is a flag in the row unless this decision has entries,
// which stand before it and may be stamped after some that nobody here has heard of.
// REQUIRES: all entries of earlier decisions have their stamps.
void record_output(InvocationState& state, const Outcome& outcome, Decision& decision);
// The request behind a command that needs an answer from another owner; none for other commands.
std::optional<Request> request_of(const InvocationState& state, std::uint32_t number,
                                  const Entry& entry, const Resolution* resolution,
                                  std::int64_t now);
// The id a Call's callee has, and whether the call determines it.
std::pair<InvocationId, bool> callee_of(const Call& call, const Resolution& resolution);

// A timer of the invocation fired. Returns true when an attempt must start or go on.
bool timer_fired(InvocationState& state, const Timer& timer, std::int64_t now, Decision& decision);
// A signal from outside, as an entry of the journal.
void signal(InvocationState& state, Notification signal, std::int64_t now, Decision& decision);
// A parked or waiting invocation becomes active again.
void wake(InvocationState& state, std::int64_t now, Decision& decision);
// Its handler waits for long and leaves memory. REQUIRES: no request open.
void park(InvocationState& state, WaitSet waits, std::int64_t now, Decision& decision);
// What it was told while it is suspended. Returns whether that wakes it; if not, rest() follows.
bool told(InvocationState& state, const Notification& notification);
// What it was told needs nothing (yet). Its row takes note of what is settled.
void rest(InvocationState& state, Decision& decision);

// An attempt failed; `delay_ms` none: no further attempt, it is paused.
void back_off(InvocationState& state, AttemptFailure failure, std::optional<std::int64_t> delay_ms,
              std::int64_t now, Decision& decision);
void pause(InvocationState& state, std::int64_t now, Decision& decision);

// The end. Everything that waits is told; what is still open is closed. REQUIRES: all who wait are
// known.
void finish(InvocationState& state, Outcome outcome, std::int64_t now, Decision& decision);
// Another invocation wants the outcome under a completion id of its own. One that waits
// already is added again unless that is known, which does no harm.
void attach(InvocationState& state, const Waiter& waiter, bool wait, Decision& decision);
// Removes what is left of a completed invocation.
void purge(InvocationState& state, const std::vector<Stamp>& chunks, bool row_too,
           Decision& decision);

// The journal of a new invocation that begins as another one's did: its entries up to `last`, and
// what completed them. kInvalidArgument: there is no such entry; kConflict: something in the prefix
// is not complete, and would never be in a copy.
Result<std::vector<Entry>> prefix_of(std::vector<Entry> journal, std::size_t last);

// What an asker is told under its completion.
Tell answer(const Waiter& waiter, decltype(Notification::result) result);

// Promise of a workflow key, decided by the owner of its run. REQUIRES: all who wait are known if
// it is to be completed.
void promise_act(PromiseState& state, const Waiter& asker, const Request::PromiseAct& act,
                 Decision& decision);
// Removes it, with those who may still stand among its waiters. REQUIRES: all of them are known.
void drop_promise(PromiseState& state, const PromiseName& name, Decision& decision);

}  // namespace holdfast::journal
