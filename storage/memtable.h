#pragma once
// Memtables: what RocksDB holds in memory before it writes files, kept in lists of ours
// (entry_list.h). The skip list that RocksDB brings compares keys three times as often as it must
// where its assertions are compiled in, as in Debian's package, and counts each comparison in a
// variable of the thread: it took a fifth of the processor time of a call (docs/decisions/0030).
//
// For one writer at a time (allow_concurrent_memtable_write is off) and the bytewise order of keys.
// Nothing of it is stored: a folder can be opened with any other memtable.

#include <memory>

namespace rocksdb {
class MemTableRepFactory;
}

namespace holdfast::storage {

std::shared_ptr<rocksdb::MemTableRepFactory> entry_list_memtables();

}  // namespace holdfast::storage
