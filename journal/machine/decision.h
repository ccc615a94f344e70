#pragma once
// Decision: what follows from an event. Facts become true together, in one batch; effects are what
// the world must do once the facts are durable (INV-1). Nothing here touches a store or a clock.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "journal/entry.h"
#include "journal/invocation.h"
#include "journal/tables/tables.h"
#include "journal/timer.h"

namespace holdfast::journal {

// --- Facts ---

// The next entry of the invocation's own journal.
struct Append {
  Entry entry;
};
// An entry of another invocation's journal, and a wake-up for it. May name this invocation too.
struct Tell {
  InvocationId to;
  Entry entry;
};
// A new invocation, with all that its status calls for: wake-up, place in the queue, start timer.
struct Create {
  Invocation invocation;
  Entry input;
  std::vector<Entry> more;  // Of a journal that begins as another one did; mostly none.
};
struct SetTimer {
  Timer timer;
};
struct DropTimer {
  Timer timer;
};
struct SetState {
  Bytes key, value;
};
struct DropState {
  Bytes key;
};
struct SetPromise {
  std::string service, key, name;
  PromiseRecord record;
};
struct DropPromise {
  std::string name;
};
// One that waits and has a row of its own.
struct AddWaiter {
  WaitedFor of;
  Waiter waiter;
};
struct DropWaiters {
  WaitedFor of;
  std::vector<Waiter> waiters;
};
struct DropChunk {
  Stamp stamp = 0;
};
struct DropRow {};

using Fact = std::variant<Append, Tell, Create, SetTimer, DropTimer, SetState, DropState,
                          SetPromise, DropPromise, AddWaiter, DropWaiters, DropChunk, DropRow>;

// --- Effects that are not mere consequences of a fact ---

// Asks the owner of another invocation for something its row or promises must decide. The asker
// does not park before the answer, and asks again after a restart, so requests are idempotent by
// (asker, completion).
struct Request {
  InvocationId to;
  std::uint32_t number = 0;  // Of the asker's command; names the request in its acknowledgement.
  CompletionId completion = 0;
  std::uint32_t life = 0;  // The asker's.
  struct StartCall {
    Invocation invocation;
    Entry input;
    bool wait = true;
  };
  struct AttachTo {
    bool wait = true;
  };
  struct PromiseAct {
    std::string service, key;
    Promise promise;
  };
  std::variant<StartCall, AttachTo, PromiseAct> what;
};

// Whether the invocation has a wake-up row after the batch.
enum class WakeUp : std::uint8_t {
  kKeep,     // As it is.
  kPut,      // It becomes active, or has to look at an entry of this batch: it needs one.
  kTakeAll,  // It rests or is over: those it has seen go.
};
enum class QueuePlace : std::uint8_t { kKeep, kTake, kLeave };

struct Decision {
  std::vector<Fact> facts;
  std::vector<Request> requests;
  bool row_changed = false;
  WakeUp wake_up = WakeUp::kKeep;
  QueuePlace queue = QueuePlace::kKeep;
  // False while nobody outside can tell: the facts may wait for the next batch.
  bool urgent = false;

  bool empty() const {
    return facts.empty() && requests.empty() && !row_changed && wake_up == WakeUp::kKeep &&
           queue == QueuePlace::kKeep;
  }
};

}  // namespace holdfast::journal
