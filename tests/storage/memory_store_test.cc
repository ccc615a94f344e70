#include "storage/memory_store.h"

#include <boost/test/unit_test.hpp>

namespace holdfast::storage {
namespace {

void write(Store& store, BytesView key, BytesView value, Sync sync) {
  Batch batch;
  batch.put(key, value);
  BOOST_REQUIRE(write_one(store, batch, sync).has_value());
}

BOOST_AUTO_TEST_SUITE(memory_store)

BOOST_AUTO_TEST_CASE(a_power_cut_takes_back_what_was_not_synced) {
  MemoryStore store;
  write(store, "kept", "old", Sync::kYes);
  write(store, "kept", "new", Sync::kNo);
  write(store, "kept", "newer", Sync::kNo);
  write(store, "lost", "value", Sync::kNo);
  Batch batch;
  batch.erase("kept");
  BOOST_REQUIRE(write_one(store, batch, Sync::kNo).has_value());

  store.forget_unsynced();

  BOOST_TEST(store.get("kept").value().value() == "old");
  BOOST_TEST(!store.get("lost").value().has_value());
}

BOOST_AUTO_TEST_CASE(a_synced_write_makes_the_ones_before_it_durable) {
  MemoryStore store;
  write(store, "early", "value", Sync::kNo);
  write(store, "late", "value", Sync::kYes);

  store.forget_unsynced();

  BOOST_TEST(store.get("early").value().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::storage
