#pragma once
// The suite that every Store must pass. A Maker is default constructible and has `Store& store()`,
// empty at first. Included once, by store_contract_test.cc, after StoreMakers names them all.

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

#include "storage/base/random.h"
#include "storage/store.h"

namespace holdfast::storage {

inline std::vector<std::string> keys_between(const Reader& store, BytesView begin, BytesView end) {
  std::vector<std::string> keys;
  const auto scanned = store.scan(begin, end, [&](BytesView key, BytesView) {
    keys.emplace_back(key);
    return true;
  });
  BOOST_TEST(scanned.has_value());
  return keys;
}

inline void put_all(Store& store, const std::vector<std::string>& keys) {
  Batch batch;
  for (const std::string& key : keys) batch.put(key, "value of " + key);
  BOOST_REQUIRE(write_one(store, batch, Sync::kYes).has_value());
}

using Keys = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(store_contract)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_key_never_written_has_no_value, Maker, StoreMakers) {
  Maker maker;

  const auto got = maker.store().get("absent");

  BOOST_REQUIRE(got.has_value());
  BOOST_TEST(!got.value().has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_batch_is_applied_in_its_order, Maker, StoreMakers) {
  Maker maker;
  Batch batch;
  batch.put("a", "1");
  batch.put("a", "2");
  batch.put("b", "1");
  batch.erase("b");

  BOOST_REQUIRE(write_one(maker.store(), batch, Sync::kYes).has_value());

  BOOST_TEST(maker.store().get("a").value().value() == "2");
  BOOST_TEST(!maker.store().get("b").value().has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(of_many_writes_to_a_row_in_several_batches_the_last_counts, Maker,
                              StoreMakers) {
  Maker maker;
  SeededRandom random(7);
  std::map<std::string, std::string> expected;
  std::vector<Batch> batches(5);
  std::vector<const Batch*> written;
  for (Batch& batch : batches) {
    for (int i = 0; i < 200; ++i) {
      const std::string key(1 + random.next() % 2, static_cast<char>('a' + random.next() % 8));
      if (random.next() % 4 == 0) {
        batch.erase(key);
        expected.erase(key);
      } else {
        expected[key] = std::to_string(random.next());
        batch.put(key, expected[key]);
      }
    }
    written.push_back(&batch);
  }

  BOOST_REQUIRE(maker.store().write({written, Lsn(1)}, Sync::kYes).has_value());

  std::map<std::string, std::string> found;
  const auto scanned = maker.store().scan(
      "a", "z", [&](BytesView key, BytesView value) { return found.emplace(key, value).second; });
  BOOST_TEST(scanned.has_value());
  BOOST_TEST((found == expected));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(keys_and_values_may_hold_any_byte, Maker, StoreMakers) {
  Maker maker;
  const Bytes key("\0\xff\x80 ", 4);
  Batch batch;
  batch.put(key, Bytes("\0\0", 2));
  batch.put("empty", "");

  BOOST_REQUIRE(write_one(maker.store(), batch, Sync::kYes).has_value());

  BOOST_TEST(maker.store().get(key).value().value() == Bytes("\0\0", 2));
  BOOST_TEST(maker.store().get("empty").value().value().empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_scan_is_ascending_and_leaves_out_its_end, Maker, StoreMakers) {
  Maker maker;
  put_all(maker.store(), {"c", "a", "b", "\xff", "d"});

  BOOST_TEST(keys_between(maker.store(), "a", "c") == (Keys{"a", "b"}));
  BOOST_TEST(keys_between(maker.store(), "aa", "") == (Keys{"b", "c", "d", "\xff"}));
  BOOST_TEST(keys_between(maker.store(), "", "") == (Keys{"a", "b", "c", "d", "\xff"}));
  BOOST_TEST(keys_between(maker.store(), "c", "a") == Keys());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reverse_scan_has_the_same_keys_descending, Maker, StoreMakers) {
  Maker maker;
  put_all(maker.store(), {"c", "a", "b", "d"});
  Keys keys;
  const auto collect = [&](BytesView key, BytesView) {
    keys.emplace_back(key);
    return true;
  };

  BOOST_REQUIRE(maker.store().scan_reverse("a", "d", collect).has_value());
  BOOST_REQUIRE(maker.store().scan_reverse("d", "", collect).has_value());

  BOOST_TEST(keys == (Keys{"c", "b", "a", "d"}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_scan_stops_when_told, Maker, StoreMakers) {
  Maker maker;
  put_all(maker.store(), {"a", "b", "c"});
  int visited = 0;

  const auto scanned = maker.store().scan("", "", [&](BytesView, BytesView) {
    ++visited;
    return visited < 2;
  });

  BOOST_TEST(scanned.has_value());
  BOOST_TEST(visited == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_visitor_may_read_the_store, Maker, StoreMakers) {
  Maker maker;
  put_all(maker.store(), {"a", "b"});

  const auto scanned = maker.store().scan("", "", [&](BytesView key, BytesView value) {
    BOOST_TEST(maker.store().get(key).value().value() == value);
    return true;
  });

  BOOST_TEST(scanned.has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(stamps_are_given_in_order_across_batches, Maker, StoreMakers) {
  Maker maker;
  Batch first;
  first.put_stamped("j", "one");
  first.put("k", "plain");
  first.put_stamped("j", "two");
  Batch second;
  second.put_stamped("j", "three");
  const Batch* const batches[] = {&first, &second};

  BOOST_REQUIRE(maker.store().write({batches, Lsn(255)}, Sync::kYes).has_value());

  std::vector<std::string> values;
  const auto scanned = maker.store().scan("j", "k", [&](BytesView key, BytesView value) {
    BOOST_TEST(key.size() == 9U);
    values.emplace_back(value);
    return true;
  });
  BOOST_TEST(scanned.has_value());
  BOOST_TEST(values == (Keys{"one", "two", "three"}));
  BOOST_TEST(maker.store().get(Bytes("j\0\0\0\0\0\0\1\0", 9)).value().value() == "two");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(erasing_a_range_leaves_out_its_end, Maker, StoreMakers) {
  Maker maker;
  put_all(maker.store(), {"a", "b", "c", "d"});

  BOOST_REQUIRE(maker.store().erase_range("b", "d").has_value());
  BOOST_REQUIRE(maker.store().erase_range("d", "a").has_value());
  BOOST_REQUIRE(maker.store().compact().has_value());

  BOOST_TEST(keys_between(maker.store(), "", "") == (Keys{"a", "d"}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(size_grows_with_what_is_stored, Maker, StoreMakers) {
  Maker maker;
  Batch batch;
  // Noise of a fixed seed: what cannot be compressed away.
  std::uint32_t noise = 1;
  for (int i = 0; i < 2000; ++i) {
    Bytes value;
    for (int j = 0; j < 100; ++j) value.push_back(static_cast<char>((noise *= 1664525U) >> 24));
    batch.put("k" + std::to_string(i), value);
  }

  BOOST_REQUIRE(write_one(maker.store(), batch, Sync::kYes).has_value());

  BOOST_TEST(maker.store().approximate_bytes("", "") > 100'000U);
  BOOST_TEST(maker.store().approximate_bytes("x", "") < 10'000U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_batches_add_is_handed_out_and_written_with_them, Maker,
                              StoreMakers) {
  struct Sum final : public Additions {
    void add(BytesView counter, std::int64_t delta) override {
      BOOST_TEST(counter == "n");
      value += delta;
    }
    void put_changed(Batch& batch) override { batch.put("sum", std::to_string(value)); }
    std::int64_t value = 0;
  } sum;
  Maker maker;
  Batch one, two;
  one.put("sum", "written before");
  one.add("n", 3);
  two.add("n", -1);
  const Batch* const batches[] = {&one, &two};

  BOOST_REQUIRE(maker.store().write({batches, Lsn(), &sum}, Sync::kYes).has_value());
  BOOST_TEST(maker.store().get("sum").value().value() == "2");
  BOOST_REQUIRE(maker.store().write({batches, Lsn()}, Sync::kYes).has_value());

  BOOST_TEST(maker.store().get("sum").value().value() == "written before", "nobody sums");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_snapshot_shows_what_was_there_when_it_was_made, Maker,
                              StoreMakers) {
  Maker maker;
  Store& store = maker.store();
  put_all(store, {"a", "b", "c"});

  const auto snapshot = store.snapshot();
  Batch changes;
  changes.put("a", "changed");
  changes.erase("b");
  changes.put("d", "new");
  BOOST_REQUIRE(write_one(store, changes, Sync::kYes).has_value());
  BOOST_REQUIRE(store.compact().has_value());
  const auto same = snapshot->snapshot();

  for (const Reader* const reader : {snapshot.get(), same.get()}) {
    BOOST_TEST(reader->get("a").value().value() == "value of a");
    BOOST_TEST(reader->get("b").value().value() == "value of b");
    BOOST_TEST(!reader->get("d").value().has_value());
    BOOST_TEST(keys_between(*reader, "", "") == (Keys{"a", "b", "c"}),
               boost::test_tools::per_element());
    Keys reversed;
    BOOST_TEST(reader
                   ->scan_reverse("", "",
                                  [&](BytesView key, BytesView) {
                                    reversed.emplace_back(key);
                                    return true;
                                  })
                   .has_value());
    BOOST_TEST(reversed == (Keys{"c", "b", "a"}), boost::test_tools::per_element());
  }
  BOOST_TEST(keys_between(store, "", "") == (Keys{"a", "c", "d"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::storage
