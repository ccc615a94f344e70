// Logs as crashes leave them, and logs that are damaged: cut at each byte, flipped in each bit.

#include "storage/log_check.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "storage/rocks_store.h"
#include "tests/support/temp_folder.h"

namespace holdfast::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSector = 512;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

// What a kill leaves of a store to which so many values were written, each of this size. Behind the
// last of them there are zeros.
class Killed {
 public:
  Killed(int writes, std::size_t size) {
    const testing::TempFolder running;
    const auto store = std::move(RocksStore::open(running.path(), {})).value();
    for (int i = 0; i < writes; ++i) write(*store, i, size);
    fs::copy(running.path(), path());
    take(log());
  }

  static void write(RocksStore& store, int number, std::size_t size) {
    Bytes value;
    while (value.size() < size) value += "value " + std::to_string(value.size() * 7919) + " ";
    Batch batch;
    batch.put("key" + std::to_string(number), value);
    BOOST_REQUIRE(write_one(store, batch, Sync::kYes).has_value());
  }

  const std::string& path() const { return folder_.path(); }
  // The newest one.
  fs::path log() const {
    fs::path newest;
    for (const auto& file : fs::directory_iterator(path())) {
      if (file.path().extension() == ".log") newest = std::max(newest, file.path());
    }
    return newest;
  }
  // From now on what is harmed is the manifest.
  void take_manifest() {
    std::string name = read_file(path() + "/CURRENT");
    name.pop_back();
    take(path() + "/" + name);
  }
  // Without the zeros.
  const std::string& content() const { return content_; }
  std::size_t zeros() const { return zeros_.size(); }
  // As in a log that was closed before, or by an older release.
  void take_zeros_away() { zeros_.clear(); }

  void flip(std::size_t byte, int bit) const {
    std::string changed = content_;
    changed[byte] = static_cast<char>(changed[byte] ^ (1 << bit));
    write_file(file_, changed + zeros_);
  }
  void cut(std::size_t size) const { write_file(file_, content_.substr(0, size)); }
  // As if these were never written.
  void zero(std::size_t from, std::size_t to) const {
    std::string changed = content_;
    std::fill(changed.begin() + static_cast<std::ptrdiff_t>(from),
              changed.begin() + static_cast<std::ptrdiff_t>(to), '\0');
    write_file(file_, changed + zeros_);
  }
  void put_back() const { write_file(file_, content_ + zeros_); }

  bool is_damaged() const {
    const auto checked = check_write_ahead_logs(path());
    if (!checked) BOOST_TEST((checked.error().code() == ErrorCode::kCorruption));
    return !checked;
  }
  ErrorCode refusal() const {
    const auto store = RocksStore::open(path(), {});
    BOOST_REQUIRE(!store.has_value());
    return store.error().code();
  }
  // Of a copy.
  int values() const {
    const testing::TempFolder copy;
    fs::copy(path(), copy.path());
    const auto store = RocksStore::open(copy.path(), {});
    BOOST_REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().message()));
    int found = 0;
    BOOST_REQUIRE((*store)
                      ->scan("", "",
                             [&](BytesView, BytesView) {
                               ++found;
                               return true;
                             })
                      .has_value());
    return found;
  }

 private:
  void take(const fs::path& file) {
    file_ = file;
    content_ = read_file(file);
    const std::size_t end = content_.find_last_not_of('\0') + 1;
    zeros_ = content_.substr(end);
    content_.resize(end);
  }

  testing::TempFolder folder_;
  fs::path file_;
  std::string content_;
  std::string zeros_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(log_check)

BOOST_AUTO_TEST_CASE(inv_11_each_flipped_bit_of_a_log_is_seen) {
  Killed killed(10, 100);
  BOOST_TEST(killed.zeros() > 0);

  for (int turn = 0; turn < 2; ++turn) {
    killed.put_back();
    BOOST_TEST(!killed.is_damaged());
    for (std::size_t byte = 0; byte < killed.content().size(); ++byte) {
      for (int bit = 0; bit < 8; ++bit) {
        killed.flip(byte, bit);
        BOOST_TEST(killed.is_damaged(), "bit " << bit << " of byte " << byte << ", " << turn);
      }
    }
    killed.take_zeros_away();
  }
}

BOOST_AUTO_TEST_CASE(a_log_that_is_cut_anywhere_is_torn_not_damaged) {
  for (const std::size_t size : {100, 20'000}) {
    const Killed killed(4, size);

    for (std::size_t left = 0; left <= killed.content().size(); ++left) {
      killed.cut(left);
      BOOST_TEST(!killed.is_damaged(), "cut after " << left);
      if (size > kSector) left += 97;
    }
  }
}

// The sectors of one append reach the disk in any order, and those that did not are zero as before.
BOOST_AUTO_TEST_CASE(a_last_record_of_which_any_sector_is_zero_is_torn_not_damaged) {
  for (const std::size_t size : {1500, 100'000}) {
    const Killed killed(4, size);
    const std::size_t first = (killed.content().size() * 3 / 4 / kSector + 1) * kSector;

    for (std::size_t from = first; from < killed.content().size(); from += kSector) {
      killed.zero(from, std::min(from + kSector, killed.content().size()));
      BOOST_TEST(!killed.is_damaged(), "one sector at " << from);
      killed.zero(from, killed.content().size());
      BOOST_TEST(!killed.is_damaged(), "from " << from << " on");
      if (from == first) BOOST_TEST(killed.values() == 3);
    }
  }
}

BOOST_AUTO_TEST_CASE(inv_11_flips_in_records_of_several_blocks_are_seen) {
  const Killed killed(3, 100'000);

  for (std::size_t byte = 0; byte < killed.content().size(); byte += 1009) {
    killed.flip(byte, static_cast<int>(byte % 8));
    BOOST_TEST(killed.is_damaged(), "byte " << byte);
  }
  // The headers at the beginnings of blocks.
  for (std::size_t block = 0; block < killed.content().size(); block += 32 << 10) {
    for (std::size_t byte = block; byte < block + 7; ++byte) {
      killed.flip(byte, static_cast<int>(byte % 8));
      BOOST_TEST(killed.is_damaged(), "byte " << byte);
    }
  }
}

BOOST_AUTO_TEST_CASE(sectors_that_were_never_written_are_torn_only_in_the_last_record) {
  const Killed killed(3, 3000);
  const std::size_t last = killed.content().size() * 2 / 3;
  const std::size_t sector = (last / kSector + 2) * kSector;

  killed.zero(sector, sector + kSector);
  BOOST_TEST(!killed.is_damaged());
  BOOST_TEST(killed.values() == 2);

  const Killed other(3, 3000);
  other.zero(2 * kSector, 3 * kSector);
  BOOST_TEST(other.is_damaged());
}

BOOST_AUTO_TEST_CASE(inv_11_a_store_with_a_damaged_log_is_refused_and_whole_when_that_is_mended) {
  const Killed killed(10, 100);
  killed.flip(killed.content().size() / 2, 3);

  BOOST_TEST((killed.refusal() == ErrorCode::kCorruption));
  killed.put_back();

  BOOST_TEST(killed.values() == 10);
}

BOOST_AUTO_TEST_CASE(a_damaged_log_is_read_up_to_the_damage_by_who_asks_for_that) {
  const Killed killed(10, 100);
  killed.flip(killed.content().size() / 2, 3);

  const auto store =
      RocksStore::open(killed.path(), {.log_damage = RocksStore::LogDamage::kEndsThere});

  BOOST_REQUIRE(store.has_value());
  BOOST_TEST((*store)->get("key0").value().has_value());
  BOOST_TEST(!(*store)->get("key9").value().has_value());
}

BOOST_AUTO_TEST_CASE(a_later_log_goes_on_where_a_torn_one_ends) {
  const Killed killed(10, 100);
  const fs::path torn = killed.log();
  killed.cut(killed.content().size() - 20);
  const std::string left = read_file(torn);
  {
    const auto store = std::move(RocksStore::open(killed.path(), {})).value();
    Killed::write(*store, 20, 100);
  }
  write_file(torn, left);  // As if the process had ended before it was deleted.
  BOOST_TEST(!killed.is_damaged());

  write_file(torn, left.substr(0, left.size() / 2));

  BOOST_TEST(killed.is_damaged());
}

// A crash may leave a log that is no longer needed, and not the one after it.
BOOST_AUTO_TEST_CASE(a_later_log_need_not_go_on_where_a_whole_one_ends) {
  const Killed killed(10, 100);
  const fs::path whole = killed.log();
  const std::string left = read_file(whole);
  for (int i = 20; i < 22; ++i) {
    const auto store = std::move(RocksStore::open(killed.path(), {})).value();
    Killed::write(*store, i, 100);
  }
  write_file(whole, left);
  BOOST_TEST(!killed.is_damaged());

  write_file(whole, killed.content().substr(0, killed.content().size() - 20));

  BOOST_TEST(killed.is_damaged());
}

BOOST_AUTO_TEST_CASE(inv_11_each_flipped_bit_of_a_manifest_is_seen_and_a_cut_one_is_torn) {
  Killed killed(3, 100);
  killed.take_manifest();

  for (std::size_t byte = 0; byte < killed.content().size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      killed.flip(byte, bit);
      BOOST_TEST(!check_manifest(killed.path()).has_value(), "bit " << bit << " of byte " << byte);
    }
  }
  killed.flip(killed.content().size() - 1, 0);
  BOOST_TEST((killed.refusal() == ErrorCode::kCorruption));
  for (std::size_t left = 0; left <= killed.content().size(); ++left) {
    killed.cut(left);
    BOOST_TEST(check_manifest(killed.path()).has_value(), "cut after " << left);
  }
}

BOOST_AUTO_TEST_CASE(a_store_that_has_lost_its_current_is_not_made_anew) {
  const Killed killed(3, 100);
  const std::string current = read_file(killed.path() + "/CURRENT");
  fs::remove(killed.path() + "/CURRENT");

  (void)killed.refusal();
  write_file(killed.path() + "/CURRENT", current);

  BOOST_TEST(killed.values() == 3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::storage
