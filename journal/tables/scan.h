#pragma once
// Scans whose visitor may fail, and the buffer for what is written. Of use inside journal/tables
// only.

#include <utility>

#include "journal/tables/key.h"
#include "journal/tables/tables.h"
#include "storage/base/bytes.h"
#include "storage/base/log.h"
#include "storage/base/result.h"
#include "storage/store.h"

namespace holdfast::journal {

// Calls visit(key, value), which returns Result<bool>: whether to go on.
template <class Visit>
Result<void> scan(const storage::Reader& store, BytesView begin, BytesView end, Visit visit) {
  Result<void> failure;
  TRY(store.scan(begin, end, [&](BytesView key, BytesView value) {
    Result<bool> go_on = visit(key, value);
    if (go_on.has_value()) return *go_on;
    failure = std::move(go_on).error();
    return false;
  }));
  return failure;
}

// The rows of `range` in a table kept by object key, after the row `after`. Calls
// visit(ObjectRow, value), which returns whether to go on.
template <class Visit>
Result<void> scan_objects(const storage::Reader& store, storage::Table table,
                          const ObjectRange& range, BytesView after, Visit visit) {
  static constexpr Logger kLog("journal");
  Key prefix(table);
  if (range.key.has_value()) {
    prefix.u64(partition_key_of(*range.key));
    if (range.service.has_value()) prefix.escaped(*range.service).escaped(*range.key);
  }
  const Bytes begin = after.empty() ? Bytes(prefix.view()) : Bytes(after).append(1, '\0');
  return scan(store, begin, prefix.end(), [&](BytesView key, BytesView value) -> Result<bool> {
    auto parts = object_in(key);
    if (!parts) {
      kLog.error("row cannot be understood and is passed over", "reason={}",
                 parts.error().message());
      return true;
    }
    return visit(ObjectRow{key, std::move(parts->service), std::move(parts->key), parts->rest},
                 value);
  });
}

// For one record at a time; the thread keeps its memory unless it has grown large.
inline Bytes& record_buffer() {
  constexpr std::size_t kKeptMax = 64 * 1024;
  thread_local Bytes buffer;
  if (buffer.capacity() > kKeptMax) buffer = Bytes();
  buffer.clear();
  return buffer;
}

}  // namespace holdfast::journal
