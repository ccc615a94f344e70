#include "storage/local_log.h"

#include <boost/test/unit_test.hpp>
#include <utility>

#include "storage/memory_store.h"
#include "storage/rocks_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_folder.h"

namespace holdfast::storage {
namespace {

using Kind = AppendOutcome::Kind;

std::unique_ptr<LocalLog> open_log(Store& store, const Clock& clock, KeyRange partition = {}) {
  return std::move(LocalLog::open(store, partition, clock)).value();
}

AppendOutcome append_stamped(LocalLog& log, int count) {
  Batch batch;
  for (int i = 0; i < count; ++i) batch.put_stamped("row", "value");
  const Batch* const batches[] = {&batch};
  return log.append(log.epoch(), batches);
}

// Fails one write, and is well again: what a disk may do.
class FailsOnce final : public Store {
 public:
  Result<std::optional<Bytes>> get(BytesView key) const override { return inner_.get(key); }
  Result<void> scan(BytesView begin, BytesView end, const Visit& visit) const override {
    return inner_.scan(begin, end, visit);
  }
  Result<void> scan_reverse(BytesView begin, BytesView end, const Visit& visit) const override {
    return inner_.scan_reverse(begin, end, visit);
  }
  std::unique_ptr<Reader> snapshot() const override { return inner_.snapshot(); }
  Result<void> write(const Write& write, Sync sync) override {
    if (std::exchange(fails, false)) return Error(ErrorCode::kUnavailable, "planted failure");
    return inner_.write(write, sync);
  }
  Result<void> erase_range(BytesView begin, BytesView end) override {
    return inner_.erase_range(begin, end);
  }
  Result<void> compact() override { return inner_.compact(); }
  std::uint64_t approximate_bytes(BytesView, BytesView) const override { return 0; }

  bool fails = false;

 private:
  MemoryStore inner_;
};

BOOST_AUTO_TEST_SUITE(local_log)

BOOST_AUTO_TEST_CASE(inv_9_after_a_failed_append_a_disk_that_is_well_again_is_not_trusted) {
  FailsOnce store;
  const testing::ManualClock clock;
  const auto log = open_log(store, clock);

  store.fails = true;
  BOOST_TEST((append_stamped(*log, 1).kind == Kind::kUnknown));

  BOOST_TEST((append_stamped(*log, 1).kind == Kind::kUnknown));
}

BOOST_AUTO_TEST_CASE(each_opening_begins_the_next_epoch) {
  MemoryStore store;
  const testing::ManualClock clock;

  BOOST_TEST(open_log(store, clock)->epoch().value() == 1U);
  BOOST_TEST(open_log(store, clock)->epoch().value() == 2U);
}

BOOST_AUTO_TEST_CASE(inv_6_stamps_increase_across_appends_and_restarts) {
  testing::TempFolder folder;
  const testing::ManualClock clock;
  Lsn last;
  for (int start = 0; start < 3; ++start) {
    const auto store = std::move(RocksStore::open(folder.path(), {})).value();
    const auto log = open_log(*store, clock);
    for (int i = 0; i < 3; ++i) {
      const AppendOutcome outcome = append_stamped(*log, 2);
      BOOST_TEST((outcome.kind == Kind::kCommitted));
      BOOST_TEST((outcome.first_lsn > last));
      last = outcome.first_lsn.next();
      BOOST_TEST((log->applied_lsn() > last));
    }
  }

  const auto store = std::move(RocksStore::open(folder.path(), {})).value();
  int rows = 0;
  const auto scanned = store->scan("row", "rox", [&](BytesView, BytesView) {
    ++rows;
    return true;
  });
  BOOST_TEST(scanned.has_value());
  BOOST_TEST(rows == 18);
}

BOOST_AUTO_TEST_CASE(how_far_it_is_is_stored) {
  MemoryStore store;
  const testing::ManualClock clock;
  BOOST_TEST(!LocalLog::stored_lsn(store, {}).value().has_value());
  const auto log = open_log(store, clock);

  const AppendOutcome outcome = append_stamped(*log, 2);

  BOOST_TEST((LocalLog::stored_lsn(store, {}).value().value() == outcome.first_lsn.plus(2)));
  BOOST_TEST((log->applied_lsn() == outcome.first_lsn.plus(2)));
}

BOOST_AUTO_TEST_CASE(another_epoch_is_fenced_and_writes_nothing) {
  MemoryStore store;
  const testing::ManualClock clock;
  const auto log = open_log(store, clock);
  Batch batch;
  batch.put("key", "value");
  const Batch* const batches[] = {&batch};

  BOOST_TEST((log->append(Epoch(99), batches).kind == Kind::kFenced));

  BOOST_TEST(!store.get("key").value().has_value());
}

BOOST_AUTO_TEST_CASE(leader_time_never_moves_backwards) {
  MemoryStore store;
  testing::ManualClock clock;
  const WallTime start = clock.now();
  {
    const auto log = open_log(store, clock);
    clock.advance(Millis(5000));
    append_stamped(*log, 1);
    clock.set(start - std::chrono::hours(1));
    append_stamped(*log, 1);
    BOOST_TEST((log->leader_time() == start + Millis(5000)));
  }

  const auto log = open_log(store, clock);

  BOOST_TEST((log->leader_time() == start + Millis(5000)));
}

BOOST_AUTO_TEST_CASE(partitions_of_one_store_have_logs_of_their_own) {
  MemoryStore store;
  const testing::ManualClock clock;
  const auto low = open_log(store, clock, {0, 99});
  append_stamped(*low, 5);

  const auto high = open_log(store, clock, {100, UINT64_MAX});

  BOOST_TEST(high->epoch().value() == 1U);
  BOOST_TEST((high->applied_lsn() < low->applied_lsn()));
}

BOOST_AUTO_TEST_CASE(inv_11_a_damaged_meta_row_is_refused) {
  const testing::ManualClock clock;
  for (const std::size_t damaged_byte : {0, 5, 28}) {
    MemoryStore store;
    open_log(store, clock);
    Bytes row = store.get(meta_key(0, kMetaLog)).value().value();
    row[damaged_byte] = static_cast<char>(row[damaged_byte] ^ 1);
    Batch batch;
    batch.put(meta_key(0, kMetaLog), row);
    BOOST_REQUIRE(write_one(store, batch, Sync::kYes).has_value());

    const auto log = LocalLog::open(store, {}, clock);

    BOOST_REQUIRE(!log.has_value());
    BOOST_TEST((log.error().code() == ErrorCode::kCorruption));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::storage
