#include "storage/counters.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/local_log.h"
#include "storage/memory_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/manual_clock.h"

namespace holdfast::storage {
namespace {

using Values = std::map<std::string, std::int64_t>;

// A partition whose rows of Table::kInvocation are counted by their first byte.
struct Fixture {
  MemoryStore store;
  const testing::ManualClock clock;
  int recounts = 0;

  Counters::Recount recount() {
    return [this](const Reader& from, KeyRange partition, const Counters::Add& add) {
      ++recounts;
      return from.scan(key_prefix(Table::kInvocation, partition.first),
                       table_end(Table::kInvocation, partition), [&](BytesView, BytesView value) {
                         add(value.substr(0, 1), 1);
                         return true;
                       });
    };
  }
  std::unique_ptr<LocalLog> open(KeyRange partition = {}) {
    return std::move(LocalLog::open(store, partition, clock, recount())).value();
  }
  // None: they are not kept.
  std::optional<Values> values(KeyRange partition = {}) {
    Values values;
    const auto kept = LocalLog::each_counter(
        store, partition, [&](BytesView name, std::int64_t value) { values.emplace(name, value); });
    BOOST_REQUIRE(kept.has_value());
    return *kept ? std::optional(values) : std::nullopt;
  }
};

Batch adding(BytesView name, std::int64_t delta) {
  Batch batch;
  batch.add(name, delta);
  return batch;
}

void append(LocalLog& log, const std::vector<Batch>& batches) {
  std::vector<const Batch*> all;
  for (const Batch& batch : batches) all.push_back(&batch);
  BOOST_TEST((log.append(log.epoch(), all).kind == AppendOutcome::Kind::kCommitted));
}

Batch row(std::uint64_t key, BytesView value) {
  Batch batch;
  batch.put(key_prefix(Table::kInvocation, key), value);
  return batch;
}

BOOST_FIXTURE_TEST_SUITE(counters, Fixture)

BOOST_AUTO_TEST_CASE(what_the_batches_of_an_append_add_is_summed) {
  const auto log = open();

  append(*log, {adding("a", 2), adding("b", 1), adding("a", -1)});
  append(*log, {adding("a", 5)});

  BOOST_TEST((values() == Values{{"a", 6}, {"b", 1}}));
}

BOOST_AUTO_TEST_CASE(a_counter_is_written_once_in_an_append_and_only_if_it_changed) {
  struct Puts {
    std::vector<Bytes> keys;
    void put(BytesView key, BytesView) { keys.emplace_back(key); }
    void put_stamped(BytesView, BytesView) {}
    void erase(BytesView) {}
    void add(BytesView, std::int64_t) {}
  } puts;
  Counters counters({});
  Batch opening;
  BOOST_REQUIRE(counters.open(store, Epoch(0), Epoch(1), recount(), opening).has_value());

  for (const auto& [name, delta] :
       {std::pair("a", 1), std::pair("b", 1), std::pair("a", 1), std::pair("b", -1)}) {
    counters.add(name, delta);
  }
  Batch changed;
  counters.put_changed(changed);
  counters.put_changed(changed);

  changed.visit(puts);
  BOOST_TEST(puts.keys == std::vector<Bytes>{key_prefix(Table::kCounter, 0) + "a"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(counters_go_on_where_the_last_process_left_them) {
  append(*open(), {adding("a", 3), adding("gone", 1)});
  append(*open(), {adding("a", 4), adding("gone", -1)});
  append(*open(), {adding("gone", 2)});

  BOOST_TEST((values() == Values{{"a", 7}, {"gone", 2}}));
  BOOST_TEST(recounts == 1);  // At the very first start.
}

BOOST_AUTO_TEST_CASE(a_folder_without_counters_is_counted_when_it_is_opened) {
  const auto old = std::move(LocalLog::open(store, {}, clock)).value();
  append(*old, {row(1, "a"), row(2, "b"), row(3, "a")});
  BOOST_TEST(!values().has_value());

  const auto log = open();

  BOOST_TEST((values() == Values{{"a", 2}, {"b", 1}}));
}

BOOST_AUTO_TEST_CASE(whoever_writes_without_counting_makes_the_next_one_count_anew) {
  append(*open(), {row(1, "a"), adding("a", 1), adding("z", 1)});
  const auto older_release = std::move(LocalLog::open(store, {}, clock)).value();
  append(*older_release, {row(2, "b")});
  BOOST_TEST(!values().has_value(), "they would be wrong");

  const auto log = open();

  BOOST_TEST((values() == Values{{"a", 1}, {"b", 1}}));
}

BOOST_AUTO_TEST_CASE(inv_11_damaged_counters_are_not_shown_and_are_counted_anew) {
  Bytes counter = key_prefix(Table::kCounter, 0);
  counter += "a";
  for (const Bytes& key : {counter, meta_key(0, kMetaCounters)}) {
    append(*open(), {row(1, "a"), adding("a", 1)});
    Batch damage;
    damage.put(key, "1234567890123");
    BOOST_REQUIRE(write_one(store, damage, Sync::kYes).has_value());
    BOOST_TEST(!values().has_value());

    const auto log = open();

    BOOST_TEST((values() == Values{{"a", 1}}));
  }
}

BOOST_AUTO_TEST_CASE(inv_11_a_row_of_a_counter_that_is_none_is_told_from_one) {
  const auto log = open();
  append(*log, {row(1, "a"), adding("a", 1)});
  const Bytes prefix = key_prefix(Table::kCounter, 0);
  Bytes stored;
  BOOST_REQUIRE(store
                    .scan(prefix, prefix_end(prefix),
                          [&](BytesView, BytesView value) {
                            stored = value;
                            return false;
                          })
                    .has_value());

  BOOST_TEST(check_counter_row(stored).has_value());
  for (std::size_t i = 0; i < stored.size(); ++i) {
    Bytes damaged = stored;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    BOOST_TEST(!check_counter_row(damaged).has_value());
    BOOST_TEST(!check_counter_row(stored.substr(0, i)).has_value());
  }
}

BOOST_AUTO_TEST_CASE(no_counter_spans_partitions) {
  const auto low = open({0, 99});
  const auto high = open({100, UINT64_MAX});

  append(*low, {adding("a", 1)});
  append(*high, {adding("a", 5)});

  BOOST_TEST((values({0, 99}) == Values{{"a", 1}}));
  BOOST_TEST((values({100, UINT64_MAX}) == Values{{"a", 5}}));
}

BOOST_AUTO_TEST_CASE(inv_9_after_a_failed_write_counters_are_those_of_the_rows_that_are_there) {
  using Failure = testing::FaultyStore::Failure;
  for (const Failure failure : {Failure::kLost, Failure::kStored}) {
    testing::FaultyStore faulty;
    {
      const auto log = std::move(LocalLog::open(faulty, {}, clock, recount())).value();
      append(*log, {row(1, "a"), adding("a", 1)});
      faulty.fail_write(1, failure);
      const Batch batch = [] {
        Batch more = row(2, "a");
        more.add("a", 1);
        return more;
      }();
      const Batch* const batches[] = {&batch};
      BOOST_TEST((log->append(log->epoch(), batches).kind == AppendOutcome::Kind::kUnknown));
    }
    faulty.restart();

    const auto log = std::move(LocalLog::open(faulty, {}, clock, recount())).value();
    std::int64_t counted = 0;
    const auto kept =
        LocalLog::each_counter(faulty, {}, [&](BytesView, std::int64_t value) { counted = value; });

    BOOST_TEST((kept.has_value() && *kept));
    BOOST_TEST(counted == (failure == Failure::kLost ? 1 : 2));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::storage
