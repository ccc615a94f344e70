#pragma once
// Mail: every message an actor of the engine can get, on one page.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/engine.h"
#include "actors/handler.h"
#include "journal/journal.h"

namespace holdfast::actors {

class ObjectState;

// The name of an object key's queue.
struct KeyName {
  std::string service, key;
  bool operator==(const KeyName&) const = default;
};

// --- To the owner of an invocation ---

// Comes from the ingress: create it, or join the one that exists.
struct Begin {
  journal::Invocation invocation;
  journal::Entry input;
  bool id_determined = false;                         // By the request: it may exist already.
  std::function<void(Result<Accepted>)> on_accepted;  // A send's.
  std::uint64_t waiter = 0;                           // A call's number among the waiters.
};
// Comes from the committer: a caller created it, durably.
struct Started {
  journal::Created created;
};
// Its own batch is durable.
struct Committed {
  std::optional<journal::Stamp> born, chunk, wake_up, queue;
  std::vector<journal::Notification> notifications;
};
// Another's batch put an entry into its journal.
struct Arrived {
  journal::Entry entry;
  journal::Stamp chunk = 0, wake_up = 0;
};
// After a restart: it has wake-ups nobody took care of.
struct Wake {};
// Its turn on the object key has come. What was staged up to `after` is seen by it but may not be
// durable yet.
struct Grant {
  KeyName key;
  journal::Stamp place = 0;
  storage::Ticket after{};
  std::shared_ptr<ObjectState> state;  // Null: read the store.
};
// The object's state was replaced under it.
struct StateReplaced {};
struct StepDone {
  std::uint64_t attempt = 0;
  journal::CompletionId completion = 0;
  StepOutcome outcome;
};
// Something has come for an attempt that is carried elsewhere.
struct AttemptWoken {
  std::uint64_t attempt = 0;
};
struct TimerFired {
  journal::Timer timer;
};
// Somebody waits among the waiters for the outcome.
struct Ask {
  std::uint64_t waiter = 0;
};
struct AskOutput {
  std::function<void(Result<std::optional<Finished>>)> on_answer;
};
// Another invocation asks; see journal::Request.
struct Asked {
  journal::InvocationId from;
  journal::Request request;
};
// The owner it asked has durably taken note.
struct AskTaken {
  std::uint32_t number = 0;
  std::uint32_t life = 0;  // Of who asked.
};
struct SignalSent {
  journal::Notification signal;
  std::function<void(Result<ActResult>)> on_done;
};
struct ActOn {
  Engine::Act act = Engine::Act::kCancel;
  std::function<void(Result<ActResult>)> on_done;
  std::shared_ptr<const std::string> deployment;  // To resume on; mostly null.
};
struct CopyAsNew {
  Engine::Restart restart;
  std::function<void(Result<journal::InvocationId>)> on_done;
};
// It has waited long since its `wait`th wait began.
struct ParkIfWaiting {
  std::uint64_t wait = 0;
};
// The process is about to end: who only waits need not be in memory.
struct Rest {};
// The last message an owner gets: it has left the directory.
struct Leave {};

// The large and rare ones are behind pointers: each mail takes the room of the largest.
struct InvocationMail {
  std::variant<std::shared_ptr<Begin>, std::shared_ptr<Started>, Committed, Arrived, Wake, Grant,
               StateReplaced, StepDone, AttemptWoken, TimerFired, Ask, AskOutput,
               std::shared_ptr<Asked>, AskTaken, SignalSent, ActOn, std::shared_ptr<CopyAsNew>,
               ParkIfWaiting, Rest, Leave>
      body;
};

// --- To the owner of an object key's queue ---

// An invocation takes its place in a batch that nobody has asked for at once: whoever holds the key
// will leave it with one that is.
struct Expected {};
// An invocation took its place, durably. Comes in the order of the stamps.
struct Enqueued {
  journal::InvocationId id;
  journal::Stamp stamp = 0;
};
// An invocation has left its place, in the batch `at`, which may not be durable yet. Its id would
// not do: an earlier run of it may have had another place.
struct Left {
  journal::Stamp place = 0;
  storage::Ticket at{};
  std::shared_ptr<ObjectState> state;
};
// After a restart: see who is first.
struct LookAgain {};
struct ReplaceState {
  std::map<Bytes, Bytes> state;
  std::function<void(Result<void>)> on_done;
};
struct ReplaceDurable {};
// It has been quiet for long since its `quiet`th quiet time began.
struct LeaveIfQuiet {
  std::uint64_t quiet = 0;
};

struct KeyMail {
  std::variant<Expected, Enqueued, Left, LookAgain, ReplaceState, ReplaceDurable, LeaveIfQuiet,
               Leave>
      body;
};

// --- To the timer actor ---

// There are ArmedTimers, or it is the first look at the table.
struct Armed {};
// A fired timer has been taken care of, durably.
struct Taken {};
// The time it asked to be woken at has come.
struct Tick {
  std::uint64_t number = 0;
};

// The wall clock was set, so nobody knows when the tick comes.
struct ClockSet {};

// Starts wait for room in memory.
struct LookForRoom {};

struct TimerMail {
  std::variant<Armed, Taken, Tick, ClockSet, LookForRoom> body;
};

}  // namespace holdfast::actors
