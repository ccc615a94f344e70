#pragma once
// Tables: which rows there are, their keys, their reads and their writes. Exact bytes:
// docs/formats/key_space.md. Everything an invocation writes goes through here into a
// storage::Batch; nothing here writes by itself.
//
// Rows (tag, key -> value)
//   i  partition key, uuid                        -> Invocation
//   j  partition key, uuid, stamp                 -> one chunk of journal entries
//   r  partition key, uuid, stamp                 -> (empty) a wake-up not yet taken care of: the
//      invocation is active, or must be activated after a restart. Each has its own stamp, so that
//      parking removes just the wake-ups it has seen.
//   q  partition key, service, object key, stamp  -> invocation id; the lowest stamp holds the key
//   t  due time, partition key, uuid, kind, completion -> (empty)
//   s  partition key, service, object key, state key   -> value
//   p  partition key, service, workflow key, name      -> PromiseRecord
//   w  partition key, uuid, waiter                     -> (empty) waits for the outcome
//   v  partition key, service, workflow key, name, waiter -> (empty) waits for the promise
//   c  service                                         -> ServiceSettings
//   d  deployment id                                   -> Deployment
//   n  partition, what is counted                      -> a number; written by the log
// Variable parts that are followed by something are written with an escape (0x00 -> 0x00 0xFF, end
// 0x00 0x01), so that byte order is order of parts and no part can run into the next.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "journal/deployment.h"
#include "journal/entry.h"
#include "journal/invocation.h"
#include "journal/later_waiters.h"
#include "journal/timer.h"
#include "storage/batch.h"
#include "storage/counters.h"
#include "storage/store.h"

namespace holdfast::journal {

// A stamp the committer gave; orders rows of one invocation or key.
using Stamp = std::uint64_t;

struct StampedEntry {
  Stamp stamp = 0;  // Of its chunk: entries of one chunk share it and keep their order.
  std::int64_t appended_at = 0;
  Entry entry;
};

struct PromiseRecord {
  std::optional<Outcome> result;
  std::vector<Waiter> waiters;  // As those of an invocation.
};

// What an operator changed about a service, over what its code says.
struct ServiceSettings {
  std::optional<bool> is_public;
  std::optional<std::int64_t> idempotency_retention_ms, workflow_retention_ms, journal_retention_ms;
  std::optional<std::int64_t> inactivity_timeout_ms, abort_timeout_ms;
  std::optional<std::int64_t> park_after_ms;  // None: as the server has it.
};

// What stands in the row of a journal's entries: to be called before its chunks are added, and
// after.
void add_input(const Invocation& row, std::vector<StampedEntry>& to);
void add_output(const Invocation& row, std::vector<StampedEntry>& to);

// An invocation's row as it is stored. It is decoded when asked, so that those who only count or
// want ids do not pay for it.
class StoredInvocation {
 public:
  StoredInvocation(const InvocationId& id, Bytes record) : id_(id), record_(std::move(record)) {}

  const InvocationId& id() const { return id_; }
  std::size_t size() const { return record_.size(); }
  Result<Invocation> read() const;

 private:
  InvocationId id_;
  Bytes record_;
};

// How many invocations of a service have a status.
struct InvocationCount {
  std::string service;
  std::optional<Status> status;  // None: rows that could not be read; they have no service.
  std::uint64_t invocations = 0;
};

// Which rows of a table kept by object key. The partition key follows from the key, so a service
// alone narrows nothing.
struct ObjectRange {
  std::optional<std::string> service, key;
};
// Where a row of such a table stands. The views last until the visitor returns.
struct ObjectRow {
  BytesView place;  // To go on after it.
  std::string service, key;
  BytesView rest;  // State key or promise name.
};

// Reads. Any thread; each call sees one consistent state, that of the reader: of a store as it is
// at the time of the call, of a snapshot always the same. kCorruption when a record cannot be
// understood (bad checksum, unknown type, newer version): never a guess (INV-11).
class Tables {
 public:
  explicit Tables(const storage::Reader& store) : store_(store) {}

  Result<std::optional<Invocation>> invocation(const InvocationId& id) const;
  // Its whole journal, in order: first and last entry may stand in the row. Those have no stamp of
  // their own: 0.
  Result<std::vector<StampedEntry>> journal(const Invocation& row) const;
  // Reads the row first; without one, what others have told.
  Result<std::vector<StampedEntry>> journal(const InvocationId& id) const;
  // The entries that are in chunks, in order of the stamps.
  Result<std::vector<StampedEntry>> chunks(const InvocationId& id) const;
  Result<void> add_chunks(const InvocationId& id, std::vector<StampedEntry>& to) const;
  // The entries that share one stamp; none when there is no such chunk.
  Result<std::vector<Entry>> chunk(const InvocationId& id, Stamp stamp) const;
  // Wake-ups not yet taken care of, ascending.
  Result<std::vector<Stamp>> wake_ups(const InvocationId& id) const;
  Result<bool> has_wake_up(const InvocationId& id, Stamp stamp) const;
  // Each invocation that has a wake-up, once; false stops.
  Result<void> each_woken(const std::function<bool(const InvocationId&)>& visit) const;
  // Invocations in id order, starting after `after`; false stops.
  Result<void> each_invocation(const std::optional<InvocationId>& after,
                               const std::function<bool(Result<Invocation>)>& visit) const;

  struct Queued {
    Stamp stamp = 0;
    InvocationId id;
  };
  // At most `most` of the queue of an object key, in order, with stamps above `after`.
  Result<std::vector<Queued>> queue(std::string_view service, std::string_view key, Stamp after,
                                    std::size_t most) const;

  // At most `most` timers greater than `after` (none: from the first), in order.
  Result<std::vector<Timer>> timers(const std::optional<Timer>& after, std::size_t most) const;
  Result<bool> has_timer(const Timer& timer) const;

  Result<std::optional<Bytes>> state(std::string_view service, std::string_view key,
                                     BytesView state_key) const;
  Result<std::vector<Bytes>> state_keys(std::string_view service, std::string_view key) const;
  Result<std::optional<PromiseRecord>> promise(std::string_view service, std::string_view key,
                                               std::string_view name) const;
  // Names of all promises of a workflow key.
  Result<std::vector<std::string>> promises(std::string_view service, std::string_view key) const;
  // Adds those that have rows of their own, up to where an error occurs. One whose key cannot be
  // understood is logged and passed over.
  Result<void> later_waiters(const WaitedFor& of, std::set<Waiter>& to) const;
  Result<bool> has_later_waiter(const WaitedFor& of, const Waiter& waiter) const;
  Result<std::optional<ServiceSettings>> settings(std::string_view service) const;
  // In order of the names; false stops.
  Result<void> each_settings(
      const std::function<bool(std::string_view service, Result<ServiceSettings>)>& visit) const;
  // In order of the ids, with what came of reading it; false stops.
  Result<void> each_deployment(
      const std::function<bool(const DeploymentId&, Result<Deployment>)>& visit) const;

  // All of it as it is now.
  class Moment;
  Moment moment() const;

  // What is not 0, in no order; costs the same for any number of invocations. None: nobody has kept
  // counts of what is stored.
  Result<std::optional<std::vector<InvocationCount>>> invocation_counts() const;

  // --- Many rows, for introspection: in key order, those after `after`; false stops. What cannot
  // be read is given as an error, and does not end the read; a key that cannot be understood is
  // logged and passed over.
  // Under one partition key, or all.
  Result<void> each_stored(std::optional<PartitionKey> of, const std::optional<InvocationId>& after,
                           const std::function<bool(StoredInvocation)>& visit) const;
  Result<void> each_woken_after(const std::optional<InvocationId>& after,
                                const std::function<bool(const InvocationId&)>& visit) const;
  // Whole journals: of invocations, empty where it was removed, and what is told to ids that nobody
  // has.
  Result<void> each_journal(
      const std::optional<InvocationId>& after,
      const std::function<bool(const InvocationId&, Result<std::vector<StampedEntry>>)>& visit)
      const;
  Result<void> each_queued(
      const ObjectRange& range, BytesView after,
      const std::function<bool(const ObjectRow&, Result<Queued>)>& visit) const;
  Result<void> each_state(const ObjectRange& range, BytesView after,
                          const std::function<bool(const ObjectRow&, Result<Bytes>)>& visit) const;
  Result<void> each_promise(
      const ObjectRange& range, BytesView after,
      const std::function<bool(const ObjectRow&, Result<PromiseRecord>)>& visit) const;

 private:
  const storage::Reader& store_;
};

// Tables that stay as they were when it was made; see storage::Reader::snapshot for what that
// costs.
class Tables::Moment {
 public:
  explicit Moment(std::unique_ptr<const storage::Reader> snapshot)
      : snapshot_(std::move(snapshot)), tables_(*snapshot_) {}

  const Tables& tables() const { return tables_; }

 private:
  std::unique_ptr<const storage::Reader> snapshot_;
  Tables tables_;  // Over *snapshot_.
};

inline Tables::Moment Tables::moment() const { return Moment(store_.snapshot()); }

// Writes, into a batch.
void put_invocation(storage::Batch& batch, const Invocation& invocation);
void erase_invocation(storage::Batch& batch, const InvocationId& id);
// What putting or erasing a row does to the counts; none: there is no row before, or after.
void count_invocation(storage::Batch& batch, std::string_view service, std::optional<Status> was,
                      std::optional<Status> is);
// Stamped.
void append_journal(storage::Batch& batch, const InvocationId& id, std::int64_t appended_at,
                    const Entry* entries, std::size_t count);
void erase_journal_chunk(storage::Batch& batch, const InvocationId& id, Stamp stamp);
// Stamped.
void put_wake_up(storage::Batch& batch, const InvocationId& id);
void erase_wake_up(storage::Batch& batch, const InvocationId& id, Stamp stamp);
// Stamped.
void put_queued(storage::Batch& batch, const Target& target, const InvocationId& id);
void erase_queued(storage::Batch& batch, const Target& target, Stamp stamp);
void put_timer(storage::Batch& batch, const Timer& timer);
void erase_timer(storage::Batch& batch, const Timer& timer);
void put_state(storage::Batch& batch, std::string_view service, std::string_view key,
               BytesView state_key, BytesView value);
void erase_state(storage::Batch& batch, std::string_view service, std::string_view key,
                 BytesView state_key);
void put_promise(storage::Batch& batch, std::string_view service, std::string_view key,
                 std::string_view name, const PromiseRecord& record);
void erase_promise(storage::Batch& batch, std::string_view service, std::string_view key,
                   std::string_view name);
void put_later_waiter(storage::Batch& batch, const WaitedFor& of, const Waiter& waiter);
void erase_later_waiter(storage::Batch& batch, const WaitedFor& of, const Waiter& waiter);
void put_settings(storage::Batch& batch, std::string_view service, const ServiceSettings& settings);
void put_deployment(storage::Batch& batch, const Deployment& deployment);
void erase_deployment(storage::Batch& batch, const DeploymentId& id);

// Whether a counter of this name, with its prefix off, is one of ours.
bool is_invocation_counter(BytesView name);

// Counts what is stored: the Recount of a log whose batches come from here.
Result<void> recount_invocations(const storage::Reader& store, storage::KeyRange partition,
                                 const storage::Counters::Add& add);

}  // namespace holdfast::journal
