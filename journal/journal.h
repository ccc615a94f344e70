#pragma once
// Journal: how the owners of invocations load what happened and have decisions stored. Staging
// turns a decision into a batch, and into consequences that carry the stamps of what was written;
// they are sealed until the receipt of that batch is shown (INV-1).

#include <cstdint>
#include <optional>
#include <vector>

#include "journal/machine/machine.h"
#include "journal/tables/tables.h"
#include "storage/batch.h"
#include "storage/commit.h"

namespace holdfast::journal {

// How much is read of an invocation whose row says what it waits for, as a tree: what others have
// told it since the row was written, which is found by its wake-ups, or all of its journal.
enum class Reading : std::uint8_t { kNewsIfParked, kWhole };

// What is stored about one invocation.
struct Loaded {
  InvocationState state;
  // From the input on. Empty once it is completed: nobody replays it.
  std::vector<StampedEntry> entries;
  // What is to be taken out: signals told before it came to be, which are told again behind its
  // input, and what was told to an earlier run of its id.
  std::vector<StampedEntry> early;
  std::vector<Stamp> wake_ups;
  std::vector<Notification> news;  // kSuspended: what its row does not know of yet.
  Stamp last_stamp = 0;            // Of the last chunk; what is told later has a greater one.
  // What was told before it came to be has a smaller one. 1: there is nothing such.
  Stamp born = 1;
};

// What others must hear once a batch is durable. Stamps are relative to the batch until resolved.
struct Arrival {
  InvocationId to;
  Entry entry;
  Stamp chunk = 0;
  Stamp wake_up = 0;
};
struct Created {
  Invocation invocation;
  Entry input;
  std::vector<Entry> more;
  Stamp born = 0;  // What is told to it has this one or a greater.
  Stamp wake_up = 0;
  Stamp queue = 0;  // 0: not queued.
};
struct Consequences {
  std::vector<Arrival> arrivals;
  std::vector<Created> created;
  std::vector<Timer> timers;  // To be armed.
  std::vector<Request> requests;
  // Of the invocation itself; none: nothing such was written. `born`: with its input; what is told
  // to it afterwards has this stamp or a greater.
  std::optional<Stamp> born, chunk, wake_up, queue;
  std::vector<Notification> notifications;  // Those in the chunk, in order.

  // Turns relative stamps into those the committer gave.
  void resolve(Stamp first);
};

// What an owner knows of its rows that staging needs.
struct OwnRows {
  std::vector<Stamp> wake_ups;  // Seen and still stored; emptied when they are taken.
  Stamp queue = 0;
  // The status in the row as it is stored, or about to be; none: there is no row. What staging
  // changes about the counts starts from it.
  std::optional<Status> counted;
  // Number of the first command whose request nobody has acknowledged yet. The row counts commands
  // only up to it, so that after a restart it is asked again (see Request).
  std::optional<std::uint32_t> first_open_ask;
};

class Journal {
 public:
  explicit Journal(const storage::Store& store) : tables_(store) {}

  // None: there is no such invocation. kCorruption: it must be left alone. Any thread.
  Result<std::optional<Loaded>> load(const InvocationId& id,
                                     Reading reading = Reading::kWhole) const;
  // An open one that nobody waits for, if none is stored.
  Result<PromiseState> load_promise(const PromiseName& name) const;
  // Afterwards all who wait are known: before they are told. No read if they are already; what was
  // read before an error stays.
  Result<void> recall_waiters(const WaitedFor& of, LaterWaiters& later) const;
  // Afterwards it is known whether this one waits already: before it is added.
  Result<void> recall_waiter(const WaitedFor& of, const Waiter& waiter, LaterWaiters& later) const;
  const Tables& tables() const { return tables_; }

  // Writes `decision` about `state` into `batch`. The caller submits the batch.
  static Consequences stage(InvocationState& state, Decision decision, OwnRows& rows,
                            std::int64_t now, storage::Batch& batch);

 private:
  Result<bool> load_news(Loaded& loaded) const;

  Tables tables_;
};

}  // namespace holdfast::journal
