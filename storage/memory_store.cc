#include "storage/memory_store.h"

#include <memory>
#include <mutex>

#include "storage/base/big_endian.h"
#include "storage/base/check.h"

namespace holdfast::storage {

// Applies the writes of batches, stamping as it goes. REQUIRES: mutex_ is held.
class MemoryStore::Writer {
 public:
  Writer(MemoryStore& store, const Write& write)
      : store_(store), stamp_(write.first_stamp), additions_(write.additions) {}

  void put(BytesView key, BytesView value) { store_.set(Bytes(key), Bytes(value)); }
  void put_stamped(BytesView key_prefix, BytesView value) {
    Bytes key(key_prefix);
    append_big_endian(key, stamp_.value());
    stamp_ = stamp_.next();
    store_.set(std::move(key), Bytes(value));
  }
  void add(BytesView counter, std::int64_t delta) {
    if (additions_ != nullptr) additions_->add(counter, delta);
  }
  void erase(BytesView key) { store_.set(Bytes(key), std::nullopt); }

 private:
  MemoryStore& store_;
  Lsn stamp_;
  Additions* const additions_;
};

Result<std::optional<Bytes>> MemoryStore::get(BytesView key) const {
  const std::shared_lock lock(mutex_);
  const auto found = rows_.find(key);
  if (found == rows_.end()) return std::optional<Bytes>();
  return std::optional<Bytes>(found->second);
}

Result<void> MemoryStore::scan(BytesView begin, BytesView end, const Visit& visit) const {
  // A copy, so that the visitor may read the store and others may write to it.
  for (const auto& [key, value] : copy(begin, end)) {
    if (!visit(key, value)) break;
  }
  return {};
}

Result<void> MemoryStore::scan_reverse(BytesView begin, BytesView end, const Visit& visit) const {
  const auto rows = copy(begin, end);
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    if (!visit(row->first, row->second)) break;
  }
  return {};
}

std::unique_ptr<Reader> MemoryStore::snapshot() const {
  auto copy = std::make_unique<MemoryStore>();
  const std::shared_lock lock(mutex_);
  copy->rows_ = rows_;
  return copy;
}

Result<void> MemoryStore::write(const Write& write, Sync sync) {
  const std::unique_lock lock(mutex_);
  Writer writer(*this, write);
  Batch counters;
  visit_all(write, counters, writer);
  if (sync == Sync::kYes) undo_.clear();
  return {};
}

Result<void> MemoryStore::erase_range(BytesView begin, BytesView end) {
  CHECK(!end.empty(), "a range to erase has an end");
  const std::unique_lock lock(mutex_);
  if (begin < end) rows_.erase(rows_.lower_bound(begin), rows_.lower_bound(end));
  undo_.clear();
  return {};
}

std::uint64_t MemoryStore::approximate_bytes(BytesView begin, BytesView end) const {
  std::uint64_t bytes = 0;
  for (const auto& [key, value] : copy(begin, end)) bytes += key.size() + value.size();
  return bytes;
}

void MemoryStore::forget_unsynced() {
  const std::unique_lock lock(mutex_);
  for (auto change = undo_.rbegin(); change != undo_.rend(); ++change) {
    if (change->second.has_value()) {
      rows_.insert_or_assign(change->first, *std::move(change->second));
    } else {
      rows_.erase(change->first);
    }
  }
  undo_.clear();
}

std::vector<std::pair<Bytes, Bytes>> MemoryStore::copy(BytesView begin, BytesView end) const {
  if (!end.empty() && end <= begin) return {};
  const std::shared_lock lock(mutex_);
  return {rows_.lower_bound(begin), end.empty() ? rows_.end() : rows_.lower_bound(end)};
}

// REQUIRES: mutex_ is held.
void MemoryStore::set(Bytes key, std::optional<Bytes> value) {
  const auto found = rows_.find(key);
  undo_.emplace_back(
      key, found == rows_.end() ? std::nullopt : std::optional<Bytes>(std::move(found->second)));
  if (!value.has_value()) {
    if (found != rows_.end()) rows_.erase(found);
  } else if (found != rows_.end()) {
    found->second = *std::move(value);
  } else {
    rows_.emplace(std::move(key), *std::move(value));
  }
}

}  // namespace holdfast::storage
