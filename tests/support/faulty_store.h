#pragma once
// FaultyStore: a MemoryStore whose disk fails when told to. Once a write failed, all later ones
// fail, as RocksDB has it; after a read that failed, the next may succeed.

#include <atomic>
#include <cstdint>

#include "storage/memory_store.h"

namespace holdfast::testing {

class FaultyStore final : public storage::Store {
 public:
  // What happens to the write that reports a failure.
  enum class Failure {
    kLost,    // It is not there.
    kStored,  // It is there all the same: what a failed sync may leave.
  };

  // The `nth` write from now fails; 1 is the next one.
  void fail_write(std::uint64_t nth, Failure failure);
  // Writes tried so far.
  std::uint64_t writes() const { return writes_; }
  // The `nth` read from now fails, and so many from there on; 0 is none.
  void fail_read(std::uint64_t nth, std::uint64_t times = 1) {
    fail_read_in_ = nth;
    fail_read_times_ = times;
  }
  // Scans that begin here find damage behind so many rows. Empty: none any more.
  void damage_scans(Bytes begin, std::size_t rows = 0) {
    damaged_ = std::move(begin);
    rows_before_damage_ = rows;
  }
  // Whether one of those is still to come.
  bool read_is_due() const { return fail_read_in_ > 0; }
  // The same rows for the test's own eyes: no read of it fails, or counts.
  const storage::Store& sound() const { return inner_; }

  // Stops failing, and forgets what was not synced: what the next process finds.
  void restart();

  Result<std::optional<Bytes>> get(BytesView key) const override {
    TRY(read());
    return inner_.get(key);
  }
  Result<void> scan(BytesView begin, BytesView end, const Visit& visit) const override {
    TRY(read());
    if (!damaged_.empty() && begin == damaged_) return scan_up_to_damage(begin, end, visit);
    return inner_.scan(begin, end, visit);
  }
  Result<void> scan_reverse(BytesView begin, BytesView end, const Visit& visit) const override {
    TRY(read());
    return inner_.scan_reverse(begin, end, visit);
  }
  std::unique_ptr<Reader> snapshot() const override { return inner_.snapshot(); }
  Result<void> write(const storage::Write& write, storage::Sync sync) override;
  Result<void> erase_range(BytesView begin, BytesView end) override {
    return inner_.erase_range(begin, end);
  }
  Result<void> compact() override { return inner_.compact(); }
  std::uint64_t approximate_bytes(BytesView begin, BytesView end) const override {
    return inner_.approximate_bytes(begin, end);
  }

 private:
  Result<void> read() const;
  Result<void> scan_up_to_damage(BytesView begin, BytesView end, const Visit& visit) const;

  storage::MemoryStore inner_;
  mutable std::atomic<std::uint64_t> fail_read_in_ = 0;
  mutable std::atomic<std::uint64_t> fail_read_times_ = 0;
  // One writing thread at a time.
  std::uint64_t writes_ = 0;
  std::uint64_t fail_at_ = 0;  // Number of the write that fails; 0 is none.
  Failure failure_ = Failure::kLost;
  Bytes damaged_;
  std::size_t rows_before_damage_ = 0;
};

}  // namespace holdfast::testing
