#pragma once
// Store: an ordered map of bytes that survives the process.
//
// Durable means: a write with Sync::kYes that returned without an error is there after a crash or a
// power cut, wholly. A write that returned an error may be there or not, now or after the next
// open; nobody may act on either (INV-9). A write with Sync::kNo may be lost, but never in part,
// and never while a later write is kept.
//
// Reads see every write that returned before they began. Any thread may read while others write.
// Errors: kCorruption when stored bytes do not pass their checks, else kUnavailable.
//
// Reader is the half that reads: a store as it is, or as it was at one moment (snapshot()).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "storage/base/bytes.h"
#include "storage/base/result.h"
#include "storage/batch.h"
#include "storage/commit.h"

namespace holdfast::storage {

enum class Sync { kYes, kNo };

// Whoever sums what batches add to counters, while they are written: one pass over them is enough.
class Additions {
 public:
  virtual ~Additions() = default;
  virtual void add(BytesView counter, std::int64_t delta) = 0;
  // Puts the counters that changed into `batch`.
  virtual void put_changed(Batch& batch) = 0;
};

// Several batches written as one. Their stamped puts get `first_stamp` and the Lsns that follow, in
// order.
struct Write {
  std::span<const Batch* const> batches;
  Lsn first_stamp;
  // Gets the additions, in order; what it puts then is written after all batches. None: they go
  // nowhere.
  Additions* additions = nullptr;
};

// Calls `writer` as Batch::visit does for all that is to be written; for stores. `counters` gets
// what the additions put: the views last as long as it and the batches.
template <class Writer>
void visit_all(const Write& write, Batch& counters, Writer& writer) {
  for (const Batch* batch : write.batches) batch->visit(writer);
  if (write.additions != nullptr) write.additions->put_changed(counters);
  counters.visit(writer);
}

class Reader {
 public:
  // Returns whether to go on. The views last until it returns. It may read the store, not write to
  // it.
  using Visit = std::function<bool(BytesView key, BytesView value)>;

  virtual ~Reader() = default;

  virtual Result<std::optional<Bytes>> get(BytesView key) const = 0;

  // Visits the keys from `begin` up to but not including `end`, ascending; an empty `end` is the
  // end of the store. All visited pairs are of one moment.
  virtual Result<void> scan(BytesView begin, BytesView end, const Visit& visit) const = 0;

  // The same keys, descending.
  virtual Result<void> scan_reverse(BytesView begin, BytesView end, const Visit& visit) const = 0;

  // The store as it is now (of a snapshot: as that one has it), whatever is written later. Cheap to
  // make, but while it lives, what it shows cannot be given back: for seconds, not for hours. It
  // must be gone before the store.
  virtual std::unique_ptr<Reader> snapshot() const = 0;
};

class Store : public Reader {
 public:
  // All of it or nothing. Writers may be several; each write is one step in their common order.
  virtual Result<void> write(const Write& write, Sync sync) = 0;

  // Erases the keys from `begin` up to but not including `end`, synced. For whole partitions: often
  // used, it slows reads down.
  // REQUIRES: end is not empty.
  virtual Result<void> erase_range(BytesView begin, BytesView end) = 0;

  // Gives back the space of what was erased. May take long.
  virtual Result<void> compact() = 0;

  // Disk space (or memory, without a disk) of the keys in [begin, end), roughly.
  virtual std::uint64_t approximate_bytes(BytesView begin, BytesView end) const = 0;
};

// The write of one batch without stamped puts, as set-up and tests need it.
inline Result<void> write_one(Store& store, const Batch& batch, Sync sync) {
  const Batch* const batches[] = {&batch};
  return store.write({batches, Lsn()}, sync);
}

}  // namespace holdfast::storage
