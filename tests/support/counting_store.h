#pragma once
// CountingStore: passes everything on to another store, and counts the rows that are read.

#include <atomic>
#include <cstdint>

#include "storage/store.h"

namespace holdfast::testing {

class CountingStore final : public storage::Store {
 public:
  explicit CountingStore(storage::Store& inner) : inner_(inner) {}

  // Rows read since the last call, by get or by a scan.
  std::uint64_t take_reads() const { return reads_.exchange(0); }

  Result<std::optional<Bytes>> get(BytesView key) const override {
    ++reads_;
    return inner_.get(key);
  }
  Result<void> scan(BytesView begin, BytesView end, const Visit& visit) const override {
    return inner_.scan(begin, end, counted(visit));
  }
  Result<void> scan_reverse(BytesView begin, BytesView end, const Visit& visit) const override {
    return inner_.scan_reverse(begin, end, counted(visit));
  }
  Result<void> write(const storage::Write& write, storage::Sync sync) override {
    return inner_.write(write, sync);
  }
  Result<void> erase_range(BytesView begin, BytesView end) override {
    return inner_.erase_range(begin, end);
  }
  Result<void> compact() override { return inner_.compact(); }
  std::uint64_t approximate_bytes(BytesView begin, BytesView end) const override {
    return inner_.approximate_bytes(begin, end);
  }

 private:
  Visit counted(const Visit& visit) const {
    return [this, &visit](BytesView key, BytesView value) {
      ++reads_;
      return visit(key, value);
    };
  }

  storage::Store& inner_;
  mutable std::atomic<std::uint64_t> reads_ = 0;
};

}  // namespace holdfast::testing
