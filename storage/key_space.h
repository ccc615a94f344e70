#pragma once
// Key space: every key prefix there ever was. A tag is used once; a table that goes away keeps its
// tag here as a comment (INV-10).
//
// A key is the tag of its table (1 byte), the partition key (8 bytes, big-endian), then the entity.
// So a partition is one contiguous range in each table.

#include <cstdint>

#include "storage/base/big_endian.h"
#include "storage/base/bytes.h"

namespace holdfast::storage {

enum class Table : char {
  kMeta = 'm',             // What the log and the node know about themselves.
  kInvocation = 'i',       // Where an invocation stands.
  kJournal = 'j',          // Its entries, in stamped order.
  kRunnable = 'r',         // Invocations with something to do, for the next start.
  kInbox = 'q',            // Invocations that wait for their key, in stamped order.
  kOutbox = 'o',           // Messages to other partitions, until they have them.
  kTimer = 't',            // Timers by time.
  kState = 's',            // State of virtual objects and workflows.
  kPromise = 'p',          // Durable promises of workflows.
  kExpiry = 'x',           // What is to be removed, by time.
  kServiceSettings = 'c',  // Settings of services.
  kDeployment = 'd',       // Registered deployments.
  kCounter = 'n',          // Numbers that batches add to; see counters.h.
  kWaiter = 'w',           // Who waits for an invocation, beside the first few.
  kPromiseWaiter = 'v',    // Who waits for a promise, beside the first few.
};

inline constexpr Table kTables[] = {
    Table::kMeta,    Table::kInvocation, Table::kJournal,         Table::kRunnable,
    Table::kInbox,   Table::kOutbox,     Table::kTimer,           Table::kState,
    Table::kPromise, Table::kExpiry,     Table::kServiceSettings, Table::kDeployment,
    Table::kCounter, Table::kWaiter,     Table::kPromiseWaiter};

// A partition: both ends belong to it.
struct KeyRange {
  std::uint64_t first = 0;
  std::uint64_t last = UINT64_MAX;
};

// The beginning of every key of one table and partition key.
inline Bytes key_prefix(Table table, std::uint64_t partition_key) {
  Bytes key;
  key.reserve(64);
  key.push_back(static_cast<char>(table));
  append_big_endian(key, partition_key);
  return key;
}

// Rows of Table::kMeta: the first key of the partition, then a name.
inline constexpr BytesView kMetaLog = "log";
inline constexpr BytesView kMetaCounters = "counters";
inline Bytes meta_key(std::uint64_t partition_first, BytesView name) {
  return key_prefix(Table::kMeta, partition_first).append(name);
}

// The smallest key greater than every key that begins with `prefix`; empty when there is none. With
// it, scan(prefix, prefix_end(prefix)) visits what begins with the prefix.
inline Bytes prefix_end(BytesView prefix) {
  Bytes end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
  return end;
}

// The end of the keys of `partition` in `table`; their begin is key_prefix(table, partition.first).
inline Bytes table_end(Table table, KeyRange partition) {
  return prefix_end(key_prefix(table, partition.last));
}

}  // namespace holdfast::storage
