#pragma once
// EntryList: rows in the order of their keys, as RocksDB holds them in memory until it writes a
// file; memtable.h makes it RocksDB's. A skip list (W. Pugh, 1990), with two things that make an
// insertion cheap:
//   - The first 8 bytes of a key stand in its node as a number, and in each link to it; they decide
//     most comparisons, and a search looks at no node that it does not go to.
//   - A search begins where the last insertion ended, if it goes forward: what is written together
//     comes in the order of its keys.
//
// An entry is what RocksDB says (db/dbformat.h there): the length of the internal key as a varint,
// the internal key, then what does not matter here. An internal key is the key of a row and 8
// bytes, little endian, of which a greater one is newer and stands before.
//
// One thread inserts, one at a time; any number read meanwhile. Nothing is ever taken out, and
// nodes live as long as their memory.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "storage/base/bytes.h"

namespace holdfast::storage {

class EntryList {
 public:
  // Gives memory that outlives the list, aligned to anything.
  using Memory = std::function<char*(std::size_t bytes)>;

  explicit EntryList(Memory memory);
  EntryList(const EntryList&) = delete;
  EntryList& operator=(const EntryList&) = delete;

  class Node;
  // A node with room for an entry, which the caller fills in before it inserts it.
  Node* make(std::size_t entry_bytes);
  static char* entry_of(Node* node);

  // False, and nothing is inserted, when there is an entry with the same internal key; RocksDB
  // never brings one, as each write has a number of its own. REQUIRES: made here and not inserted.
  bool insert(Node* node);

  bool contains(BytesView internal_key) const;
  // How many stand before this key, more or less.
  std::uint64_t count_before(BytesView internal_key) const;

  // A place in the list. Sees what was inserted before it moved, and maybe what comes meanwhile.
  class Cursor {
   public:
    explicit Cursor(const EntryList& list) : list_(&list) {}

    bool valid() const { return at_ != nullptr; }
    const char* entry() const;  // REQUIRES: valid(), as the two below.
    void next();
    void previous();

    void to_first();
    void to_last();
    void to_first_from(BytesView internal_key);  // The first that is not before it.
    void to_last_until(BytesView internal_key);  // The last that is not behind it.

   private:
    void be_at(Node* node);

    const EntryList* list_;
    Node* at_ = nullptr;
  };

 private:
  struct Key;
  struct Link;
  // One node in two is on the next level, too. 2^20 entries are more than a memtable holds.
  static constexpr int kLevels = 20;
  static constexpr std::uint32_t kOneIn = 2;
  using Path = std::array<Node*, kLevels>;  // The last node before a place, on each level.

  Node* make(int height, std::size_t entry_bytes);
  int random_height();
  // Around a key. Of what a reader found: by the time it looks at `before` again, others may stand
  // between the two.
  struct Place {
    Node* before;  // The last that is before the key; head_ when none is.
    Node* behind;  // The first that is not; null when all are.
  };
  // From a node before the key whose links of so many levels are followed. Notes in `path`, if any,
  // where it left each of them.
  static Place descend(Node* from, int levels, const Key& key, Path* path);
  Place find(const Key& key) const;
  void find_path(const Key& key);

  const Memory memory_;
  std::uint32_t random_ = 0x9e3779b9;
  Node* const head_;            // Before all; has no entry.
  std::atomic<int> height_{1};  // Levels in use. A reader may know of fewer.
  // The writer's: the node that was inserted last, and on each level it or the last one before it.
  Node* last_ = nullptr;
  Path path_;
};

}  // namespace holdfast::storage
