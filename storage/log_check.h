#pragma once
// LogCheck: tells a log that a crash has cut short from one that is damaged.
//
// Appends follow each other: one begins only when the one before is synced, and what failed ends
// the process (INV-9). So a crash leaves whole records, and after them at most one that is not:
// the file ends in it, or sectors of it were never written and are zero, as is all that is behind
// it (zeroed_logs.h). It was not acknowledged, and RocksDB rightly drops it. Anything else is
// damage, behind which there may be acknowledged writes. RocksDB's point-in-time recovery drops
// those, too, without an error; hence this check.
// Damage is
//   - a record, or the beginning of one, that can be read behind a place that cannot;
//   - a bad record that is there to its end, without a sector of zeros;
//   - a record whose checksum fits a length that differs in one bit, or all that is left;
//   - a later log that does not go on where the one before was cut short.
// What is not seen: a last record that is damaged so that it looks torn. What is seen and is not
// there: a last record that is torn, and whose content is itself a log, is taken for damage.
//
// The manifest is a file of the same kind. Several of its records may be unsynced at one time, so
// what can be read behind a hole is no damage there.
//
// Format: RocksDB's log_format, version 7.8: blocks of 32 KiB; fragments with 7 bytes before them:
// a masked CRC-32C of type and content, the length (2 bytes), the type (1).

#include <string>

#include "storage/base/result.h"

namespace holdfast::storage {

// `folder` is that of the store; without files there is nothing to say. kCorruption names the file
// and the place, kUnavailable the file that cannot be read.
Result<void> check_write_ahead_logs(const std::string& folder);
// Of the manifest that CURRENT names; none when CURRENT names none.
Result<void> check_manifest(const std::string& folder);

}  // namespace holdfast::storage
