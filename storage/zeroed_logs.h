#pragma once
// Zeroed logs: the file system under RocksDB, with one difference: a write-ahead log is written
// over zeros that are on the disk already. A sync of bytes that make a file longer has to write its
// length, too, through the journal of the file system: more bytes, and more time, than a small
// record itself. So the append that makes the file longer brings zeros for those that follow.
//
// What holds
//   - Behind the last byte that was appended there are zeros only, and never more than
//   kZeroedAhead. Both
//     RocksDB and log_check.h take them for the end of the log.
//   - Bytes are appended in order, each once; what was appended is never written again.
//   - They never come in the middle of a record, nor end within 6 bytes of the end of a block of
//     the log: RocksDB would take that for damage.
//   - An append that fails leaves nothing: half of one within zeros would look damaged.
//   - Who asks for the size of an open log gets that of what was appended. Closing a log takes the
//     zeros away; a crash leaves them.
//
// While appends are large none are brought: then the zeros are more than what they save, about 4
// KiB a sync on ext4.
//
// Threads: as of rocksdb::FileSystem.

#include <cstddef>
#include <memory>

namespace rocksdb {
class FileSystem;
}

namespace holdfast::storage {

inline constexpr std::size_t kZeroedAhead = 64 << 10;
static_assert(kZeroedAhead % (32 << 10) == 0, "whole blocks of the log");
// Of the last eight or so, on average.
inline constexpr std::size_t kLargeAppends = 8 << 10;

std::shared_ptr<rocksdb::FileSystem> with_zeroed_logs(std::shared_ptr<rocksdb::FileSystem> base);

}  // namespace holdfast::storage
