#pragma once
// Log: the ordered record of all writes to one partition, and the seam along which Holdfast scales
// out. Today one provider exists: LocalLog, where the store of this machine is the log. A provider
// that replicates appends the same batches elsewhere first and applies them to the store after
// that.
//
// An append has one of four outcomes, and a caller must tell them apart:
//   kCommitted  durable; its stamped puts have the Lsns from first_lsn on
//   kFenced     a later epoch owns the partition; nothing was appended, nor ever will be by this
//   epoch kRefused    nothing was appended kUnknown    it may have been appended, or may come back
//   later; only a restart finds out (INV-9)

#include <span>
#include <string>

#include "storage/batch.h"
#include "storage/commit.h"

namespace holdfast::storage {

struct AppendOutcome {
  enum class Kind { kCommitted, kFenced, kRefused, kUnknown };

  Kind kind = Kind::kUnknown;
  Lsn first_lsn;    // With kCommitted.
  std::string why;  // Without.
};

class Log {
 public:
  virtual ~Log() = default;

  // Appends the batches as one, and has them applied to the store when it returns kCommitted. One
  // thread at a time.
  virtual AppendOutcome append(Epoch epoch, std::span<const Batch* const> batches) = 0;
};

}  // namespace holdfast::storage
