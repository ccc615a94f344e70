#pragma once
// MemoryStore: a Store without a disk, for tests and simulations. It keeps the contract of Store as
// far as one process can see it, and forget_unsynced() is its power cut.

#include <map>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace holdfast::storage {

class MemoryStore final : public Store {
 public:
  Result<std::optional<Bytes>> get(BytesView key) const override;
  Result<void> scan(BytesView begin, BytesView end, const Visit& visit) const override;
  Result<void> scan_reverse(BytesView begin, BytesView end, const Visit& visit) const override;
  // A copy of all there is.
  std::unique_ptr<Reader> snapshot() const override;
  Result<void> write(const Write& write, Sync sync) override;
  Result<void> erase_range(BytesView begin, BytesView end) override;
  Result<void> compact() override { return {}; }
  std::uint64_t approximate_bytes(BytesView begin, BytesView end) const override;

  // Takes back every write since the last synced one, as a power cut might.
  void forget_unsynced();

 private:
  using Rows = std::map<Bytes, Bytes, std::less<>>;
  class Writer;

  std::vector<std::pair<Bytes, Bytes>> copy(BytesView begin, BytesView end) const;
  void set(Bytes key, std::optional<Bytes> value);

  mutable std::shared_mutex mutex_;
  // Guarded by mutex_.
  Rows rows_;
  std::vector<std::pair<Bytes, std::optional<Bytes>>> undo_;  // What unsynced writes replaced.
};

}  // namespace holdfast::storage
