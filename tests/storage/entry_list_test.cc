// The rows that RocksDB holds in memory: their order, whatever the keys and whoever reads
// meanwhile.

#include "storage/entry_list.h"

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "storage/base/big_endian.h"
#include "storage/base/random.h"

namespace holdfast::storage {
namespace {

// Blocks that live as long as it does; what it gives is not aligned.
class Blocks {
 public:
  char* get(std::size_t bytes) {
    blocks_.push_back(std::make_unique<char[]>(bytes + 1));
    return blocks_.back().get() + blocks_.size() % 2;
  }

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
};

// What an internal key says, in its order: the row, then the newest first.
struct Internal {
  std::string row;
  std::uint64_t tag;

  bool operator==(const Internal&) const = default;
  bool operator<(const Internal& other) const {
    return row != other.row ? row < other.row : tag > other.tag;
  }
  std::string bytes() const {
    std::string all = row;
    for (int shift = 0; shift < 64; shift += 8) all.push_back(static_cast<char>(tag >> shift));
    return all;
  }
};

struct Fixture {
  bool insert(const Internal& key) {
    const std::string bytes = key.bytes();
    std::string entry;
    std::size_t size = bytes.size();
    for (; size >= 0x80; size >>= 7) entry.push_back(static_cast<char>(size | 0x80));
    entry.push_back(static_cast<char>(size));
    entry += bytes + "a value";
    EntryList::Node* const node = list.make(entry.size());
    std::memcpy(EntryList::entry_of(node), entry.data(), entry.size());
    return list.insert(node);
  }

  static Internal read(const char* entry) {
    std::size_t size = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(*entry++);
      size |= static_cast<std::size_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const std::string row(entry, size - 8);
    std::uint64_t tag = 0;
    for (int i = 7; i >= 0; --i) tag = tag << 8 | static_cast<unsigned char>(entry[size - 8 + i]);
    return {row, tag};
  }

  Blocks blocks;
  EntryList list{[this](std::size_t bytes) { return blocks.get(bytes); }};
};

// Keys that differ early, late, by their length only, by zeros at their end, or not at all.
Internal random_key(Random& random) {
  static const std::string kBeginnings[] = {"",         std::string(1, '\0'),  "i", "\xff\xff",
                                            "eight by", "eight bytes and more"};
  std::string row = kBeginnings[random.next() % std::size(kBeginnings)];
  for (std::uint64_t more = random.next() % 12; more > 0; --more) {
    row.push_back(static_cast<char>(random.next() % 3 == 0 ? 0 : random.next() % 4 * 85));
  }
  if (random.next() % 16 == 0) row.append(random.next() % 300, 'x');
  return {row, 1 + random.next() % 3};
}

void agree(const Fixture& one, const std::set<Internal>& expected, Random& random) {
  std::vector<Internal> forward, backward;
  EntryList::Cursor at(one.list);
  BOOST_TEST(!at.valid());
  for (at.to_first(); at.valid(); at.next()) forward.push_back(Fixture::read(at.entry()));
  for (at.to_last(); at.valid(); at.previous()) backward.push_back(Fixture::read(at.entry()));
  std::reverse(backward.begin(), backward.end());
  BOOST_TEST((std::vector<Internal>(expected.begin(), expected.end()) == forward));
  BOOST_TEST((forward == backward));

  for (int i = 0; i < 200; ++i) {
    const Internal key = random_key(random);
    const auto from = expected.lower_bound(key);
    at.to_first_from(key.bytes());
    BOOST_TEST_REQUIRE(at.valid() == (from != expected.end()));
    if (at.valid()) BOOST_TEST((Fixture::read(at.entry()) == *from));

    const auto behind = expected.upper_bound(key);
    at.to_last_until(key.bytes());
    BOOST_TEST_REQUIRE(at.valid() == (behind != expected.begin()));
    if (at.valid()) BOOST_TEST((Fixture::read(at.entry()) == *std::prev(behind)));

    BOOST_TEST(one.list.contains(key.bytes()) == expected.contains(key));
  }
}

BOOST_AUTO_TEST_SUITE(entry_list)

BOOST_AUTO_TEST_CASE(entries_are_in_the_order_of_their_keys_whatever_the_order_they_came_in) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SeededRandom random(seed);
    Fixture one;
    std::set<Internal> expected;
    for (int round = 0; round < 12; ++round) {
      // As they are written: some together and in order, now and then not.
      std::vector<Internal> keys(random.next() % 40);
      for (Internal& key : keys) key = random_key(random);
      if (random.next() % 4 != 0) std::sort(keys.begin(), keys.end());
      for (const Internal& key : keys) {
        BOOST_TEST_REQUIRE(one.insert(key) == expected.insert(key).second);
      }
      agree(one, expected, random);
    }
  }
}

BOOST_AUTO_TEST_CASE(who_reads_while_others_come_sees_all_that_was_there_before_in_order) {
  constexpr std::uint64_t kEntries = 20'000;
  Fixture one;
  std::atomic<std::uint64_t> inserted{0};
  std::atomic<int> meanwhile{0}, wrong{0};

  const auto read = [&] {
    do {
      const std::uint64_t at_least = inserted.load(std::memory_order_acquire);
      std::uint64_t seen = 0;
      std::string last;
      EntryList::Cursor at(one.list);
      for (at.to_first(); at.valid(); at.next()) {
        Internal key = Fixture::read(at.entry());
        wrong += static_cast<int>(key.row <= last || key.tag > kEntries);
        seen += static_cast<std::uint64_t>(key.tag <= at_least);
        last = std::move(key.row);
      }
      wrong += static_cast<int>(seen != at_least);
      if (at_least > 0 && at_least < kEntries) ++meanwhile;
    } while (inserted < kEntries);
  };
  std::thread first(read), second(read);
  SeededRandom random(3);
  for (std::uint64_t tag = 1; tag <= kEntries; ++tag) {
    std::string row;
    append_big_endian(row, random.next());
    append_big_endian(row, tag);
    one.insert({row, tag});
    inserted.store(tag, std::memory_order_release);
    while (tag == kEntries / 2 && meanwhile == 0) std::this_thread::yield();
  }
  first.join();
  second.join();

  BOOST_TEST(meanwhile > 0);
  BOOST_TEST(wrong == 0);
}

// The link in front of a place may change between two looks at it.
BOOST_AUTO_TEST_CASE(who_looks_for_a_key_never_stands_before_it_though_others_come_right_there) {
  constexpr std::uint64_t kEntries = 100'000;
  Fixture one;
  const Internal wanted{"wanted", 7};
  one.insert(wanted);
  std::atomic<bool> ended{false};
  std::atomic<int> looks{0}, wrong{0};

  const auto look = [&] {
    const std::string bytes = wanted.bytes();
    EntryList::Cursor at(one.list);
    const auto is_there = [&] { return at.valid() && Fixture::read(at.entry()) == wanted; };
    while (!ended) {
      at.to_first_from(bytes);
      wrong += static_cast<int>(!is_there());
      at.to_last_until(bytes);
      wrong += static_cast<int>(!is_there());
      wrong += static_cast<int>(!one.list.contains(bytes));
      ++looks;
    }
  };
  std::thread first(look), second(look);
  while (looks == 0) std::this_thread::yield();
  // Each right before it: rows that are smaller, then newer writes to the same row.
  for (std::uint64_t number = 1; number <= kEntries; ++number) {
    std::string row = "wante";
    append_big_endian(row, number);
    one.insert({row, 1});
  }
  for (std::uint64_t tag = wanted.tag + kEntries; tag > wanted.tag; --tag) {
    one.insert({wanted.row, tag});
  }
  ended = true;
  first.join();
  second.join();

  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(how_many_stand_before_a_key_is_known_within_a_half) {
  constexpr std::uint32_t kEntries = 20'000;
  Fixture one;
  const auto key = [](std::uint32_t number) {
    std::string row;
    append_big_endian(row, number);
    return Internal{row, 1};
  };
  for (std::uint32_t number = 0; number < kEntries; ++number) one.insert(key(number));

  BOOST_TEST(one.list.count_before(key(0).bytes()) == 0);
  for (const std::uint32_t number : {1000U, 5000U, 10'000U, kEntries}) {
    const std::uint64_t count = one.list.count_before(key(number).bytes());
    BOOST_TEST(count > number / 2);
    BOOST_TEST(count < number + number / 2);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::storage
