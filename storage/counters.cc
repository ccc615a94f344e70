#include "storage/counters.h"

#include <optional>

#include "storage/base/big_endian.h"
#include "storage/base/checksum.h"
#include "storage/base/log.h"

namespace holdfast::storage {
namespace {

constexpr Logger kLog("storage");

// Grows when what is counted changes, so that it is counted anew.
constexpr char kRowFormat = 1;
constexpr std::size_t kRowSize = 1 + 8 + 4;

// Both the meta row and the counters are rows of one number.
template <class Number>
Bytes encode(Number number) {
  Bytes row;
  row.reserve(kRowSize);
  row.push_back(kRowFormat);
  append_big_endian(row, number);
  append_big_endian(row, checksum(row));
  return row;
}

// None: it cannot be understood.
template <class Number>
std::optional<Number> decode(BytesView row) {
  if (row.size() != kRowSize || row[0] != kRowFormat ||
      read_big_endian<std::uint32_t>(row.substr(kRowSize - 4)) !=
          checksum(row.substr(0, kRowSize - 4))) {
    return std::nullopt;
  }
  return read_big_endian<Number>(row.substr(1));
}

Bytes prefix_of(KeyRange partition) { return key_prefix(Table::kCounter, partition.first); }

}  // namespace

Result<bool> each_counter(const Reader& store, KeyRange partition, Epoch epoch,
                          const VisitCounter& visit) {
  const std::optional<Bytes> kept = TRY(store.get(meta_key(partition.first, kMetaCounters)));
  if (!kept.has_value() || decode<std::uint64_t>(*kept) != epoch.value()) return false;
  const Bytes prefix = prefix_of(partition);
  bool understood = true;
  TRY(store.scan(prefix, prefix_end(prefix), [&](BytesView key, BytesView row) {
    const auto value = decode<std::int64_t>(row);
    understood = value.has_value();
    if (understood && *value != 0) visit(key.substr(prefix.size()), *value);
    return understood;
  }));
  return understood;
}

Result<void> check_counter_row(BytesView row) {
  if (row.size() != kRowSize) return Error(ErrorCode::kCorruption, "has the wrong size");
  if (row[0] != kRowFormat) return Error(ErrorCode::kCorruption, "has an unknown format");
  if (!decode<std::uint64_t>(row)) {
    return Error(ErrorCode::kCorruption, "does not match its checksum");
  }
  return {};
}

Result<void> Counters::open(const Reader& store, Epoch last, Epoch next, const Recount& recount,
                            Batch& batch) {
  const bool kept = TRY(each_counter(store, partition_, last, [this](BytesView name, auto value) {
    counters_.emplace(name, Counter{value, value, false});
  }));
  if (!kept) TRY(count_anew(store, recount, batch));
  batch.put(meta_key(partition_.first, kMetaCounters), encode(next.value()));
  return {};
}

Result<void> Counters::count_anew(const Reader& store, const Recount& recount, Batch& batch) {
  counters_.clear();
  const Bytes prefix = prefix_of(partition_);
  TRY(store.scan(prefix, prefix_end(prefix), [&batch](BytesView key, BytesView) {
    batch.erase(key);
    return true;
  }));
  TRY(recount(store, partition_, [this](BytesView name, auto delta) { add(name, delta); }));
  if (!counters_.empty()) {
    kLog.info("counted anew, once, as the counters were not kept by the last process",
              "counters={}", counters_.size());
  }
  put_changed(batch);
  return {};
}

void Counters::add(BytesView name, std::int64_t delta) {
  auto found = counters_.find(name);
  if (found == counters_.end()) found = counters_.emplace(name, Counter{}).first;
  Counter& counter = found->second;
  counter.value += delta;
  if (counter.touched) return;
  counter.touched = true;
  touched_.push_back(&*found);
}

void Counters::put_changed(Batch& batch) {
  if (touched_.empty()) return;
  Bytes key = prefix_of(partition_);
  const std::size_t prefix_size = key.size();
  for (ByName::value_type* const one : touched_) {
    Counter& counter = one->second;
    counter.touched = false;
    if (counter.value == counter.stored) continue;
    counter.stored = counter.value;
    key.resize(prefix_size);
    batch.put(key.append(one->first), encode(counter.value));
  }
  touched_.clear();
}

}  // namespace holdfast::storage
