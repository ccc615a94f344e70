#pragma once
// Scans whose visitor may fail, and the buffer for what is written. Of use inside journal/tables
// only.

#include "storage/base/bytes.h"
#include "storage/base/result.h"
#include "storage/store.h"

namespace holdfast::journal {

// Calls visit(key, value), which returns Result<bool>: whether to go on.
template <class Visit>
Result<void> scan(const storage::Store& store, BytesView begin, BytesView end, Visit visit) {
  Result<void> failure;
  TRY(store.scan(begin, end, [&](BytesView key, BytesView value) {
    Result<bool> go_on = visit(key, value);
    if (go_on.has_value()) return *go_on;
    failure = std::move(go_on).error();
    return false;
  }));
  return failure;
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
