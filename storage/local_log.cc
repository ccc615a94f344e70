#include "storage/local_log.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "storage/base/big_endian.h"
#include "storage/base/checksum.h"

namespace holdfast::storage {
namespace {

constexpr char kRowFormat = 1;
constexpr std::size_t kRowSize = 1 + 8 + 8 + 8 + 4;

}  // namespace

LocalLog::LocalLog(Store& store, KeyRange partition, const Clock& clock)
    : store_(store), clock_(clock), meta_key_(meta_key(partition.first, kMetaLog)), position_() {}

Result<std::unique_ptr<LocalLog>> LocalLog::open(Store& store, KeyRange partition,
                                                 const Clock& clock,
                                                 const Counters::Recount& recount) {
  std::unique_ptr<LocalLog> log(new LocalLog(store, partition, clock));
  if (const auto position = TRY(stored_position(store, partition))) log->position_ = *position;
  const Epoch last = log->position_.epoch;
  log->position_.epoch = last.next();

  Batch meta;
  if (recount) {
    log->counters_.emplace(partition);
    TRY(log->counters_->open(store, last, log->epoch(), recount, meta));
  }
  const AppendOutcome begun = log->append_with(std::move(meta), {});
  if (begun.kind != AppendOutcome::Kind::kCommitted) {
    return Error(ErrorCode::kUnavailable, "cannot begin a new epoch: " + begun.why);
  }
  return log;
}

AppendOutcome LocalLog::append(Epoch epoch, std::span<const Batch* const> batches) {
  if (epoch != position_.epoch) {
    return {AppendOutcome::Kind::kFenced, {}, "the partition is in another epoch"};
  }
  if (failed_) return {AppendOutcome::Kind::kUnknown, {}, "an earlier append failed"};
  return append_with(Batch(), batches);
}

// `meta` is what the log itself has to write.
AppendOutcome LocalLog::append_with(Batch meta, std::span<const Batch* const> batches) {
  std::uint64_t stamps = 0;
  for (const Batch* batch : batches) stamps += batch->stamped_count();
  const Lsn first = position_.applied.next();
  const Position next{first.plus(stamps), position_.epoch,
                      std::max(position_.leader_time, clock_.now())};

  meta.put(meta_key_, encode(next));
  std::vector<const Batch*> all(batches.begin(), batches.end());
  all.push_back(&meta);
  const Result<void> written =
      store_.write({all, first, counters_ ? &*counters_ : nullptr}, Sync::kYes);
  if (!written.has_value()) {
    failed_ = true;
    return {AppendOutcome::Kind::kUnknown, {}, written.error().message()};
  }
  position_ = next;
  return {AppendOutcome::Kind::kCommitted, first, {}};
}

Result<bool> LocalLog::each_counter(const Reader& store, KeyRange partition,
                                    const VisitCounter& visit) {
  const std::optional<Position> position = TRY(stored_position(store, partition));
  if (!position.has_value()) return false;
  return storage::each_counter(store, partition, position->epoch, visit);
}

Result<std::optional<Lsn>> LocalLog::stored_lsn(const Reader& store, KeyRange partition) {
  const std::optional<Position> position = TRY(stored_position(store, partition));
  return position.has_value() ? std::optional(position->applied) : std::nullopt;
}

Result<std::optional<LocalLog::Position>> LocalLog::stored_position(const Reader& store,
                                                                    KeyRange partition) {
  const std::optional<Bytes> row = TRY(store.get(meta_key(partition.first, kMetaLog)));
  if (!row.has_value()) return std::optional<Position>();
  return std::optional(TRY(decode(*row)));
}

Bytes LocalLog::encode(const Position& position) {
  Bytes row;
  row.reserve(kRowSize);
  row.push_back(kRowFormat);
  append_big_endian(row, position.applied.value());
  append_big_endian(row, position.epoch.value());
  append_big_endian(row, to_unix_millis(position.leader_time));
  append_big_endian(row, checksum(row));
  return row;
}

Result<LocalLog::Position> LocalLog::decode(BytesView row) {
  if (row.size() != kRowSize || row[0] != kRowFormat ||
      read_big_endian<std::uint32_t>(row.substr(kRowSize - 4)) !=
          checksum(row.substr(0, kRowSize - 4))) {
    return Error(ErrorCode::kCorruption, "the meta row of the log is damaged");
  }
  return Position{Lsn(read_big_endian<std::uint64_t>(row.substr(1))),
                  Epoch(read_big_endian<std::uint64_t>(row.substr(9))),
                  from_unix_millis(read_big_endian<std::int64_t>(row.substr(17)))};
}

}  // namespace holdfast::storage
