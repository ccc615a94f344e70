#pragma once
// LocalLog: the Log of a node on its own. Append and apply are one synced write to the store.
//
// Each append also writes one meta row per partition: applied Lsn, epoch, leader time. So the row
// tells exactly what the store has. An append takes one Lsn per stamped put, and then one for
// itself.
//
// Opened with a Recount it also keeps the partition's counters; without, additions to them go
// nowhere, and readers are told that there are none.
//
// Invariants
//   INV-6  Lsns increase from append to append and across restarts; none is given out twice.
//   INV-9  A write that failed is kUnknown, and so is every append after it.
//
// The leader time in the row never moves backwards: it is max(previous, now).
//
// Format of the row: docs/formats/key_space.md.

#include <memory>
#include <optional>

#include "storage/append_log.h"
#include "storage/base/clock.h"
#include "storage/counters.h"
#include "storage/key_space.h"
#include "storage/store.h"

namespace holdfast::storage {

class LocalLog final : public Log {
 public:
  // Begins the next epoch of the partition with a synced write. kCorruption when the meta row
  // cannot be understood. Counts anew, before it returns, when the counters were not kept by
  // whoever wrote last.
  static Result<std::unique_ptr<LocalLog>> open(Store& store, KeyRange partition,
                                                const Clock& clock,
                                                const Counters::Recount& recount = {});

  // The partition's counters as they are stored, exact; see storage::each_counter. Any thread.
  static Result<bool> each_counter(const Reader& store, KeyRange partition,
                                   const VisitCounter& visit);

  // How far the log has come, as the meta row of `partition` has it: no stamp in the store is
  // greater. None: no log was opened yet. kCorruption when the row cannot be understood.
  static Result<std::optional<Lsn>> stored_lsn(const Reader& store, KeyRange partition);

  AppendOutcome append(Epoch epoch, std::span<const Batch* const> batches) override;

  // The epoch that opening began.
  Epoch epoch() const { return position_.epoch; }
  // The two below: on the thread that appends.
  Lsn applied_lsn() const { return position_.applied; }
  WallTime leader_time() const { return position_.leader_time; }

 private:
  struct Position {
    Lsn applied;
    Epoch epoch;
    WallTime leader_time;
  };

  LocalLog(Store& store, KeyRange partition, const Clock& clock);

  static Bytes encode(const Position& position);
  static Result<Position> decode(BytesView row);
  // As the meta row has it; none: there is no such row.
  static Result<std::optional<Position>> stored_position(const Reader& store, KeyRange partition);

  AppendOutcome append_with(Batch meta, std::span<const Batch* const> batches);

  Store& store_;
  const Clock& clock_;
  const Bytes meta_key_;
  Position position_;
  std::optional<Counters> counters_;
  bool failed_ = false;
};

}  // namespace holdfast::storage
