#pragma once
// RocksStore: the Store on disk, over RocksDB, which only rocks_store.cc, memtable.cc and
// zeroed_logs.cc name.
//
// Chosen for safety over speed: paranoid checks, no automatic resume after a background error, no
// recycling, compression or manual flushing of the write-ahead log, and point-in-time recovery,
// which keeps every write up to the first damage and nothing after it; so a damaged log is refused
// before, and only one that a crash has cut short is let through (log_check.h). After a failed
// write or sync every later write fails until the process starts again (INV-9).
//
// Its memory is one budget, shared by memtables and block cache. Apart from a log flush of RocksDB
// itself (every ten seconds, no I/O when there is nothing to flush) it does nothing while idle.

#include <cstdint>
#include <memory>
#include <string>

#include "storage/store.h"

namespace holdfast::storage {

class RocksStore final : public Store {
 public:
  // What to make of a write-ahead log that is damaged: see log_check.h.
  enum class LogDamage : std::uint8_t {
    kRefused,    // kCorruption.
    kEndsThere,  // It is read up to there. What was acknowledged after that is lost.
  };
  struct Options {
    std::size_t memory_budget_bytes = 32 << 20;
    LogDamage log_damage = LogDamage::kRefused;
  };

  // Opens the store in `folder`, or makes one there if it holds no data. One process at a time: see
  // format_version.h. kCorruption when the files do not pass their checks; kUnavailable when they
  // cannot be read.
  static Result<std::unique_ptr<RocksStore>> open(const std::string& folder,
                                                  const Options& options);

  // Opens what is in `folder` to be read: nothing in the folder is changed, what is in the
  // write-ahead log only is seen, and every write is refused. Errors as of open(); a file
  // that is missing is kCorruption.
  static Result<std::unique_ptr<RocksStore>> open_to_read(const std::string& folder,
                                                          const Options& options);
  // Reads every file and checks the checksum of each block. kCorruption names the first that fails.
  Result<void> verify_files() const;
  ~RocksStore() override;

  Result<std::optional<Bytes>> get(BytesView key) const override;
  Result<void> scan(BytesView begin, BytesView end, const Visit& visit) const override;
  Result<void> scan_reverse(BytesView begin, BytesView end, const Visit& visit) const override;
  std::unique_ptr<Reader> snapshot() const override;
  Result<void> write(const Write& write, Sync sync) override;
  Result<void> erase_range(BytesView begin, BytesView end) override;
  Result<void> compact() override;
  std::uint64_t approximate_bytes(BytesView begin, BytesView end) const override;

 private:
  class Database;
  class Moment;
  explicit RocksStore(std::unique_ptr<Database> database);

  const std::unique_ptr<Database> database_;
};

}  // namespace holdfast::storage
