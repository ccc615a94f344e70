#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <vector>

#include "journal/tables/tables.h"
#include "storage/memory_store.h"
#include "tests/journal/mixing_names.h"

namespace holdfast::journal {
namespace {

using storage::Batch;

class TablesScanFixture {
 protected:
  void commit(const Batch& batch) {
    const Batch* const batches[] = {&batch};
    BOOST_REQUIRE(store_.write({batches, storage::Lsn(1)}, storage::Sync::kYes).has_value());
  }

  storage::MemoryStore store_;
  Tables tables_{store_};
};

InvocationId id_of(std::uint64_t partition_key, std::uint8_t byte) {
  InvocationId id;
  id.partition_key = partition_key;
  id.uuid.fill(byte);
  return id;
}

// Neighbours in the table: an id's rows must not reach into the next id's.
const std::vector<InvocationId> kIds = {
    id_of(0, 0),   id_of(0, 1),   id_of(0, 0xFF),       id_of(1, 0),
    id_of(255, 9), id_of(256, 9), id_of(UINT64_MAX, 0), id_of(UINT64_MAX, 0xFF)};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tables_scan, TablesScanFixture)

BOOST_AUTO_TEST_CASE(a_read_of_many_rows_goes_on_where_it_ended_and_stays_in_its_range) {
  Batch batch;
  for (const std::string& service : kNames) {
    for (const std::string& key : kNames) {
      for (const std::string& name : kNames) put_state(batch, service, key, name, service + key);
    }
  }
  commit(batch);
  // One row at a time.
  const auto read = [this](const ObjectRange& range) {
    std::vector<std::string> found;
    Bytes place;
    for (bool more = true; more;) {
      more = false;
      const auto visit = [&](const ObjectRow& row, const Result<Bytes>& value) {
        place = Bytes(row.place);
        more = true;
        BOOST_TEST((value.has_value() && *value == row.service + row.key));
        found.push_back(row.service + "|" + row.key + "|" + std::string(row.rest));
        return false;
      };
      BOOST_REQUIRE(tables_.each_state(range, Bytes(place), visit).has_value());
    }
    std::sort(found.begin(), found.end());
    BOOST_TEST((std::adjacent_find(found.begin(), found.end()) == found.end()));
    return found.size();
  };
  const std::size_t names = std::size(kNames);

  BOOST_TEST(read({}) == names * names * names);
  for (const std::string& one : kNames) {
    BOOST_TEST(read({std::nullopt, one}) == names * names);
    BOOST_TEST(read({kNames[0], one}) == names);
    BOOST_TEST(read({one, std::nullopt}) == names * names * names);  // Narrows nothing.
  }
  BOOST_TEST(read({"a", "nobody's"}) == 0u);
}

BOOST_AUTO_TEST_CASE(ids_are_read_on_from_each_of_them) {
  Batch batch;
  for (const InvocationId& id : kIds) {
    Invocation invocation;
    invocation.id = id;
    put_invocation(batch, invocation);
    const Entry entries[] = {{"step", Run{1}}};
    append_journal(batch, id, 0, entries, 1);
    append_journal(batch, id, 0, entries, 1);
    put_wake_up(batch, id);
  }
  commit(batch);

  std::optional<InvocationId> after;
  for (const InvocationId& id : kIds) {
    std::optional<InvocationId> stored, within, woken, written;
    BOOST_REQUIRE(tables_
                      .each_stored(std::nullopt, after,
                                   [&](const StoredInvocation& one) {
                                     stored = one.id();
                                     BOOST_TEST(one.read().has_value());
                                     return false;
                                   })
                      .has_value());
    BOOST_REQUIRE(tables_
                      .each_stored(id.partition_key, std::nullopt,
                                   [&](const StoredInvocation& one) {
                                     BOOST_TEST(one.id().partition_key == id.partition_key);
                                     if (one.id() == id) within = id;
                                     return true;
                                   })
                      .has_value());
    BOOST_REQUIRE(tables_
                      .each_woken_after(after,
                                        [&](const InvocationId& one) {
                                          woken = one;
                                          return false;
                                        })
                      .has_value());
    BOOST_TEST((stored == id));
    BOOST_TEST((within == id));
    BOOST_TEST((woken == id));
    BOOST_REQUIRE(tables_
                      .each_journal(after,
                                    [&](const InvocationId& one, const auto& entries) {
                                      written = one;
                                      BOOST_TEST((entries.has_value() && entries->size() == 2));
                                      return false;
                                    })
                      .has_value());
    BOOST_TEST((written == id));
    after = id;
  }
  BOOST_REQUIRE(tables_
                    .each_journal(after,
                                  [](const InvocationId&, const auto&) {
                                    BOOST_TEST(false);
                                    return true;
                                  })
                    .has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::journal
