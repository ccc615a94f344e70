#include "storage/rocks_store.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <utility>

#include "storage/base/random.h"
#include "tests/support/temp_folder.h"

namespace holdfast::storage {
namespace {

std::unique_ptr<RocksStore> open_store(const testing::TempFolder& folder) {
  return std::move(RocksStore::open(folder.path(), {})).value();
}

BOOST_AUTO_TEST_SUITE(rocks_store)

BOOST_AUTO_TEST_CASE(synced_writes_are_there_after_reopening) {
  testing::TempFolder folder;
  {
    const auto store = open_store(folder);
    Batch batch;
    batch.put("key", "value");
    BOOST_REQUIRE(write_one(*store, batch, Sync::kYes).has_value());
  }

  const auto store = open_store(folder);

  BOOST_TEST(store->get("key").value().value() == "value");
}

BOOST_AUTO_TEST_CASE(synced_writes_are_there_when_the_process_did_not_close_the_store) {
  testing::TempFolder folder;
  testing::TempFolder copy;
  const auto store = open_store(folder);
  for (int i = 0; i < 100; ++i) {
    Batch batch;
    batch.put("key" + std::to_string(i), "value");
    BOOST_REQUIRE(write_one(*store, batch, Sync::kYes).has_value());
  }

  // The files as a kill at this moment would leave them.
  std::filesystem::copy(folder.path(), copy.path(), std::filesystem::copy_options::recursive);
  const auto reopened = open_store(copy);

  for (int i = 0; i < 100; ++i) {
    BOOST_TEST(reopened->get("key" + std::to_string(i)).value().has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_torn_last_write_is_dropped_and_all_before_it_kept) {
  testing::TempFolder folder;
  testing::TempFolder copy;
  const auto store = open_store(folder);
  for (int i = 0; i < 10; ++i) {
    Batch batch;
    batch.put("key" + std::to_string(i), Bytes(100, 'x'));
    BOOST_REQUIRE(write_one(*store, batch, Sync::kYes).has_value());
  }
  std::filesystem::copy(folder.path(), copy.path(), std::filesystem::copy_options::recursive);
  for (const auto& file : std::filesystem::directory_iterator(copy.path())) {
    if (file.path().extension() == ".log") {
      // Behind the last write there are zeros, which are no part of it.
      std::ifstream log(file.path(), std::ios::binary);
      const std::string content(std::istreambuf_iterator<char>(log), {});
      std::filesystem::resize_file(file.path(), content.find_last_not_of('\0') + 1 - 20);
    }
  }

  const auto reopened = open_store(copy);

  for (int i = 0; i < 9; ++i) {
    BOOST_TEST(reopened->get("key" + std::to_string(i)).value().has_value());
  }
  BOOST_TEST(!reopened->get("key9").value().has_value());
}

BOOST_AUTO_TEST_CASE(a_reader_sees_what_is_in_the_log_only_and_writes_nothing) {
  testing::TempFolder folder;
  {
    const auto store = open_store(folder);
    Batch batch;
    batch.put("key", "value");
    BOOST_REQUIRE(write_one(*store, batch, Sync::kYes).has_value());
  }

  const auto reader = std::move(RocksStore::open_to_read(folder.path(), {})).value();

  BOOST_TEST(reader->get("key").value().value() == "value");
  BOOST_TEST(reader->snapshot()->get("key").value().value() == "value");
  BOOST_TEST(reader->verify_files().has_value());
  Batch batch;
  batch.put("key", "other");
  BOOST_TEST(!write_one(*reader, batch, Sync::kYes).has_value());
  BOOST_TEST(open_store(folder)->get("key").value().value() == "value");
}

BOOST_AUTO_TEST_CASE(a_reader_makes_no_store_where_there_is_none) {
  testing::TempFolder folder;

  const auto reader = RocksStore::open_to_read(folder.path(), {});

  BOOST_REQUIRE(!reader.has_value());
  BOOST_TEST((reader.error().code() == ErrorCode::kCorruption));
  BOOST_TEST(std::filesystem::is_empty(folder.path()));
}

// With so little memory that it becomes files again and again: what is read is what was written,
// from memory, from files, from both, and after the store was opened again.
BOOST_AUTO_TEST_CASE(every_reader_sees_the_moment_it_asked_for_while_memory_becomes_files) {
  testing::TempFolder folder;
  const RocksStore::Options little{.memory_budget_bytes = 4 << 20};
  auto store = std::move(RocksStore::open(folder.path(), little)).value();
  SeededRandom random(11);
  using Rows = std::map<std::string, std::string>;
  Rows expected;
  const auto agree = [](const Reader& reader, const Rows& rows) {
    Rows forward, backward;
    const auto into = [](Rows& all) {
      return [&all](BytesView key, BytesView value) { return all.emplace(key, value).second; };
    };
    BOOST_REQUIRE(reader.scan("", "", into(forward)).has_value());
    BOOST_REQUIRE(reader.scan_reverse("", "", into(backward)).has_value());
    BOOST_TEST((forward == rows));
    BOOST_TEST((backward == rows));
    for (int key = 0; key < 300; key += 7) {
      const auto found = rows.find(std::to_string(key));
      const auto got = reader.get(std::to_string(key)).value();
      BOOST_TEST((got == (found == rows.end() ? std::nullopt : std::optional(found->second))));
    }
  };
  for (int round = 0; round < 40; ++round) {
    const auto before = store->snapshot();
    const Rows then = expected;
    Batch batch;
    for (int i = 0; i < 150; ++i) {
      const std::string key = std::to_string(random.next() % 300);
      if (random.next() % 3 == 0) {
        batch.erase(key);
        expected.erase(key);
      } else {
        batch.put(key, expected[key] = Bytes(random.next() % 4000, 'x') + key);
      }
    }
    BOOST_REQUIRE(write_one(*store, batch, Sync::kYes).has_value());
    if (round % 10 == 4) {
      BOOST_REQUIRE(store->erase_range("15", "2").has_value());
      expected.erase(expected.lower_bound("15"), expected.lower_bound("2"));
    }
    agree(*before, then);
    agree(*store, expected);
  }
  const std::filesystem::directory_iterator files(folder.path());
  BOOST_TEST(std::any_of(begin(files), end(files),
                         [](const auto& file) { return file.path().extension() == ".sst"; }));
  store.reset();
  store = std::move(RocksStore::open(folder.path(), little)).value();
  agree(*store, expected);
}

BOOST_AUTO_TEST_CASE(what_is_in_memory_only_counts_among_the_bytes) {
  testing::TempFolder folder;
  const auto store = open_store(folder);
  Batch batch;
  for (int i = 0; i < 1000; ++i) batch.put("i" + std::to_string(1000 + i), Bytes(1000, 'x'));
  BOOST_REQUIRE(write_one(*store, batch, Sync::kYes).has_value());

  const std::uint64_t all = store->approximate_bytes("", "");
  const std::uint64_t half = store->approximate_bytes("i1500", "j");

  BOOST_TEST(all > 700'000);
  BOOST_TEST(all < 1'500'000);
  BOOST_TEST(half > all / 4);
  BOOST_TEST(half < all * 3 / 4);
}

// Rows of parked runs are much alike, and there may be millions of them.
BOOST_AUTO_TEST_CASE(a_small_store_too_is_compressed_once_it_is_compacted) {
  testing::TempFolder folder;
  const auto store = open_store(folder);
  std::size_t written = 0;
  for (int i = 0; i < 20; ++i) {
    Batch batch;
    for (int j = 0; j < 1000; ++j) {
      const Bytes value = "status=scheduled target=Peer/empty " + std::to_string(i * 1000 + j);
      batch.put("i" + std::to_string(i * 1000 + j), value);
      written += value.size();
    }
    BOOST_REQUIRE(write_one(*store, batch, Sync::kYes).has_value());
  }

  BOOST_REQUIRE(store->compact().has_value());

  BOOST_TEST(store->approximate_bytes("", "") < written / 2);
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_opened_is_an_error_not_a_crash) {
  testing::TempFolder folder;
  std::ofstream(folder.path() + "/file") << "not a folder";

  const auto store = RocksStore::open(folder.path() + "/file", {});

  BOOST_REQUIRE(!store.has_value());
  BOOST_TEST((store.error().code() == ErrorCode::kUnavailable));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::storage
