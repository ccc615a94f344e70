#include "storage/rocks_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "storage/base/big_endian.h"
#include "storage/base/check.h"
#include "storage/base/log.h"
#include "storage/log_check.h"
#include "storage/memtable.h"
#include "storage/zeroed_logs.h"

namespace holdfast::storage {
namespace {

rocksdb::Slice slice(BytesView bytes) { return {bytes.data(), bytes.size()}; }
BytesView view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

Error to_error(const rocksdb::Status& status) {
  const ErrorCode code = status.IsCorruption() ? ErrorCode::kCorruption : ErrorCode::kUnavailable;
  return {code, "store: " + status.ToString()};
}

Result<void> to_result(const rocksdb::Status& status) {
  if (!status.ok()) return to_error(status);
  return {};
}

const Logger kLog("storage");

// RocksDB's own messages. Not in a file of its own: where assertions are on, as in Debian's
// package, a write to that file after one that failed ends the process, on a full disk for example
// (INV-9).
class Messages final : public rocksdb::Logger {
 public:
  Messages() : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  void LogHeader(const char*, va_list) override {}
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char text[1024];
    std::vsnprintf(text, sizeof(text), format, arguments);
    std::string_view line = text;
    while (line.ends_with('\n')) line.remove_suffix(1);
    kLog.warn("message of RocksDB", "text=\"{}\"", line);
  }
};

rocksdb::CompressionType best_compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  for (const auto wanted : {rocksdb::kLZ4Compression, rocksdb::kSnappyCompression}) {
    if (std::find(supported.begin(), supported.end(), wanted) != supported.end()) return wanted;
  }
  return rocksdb::kNoCompression;
}

rocksdb::BlockBasedTableOptions table_options(std::shared_ptr<rocksdb::Cache> cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);
  table.block_size = 8 << 10;
  table.format_version = 5;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // Index and filter blocks are part of the budget.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  return table;
}

// For ever: RocksDB's threads may outlive whoever opened a store.
rocksdb::Env* environment() {
  static rocksdb::Env* const env =
      rocksdb::NewCompositeEnv(with_zeroed_logs(rocksdb::FileSystem::Default())).release();
  return env;
}

rocksdb::Options database_options(const RocksStore::Options& ours) {
  const std::size_t memtables = ours.memory_budget_bytes / 2;

  rocksdb::LRUCacheOptions cache_options;
  cache_options.capacity = ours.memory_budget_bytes;
  cache_options.num_shard_bits = 2;
  cache_options.high_pri_pool_ratio = 0.3;
  const auto cache = rocksdb::NewLRUCache(cache_options);

  rocksdb::Options options;
  options.create_if_missing = true;
  options.env = environment();

  // What a crash may leave, and how a damaged store behaves.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.paranoid_checks = true;
  options.force_consistency_checks = true;
  options.max_bgerror_resume_count = 0;
  options.manual_wal_flush = false;
  options.recycle_log_file_num = 0;
  options.wal_compression = rocksdb::kNoCompression;
  options.track_and_verify_wals_in_manifest = false;

  // Memory. Memtables are charged to the cache, so that its capacity is the whole budget.
  options.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(memtables, cache);
  options.write_buffer_size = std::max<std::size_t>(memtables / 2, 1 << 20);
  options.max_write_buffer_number = 3;
  options.arena_block_size = 256 << 10;
  options.memtable_factory = entry_list_memtables();
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(cache)));

  // Shape of the tree: level 0 uncompressed, because most of what is written is soon erased. The
  // next entry is for the level it is merged into, whichever that is: the last one while the store
  // is small.
  options.level_compaction_dynamic_level_bytes = true;
  options.target_file_size_base = 16 << 20;
  options.max_bytes_for_level_base = 64 << 20;
  // Each time level 0 is merged, a small store is rewritten whole; so it is let grow to about that
  // size.
  options.level0_file_num_compaction_trigger = 8;
  options.compression_per_level = {rocksdb::kNoCompression, best_compression()};
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1 << 20;

  // Writers are few and each brings much: no memtable insertion from several threads
  // (memtable.h), no spinning.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;

  // Idle costs nothing, and opening is quick.
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
  options.max_file_opening_threads = 2;
  options.info_log = std::make_shared<Messages>();
  return options;
}

// What is written together, stamped in the order in which it was added, then put in the order of
// the keys: RocksDB finds the place of a row from the row before, if that is its neighbour.
// The batches must outlive it.
class OrderedRows {
 public:
  OrderedRows(Lsn first_stamp, std::uint64_t stamped_count, Additions* additions)
      : stamp_(first_stamp), additions_(additions) {
    stamped_keys_.reserve(stamped_count);
  }

  void put(BytesView key, BytesView value) { rows_.push_back({key, value, Kind::kPut}); }
  void put_stamped(BytesView key_prefix, BytesView value) {
    Bytes& key = stamped_keys_.emplace_back();
    key.reserve(key_prefix.size() + sizeof(stamp_.value()));
    key.append(key_prefix);
    append_big_endian(key, stamp_.value());
    stamp_ = stamp_.next();
    put(key, value);
  }
  void add(BytesView counter, std::int64_t delta) {
    if (additions_ != nullptr) additions_->add(counter, delta);
  }
  void erase(BytesView key) { rows_.push_back({key, {}, Kind::kErase}); }

  Result<void> write_to(rocksdb::WriteBatch& batch) {
    // Stable: of several writes to one row the last one counts.
    std::stable_sort(rows_.begin(), rows_.end(),
                     [](const Row& a, const Row& b) { return a.key < b.key; });
    for (const Row& row : rows_) {
      TRY(to_result(row.kind == Kind::kPut ? batch.Put(slice(row.key), slice(row.value))
                                           : batch.Delete(slice(row.key))));
    }
    return {};
  }

 private:
  enum class Kind : std::uint8_t { kPut, kErase };
  struct Row {
    BytesView key, value;
    Kind kind;
  };

  Lsn stamp_;
  Additions* const additions_;
  std::vector<Bytes> stamped_keys_;  // Never grows beyond what was reserved: rows_ looks into it.
  std::vector<Row> rows_;
};

rocksdb::WriteOptions write_options(Sync sync) {
  rocksdb::WriteOptions options;
  options.sync = sync == Sync::kYes;
  return options;
}

// Whether there is anything that a store without its CURRENT would lose when it is made anew.
Result<bool> holds_data(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const fs::path ending = at->path().extension();
    if (ending == ".sst" || ending == ".log") return true;
  }
  if (!error) return false;
  return Error(ErrorCode::kUnavailable, "store: cannot list " + folder + ": " + error.message());
}

Result<void> check_logs(const std::string& folder, RocksStore::LogDamage damage) {
  TRY(check_manifest(folder));
  Result<void> checked = check_write_ahead_logs(folder);
  if (checked || checked.error().code() != ErrorCode::kCorruption ||
      damage == RocksStore::LogDamage::kRefused) {
    return checked;
  }
  kLog.warn("the write-ahead log is damaged, what it has behind that place is dropped",
            "why=\"{}\"", checked.error().message());
  return {};
}

}  // namespace

class RocksStore::Database {
 public:
  explicit Database(rocksdb::DB* database) : database_(database) {}

  rocksdb::DB* operator->() const { return database_.get(); }

  // Without a snapshot: as it is when the read begins.
  Result<std::optional<Bytes>> get(BytesView key, const rocksdb::Snapshot* at) const {
    rocksdb::PinnableSlice value;
    const rocksdb::Status status =
        database_->Get(read_options(at), database_->DefaultColumnFamily(), slice(key), &value);
    if (status.IsNotFound()) return std::optional<Bytes>();
    TRY(to_result(status));
    return std::optional<Bytes>(view(value));
  }
  Result<void> scan(BytesView begin, BytesView end, const Visit& visit,
                    const rocksdb::Snapshot* at) const {
    const rocksdb::Slice first = slice(begin);
    const rocksdb::Slice last = slice(end);
    const auto iterator = iterate(first, last, at);
    for (iterator->Seek(first); iterator->Valid(); iterator->Next()) {
      if (!visit(view(iterator->key()), view(iterator->value()))) break;
    }
    return to_result(iterator->status());
  }
  Result<void> scan_reverse(BytesView begin, BytesView end, const Visit& visit,
                            const rocksdb::Snapshot* at) const {
    const rocksdb::Slice first = slice(begin);
    const rocksdb::Slice last = slice(end);
    const auto iterator = iterate(first, last, at);
    for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) {
      if (!visit(view(iterator->key()), view(iterator->value()))) break;
    }
    return to_result(iterator->status());
  }

 private:
  static rocksdb::ReadOptions read_options(const rocksdb::Snapshot* at) {
    rocksdb::ReadOptions options;
    options.snapshot = at;
    return options;
  }
  // Bounds are borrowed by RocksDB while the iterator lives; `end` empty means none.
  std::unique_ptr<rocksdb::Iterator> iterate(const rocksdb::Slice& begin, const rocksdb::Slice& end,
                                             const rocksdb::Snapshot* at) const {
    rocksdb::ReadOptions options = read_options(at);
    options.iterate_lower_bound = &begin;
    if (!end.empty()) options.iterate_upper_bound = &end;
    return std::unique_ptr<rocksdb::Iterator>(database_->NewIterator(options));
  }

  const std::unique_ptr<rocksdb::DB> database_;
};

class RocksStore::Moment final : public Reader {
 public:
  explicit Moment(const Database& database)
      : database_(database), at_(database->GetSnapshot(), [&database](const rocksdb::Snapshot* at) {
          database->ReleaseSnapshot(at);
        }) {}

  Result<std::optional<Bytes>> get(BytesView key) const override {
    return database_.get(key, at_.get());
  }
  Result<void> scan(BytesView begin, BytesView end, const Visit& visit) const override {
    return database_.scan(begin, end, visit, at_.get());
  }
  Result<void> scan_reverse(BytesView begin, BytesView end, const Visit& visit) const override {
    return database_.scan_reverse(begin, end, visit, at_.get());
  }
  std::unique_ptr<Reader> snapshot() const override { return std::make_unique<Moment>(*this); }

 private:
  const Database& database_;
  const std::shared_ptr<const rocksdb::Snapshot> at_;
};

RocksStore::RocksStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
RocksStore::~RocksStore() = default;

Result<std::unique_ptr<RocksStore>> RocksStore::open(const std::string& folder,
                                                     const Options& options) {
  // Else RocksDB reports that it is not there before it makes it.
  TRY(to_result(rocksdb::Env::Default()->CreateDirIfMissing(folder)));
  TRY(check_logs(folder, options.log_damage));
  rocksdb::Options all = database_options(options);
  all.create_if_missing = !TRY(holds_data(folder));
  rocksdb::DB* database = nullptr;
  TRY(to_result(rocksdb::DB::Open(all, folder, &database)));
  return std::unique_ptr<RocksStore>(new RocksStore(std::make_unique<Database>(database)));
}

Result<std::unique_ptr<RocksStore>> RocksStore::open_to_read(const std::string& folder,
                                                             const Options& ours) {
  TRY(check_logs(folder, ours.log_damage));
  rocksdb::Options options = database_options(ours);
  options.create_if_missing = false;
  rocksdb::DB* database = nullptr;
  const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(options, folder, &database);
  if (status.IsNotFound() || status.IsPathNotFound()) {
    return Error(ErrorCode::kCorruption, "store: a file is missing: " + status.ToString());
  }
  TRY(to_result(status));
  return std::unique_ptr<RocksStore>(new RocksStore(std::make_unique<Database>(database)));
}

Result<void> RocksStore::verify_files() const {
  return to_result((*database_)->VerifyChecksum(rocksdb::ReadOptions()));
}

Result<std::optional<Bytes>> RocksStore::get(BytesView key) const {
  return database_->get(key, nullptr);
}

Result<void> RocksStore::scan(BytesView begin, BytesView end, const Visit& visit) const {
  return database_->scan(begin, end, visit, nullptr);
}

Result<void> RocksStore::scan_reverse(BytesView begin, BytesView end, const Visit& visit) const {
  return database_->scan_reverse(begin, end, visit, nullptr);
}

std::unique_ptr<Reader> RocksStore::snapshot() const {
  return std::make_unique<Moment>(*database_);
}

Result<void> RocksStore::write(const Write& write, Sync sync) {
  std::size_t bytes = 64;
  std::uint64_t stamped_count = 0;
  for (const Batch* batch : write.batches) {
    bytes += batch->size_bytes() + 8 * batch->stamped_count();
    stamped_count += batch->stamped_count();
  }
  OrderedRows rows(write.first_stamp, stamped_count, write.additions);
  Batch counters;
  visit_all(write, counters, rows);
  rocksdb::WriteBatch all(bytes + counters.size_bytes());
  TRY(rows.write_to(all));
  return to_result((*database_)->Write(write_options(sync), &all));
}

Result<void> RocksStore::erase_range(BytesView begin, BytesView end) {
  CHECK(!end.empty(), "a range to erase has an end");
  if (end <= begin) return {};
  return to_result((*database_)
                       ->DeleteRange(write_options(Sync::kYes), (*database_)->DefaultColumnFamily(),
                                     slice(begin), slice(end)));
}

Result<void> RocksStore::compact() {
  return to_result((*database_)->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr));
}

std::uint64_t RocksStore::approximate_bytes(BytesView begin, BytesView end) const {
  // RocksDB has no open end here; no key of ours begins with this many 0xff.
  static const Bytes kBeyond(32, '\xff');
  const rocksdb::Range range(slice(begin), slice(end.empty() ? BytesView(kBeyond) : end));
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  options.include_files = true;
  std::uint64_t bytes = 0;
  const rocksdb::Status status =
      (*database_)
          ->GetApproximateSizes(options, (*database_)->DefaultColumnFamily(), &range, 1, &bytes);
  return status.ok() ? bytes : 0;
}

}  // namespace holdfast::storage
