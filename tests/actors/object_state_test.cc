#include "actors/object_state.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

#include "storage/base/random.h"
#include "storage/memory_store.h"

namespace holdfast::actors {
namespace {

void store_state(storage::Store& store, std::string_view key, BytesView state_key,
                 BytesView value) {
  storage::Batch batch;
  journal::put_state(batch, "Counter", key, state_key, value);
  BOOST_REQUIRE(storage::write_one(store, batch, storage::Sync::kYes).has_value());
}

struct Fixture {
  storage::MemoryStore store;
  journal::Tables tables{store};
  ObjectState state{tables, "Counter", "ann"};

  std::set<Bytes> keys() {
    const std::vector<Bytes> listed = state.keys().value();
    std::set<Bytes> result(listed.begin(), listed.end());
    BOOST_TEST(result.size() == listed.size(), "a key is listed twice");
    return result;
  }
};

BOOST_FIXTURE_TEST_SUITE(object_state, Fixture)

BOOST_AUTO_TEST_CASE(what_the_store_holds_shows_through) {
  store_state(store, "ann", "count", "7");
  store_state(store, "bob", "count", "9");

  BOOST_TEST(state.get("count").value().value() == "7");
  BOOST_TEST(!state.get("other").value().has_value());
  BOOST_TEST((keys() == std::set<Bytes>{"count"}));
}

BOOST_AUTO_TEST_CASE(a_write_is_seen_at_once) {
  store_state(store, "ann", "count", "7");

  state.set("count", "8");
  state.set("new", "");

  BOOST_TEST(state.get("count").value().value() == "8");
  BOOST_TEST(state.get("new").value().value() == "");
  BOOST_TEST((keys() == std::set<Bytes>{"count", "new"}));
}

BOOST_AUTO_TEST_CASE(what_was_cleared_is_gone_though_the_store_still_has_it) {
  store_state(store, "ann", "count", "7");
  BOOST_TEST(state.get("count").value().has_value());

  state.clear("count");
  state.clear("never set");

  BOOST_TEST(!state.get("count").value().has_value());
  BOOST_TEST(keys().empty());
}

BOOST_AUTO_TEST_CASE(a_key_may_hold_any_bytes) {
  const Bytes odd("\0\xFF\0", 3);

  state.set(odd, Bytes("\0", 1));

  BOOST_TEST((state.get(odd).value().value() == Bytes("\0", 1)));
  BOOST_TEST((keys() == std::set<Bytes>{odd}));
}

BOOST_AUTO_TEST_CASE(after_forgetting_the_store_is_read_again) {
  state.set("count", "8");
  store_state(store, "ann", "count", "8");
  store_state(store, "ann", "other", "1");

  state.forget();

  BOOST_TEST(state.bytes() == 0u);
  BOOST_TEST(state.get("count").value().value() == "8");
  BOOST_TEST(state.get("other").value().value() == "1");
}

BOOST_AUTO_TEST_CASE(bytes_follows_what_is_held) {
  BOOST_TEST(state.bytes() == 0u);

  state.set("count", Bytes(1000, 'x'));
  const std::size_t large = state.bytes();
  for (int i = 0; i < 1000; ++i) state.set("count", "1");
  const std::size_t small = state.bytes();
  for (int i = 0; i < 1000; ++i) state.clear("count");

  BOOST_TEST(large >= 1000u);
  BOOST_TEST(small < 500u);
  BOOST_TEST(state.bytes() <= small);
}

BOOST_AUTO_TEST_CASE(random_acts_agree_with_a_map) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      SeededRandom random(seed);
      storage::MemoryStore own_store;
      const journal::Tables own_tables(own_store);
      ObjectState own_state(own_tables, "Counter", "ann");
      std::map<Bytes, Bytes> expected;
      for (int step = 0; step < 300; ++step) {
        const Bytes key = "k" + std::to_string(random.next() % 6);
        storage::Batch batch;
        switch (random.next() % 5) {
          case 0: {
            const Bytes value = std::to_string(random.next());
            own_state.set(key, value);
            journal::put_state(batch, "Counter", "ann", key, value);
            expected[key] = value;
            break;
          }
          case 1:
            own_state.clear(key);
            journal::erase_state(batch, "Counter", "ann", key);
            expected.erase(key);
            break;
          case 2: {
            std::vector<Bytes> keys = own_state.keys().value();
            std::set<Bytes> seen(keys.begin(), keys.end());
            std::set<Bytes> wanted;
            for (const auto& [name, value] : expected) wanted.insert(name);
            BOOST_TEST((seen == wanted));
            break;
          }
          case 3:
            own_state.forget();
            break;
          default: {
            const std::optional<Bytes> value = own_state.get(key).value();
            BOOST_TEST(value.has_value() == expected.contains(key));
            if (value.has_value()) BOOST_TEST(*value == expected[key]);
          }
        }
        BOOST_REQUIRE(storage::write_one(own_store, batch, storage::Sync::kYes).has_value());
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::actors
