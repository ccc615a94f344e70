#pragma once
// BusyStore: the rows that a process leaves behind in which there is an invocation of every kind,
// waiting for everything one can wait for. For tests of what looks at whole stores.

#include <cstdint>
#include <map>
#include <vector>

#include "actors/catalog/service_info.h"
#include "journal/ids.h"
#include "storage/base/bytes.h"
#include "storage/store.h"

namespace holdfast::testing {

struct BusyStore {
  std::map<Bytes, Bytes> rows;
  std::vector<actors::ServiceInfo> services;
  // When its last process ended.
  std::int64_t now_unix_ms = 0;

  // Completed: with its journal, and without as that one's retention is over.
  journal::InvocationId charged, charged_earlier;
  // Shop/order waits for `nap`, which sleeps.
  journal::InvocationId order, nap;
  // Follow/it is attached to the order; with so many that the last have rows of their own there.
  journal::InvocationId follower, last_follower;
  // Stock/shelf: one sleeps, two wait for their turn.
  journal::InvocationId holder, queued, queued_last;
  journal::InvocationId paused, backing_off, scheduled;
  // Approval/a waits for its promise `ok`; Approval/b is completed, by its promise.
  // Others wait for the former, too; the last have rows of their own.
  journal::InvocationId waits_for_promise, approved, last_reader;
  journal::InvocationId waits_for_awakeable;
  // A step of it was executing when its process ended.
  journal::InvocationId running;
};

// Always the same one.
const BusyStore& busy_store();

// Puts rows into a store, as they are.
void fill(storage::Store& store, const std::map<Bytes, Bytes>& rows);

}  // namespace holdfast::testing
