#include "storage/entry_list.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "storage/base/big_endian.h"

namespace holdfast::storage {

namespace {

constexpr std::size_t kTagBytes = 8;
// So many nodes of a level say how many entries there are, within a quarter in nearly all cases.
constexpr std::uint64_t kCounted = 64;

// As a number that is in the order of the keys, as far as 8 bytes decide.
std::uint64_t prefix_of(BytesView key) {
  char padded[8] = {};
  std::memcpy(padded, key.data(), std::min(key.size(), sizeof(padded)));
  return read_big_endian<std::uint64_t>(BytesView(padded, sizeof(padded)));
}

BytesView internal_key_of(const char* entry) {
  std::uint32_t size = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(*entry++);
    size |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return {entry, size};
}

}  // namespace

// An internal key, taken apart.
struct EntryList::Key {
  explicit Key(BytesView internal)
      : row(internal.substr(0, internal.size() - kTagBytes)), prefix(prefix_of(row)) {
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(&tag, row.data() + row.size(), kTagBytes);
  }

  BytesView row;
  std::uint64_t prefix;
  std::uint64_t tag;
};

// Where a level leads to from a node, and what is known of the prefix there without a look at it:
// a search goes by on this level in what it has read already.
struct EntryList::Link {
  std::atomic<Node*> node{nullptr};
  // Not greater than that of `node`: the writer changes it first. Without a node, anything.
  std::atomic<std::uint64_t> at_least{0};
};

// Its links above the lowest level lie before it in memory, its entry behind it.
class EntryList::Node {
 public:
  explicit Node(int height) : height_(static_cast<std::uint64_t>(height)) {
    for (int level = 1; level < height; ++level) new (&link(level)) Link;
  }
  static std::size_t bytes_above(int height) {
    return (static_cast<std::size_t>(height) - 1) * sizeof(Link);
  }

  char* entry() { return reinterpret_cast<char*>(this + 1); }
  BytesView internal_key() { return internal_key_of(entry()); }
  int height() const { return static_cast<int>(height_); }
  std::uint64_t prefix() const { return prefix_; }
  void set_prefix(std::uint64_t prefix) { prefix_ = prefix; }

  Node* next(int level) { return link(level).node.load(std::memory_order_acquire); }
  // Whether `next`, which was found on this level, is not before the key.
  bool is_not_before(int level, Node* next, const Key& key) {
    return begins_behind(level, key) || next->compare(key) >= 0;
  }
  // ... is that of the key.
  bool is_at(int level, Node* next, const Key& key) {
    return !begins_behind(level, key) && next->compare(key) == 0;
  }
  // Behind `before`, where it is not found yet.
  void follow(Node* before, int level) {
    const Link& from = before->link(level);
    link(level).at_least.store(from.at_least.load(std::memory_order_relaxed),
                               std::memory_order_relaxed);
    link(level).node.store(from.node.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  // Whoever finds `node` by this sees all that was written to it before.
  void publish_next(int level, Node* node) {
    link(level).at_least.store(node->prefix(), std::memory_order_relaxed);
    link(level).node.store(node, std::memory_order_release);
  }

  // Negative when this one stands before the key.
  int compare(const Key& key) {
    if (prefix_ != key.prefix) return prefix_ < key.prefix ? -1 : 1;
    const BytesView internal = internal_key();
    const BytesView row = internal.substr(0, internal.size() - kTagBytes);
    if (const int order = row.compare(key.row); order != 0) return order;
    std::uint64_t tag;
    std::memcpy(&tag, row.data() + row.size(), kTagBytes);
    return tag > key.tag ? -1 : static_cast<int>(tag < key.tag);
  }

 private:
  Link& link(int level) { return *(reinterpret_cast<Link*>(this) - level); }
  bool begins_behind(int level, const Key& key) {
    return link(level).at_least.load(std::memory_order_relaxed) > key.prefix;
  }

  Link lowest_;
  union {
    std::uint64_t height_;  // Until it is inserted.
    std::uint64_t prefix_;  // From then on, that of its key.
  };
};

EntryList::EntryList(Memory memory) : memory_(std::move(memory)), head_(make(kLevels, 0)) {
  path_.fill(head_);
}

EntryList::Node* EntryList::make(std::size_t entry_bytes) {
  return make(random_height(), entry_bytes);
}

EntryList::Node* EntryList::make(int height, std::size_t entry_bytes) {
  constexpr std::size_t kAligned = alignof(Node);
  const std::size_t above = Node::bytes_above(height);
  char* const memory = memory_(above + sizeof(Node) + entry_bytes + kAligned - 1);
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t unaligned = address % kAligned;
  return new (memory + (unaligned == 0 ? 0 : kAligned - unaligned) + above) Node(height);
}

char* EntryList::entry_of(Node* node) { return node->entry(); }

int EntryList::random_height() {
  int height = 1;
  do {
    random_ ^= random_ << 13;  // G. Marsaglia, Xorshift RNGs, 2003.
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
  } while (random_ % kOneIn == 0 && ++height < kLevels);
  return height;
}

EntryList::Place EntryList::descend(Node* from, int levels, const Key& key, Path* path) {
  Node* at = from;
  Node* behind = nullptr;  // Known not to be before the key.
  for (int level = levels - 1; level >= 0; --level) {
    for (Node* next = at->next(level); next != behind; next = at->next(level)) {
      if (at->is_not_before(level, next, key)) {
        behind = next;
      } else {
        at = next;
      }
    }
    if (path != nullptr) (*path)[level] = at;
  }
  return {at, behind};
}

EntryList::Place EntryList::find(const Key& key) const {
  return descend(head_, height_.load(std::memory_order_relaxed), key, nullptr);
}

void EntryList::find_path(const Key& key) {
  const int levels = height_.load(std::memory_order_relaxed);
  if (last_ == nullptr || last_->compare(key) >= 0) {
    descend(head_, levels, key, &path_);
    return;
  }
  // Up to where the next one is behind the key; from there on the path is right already.
  int climbed = 0;
  for (; climbed < levels; ++climbed) {
    Node* const next = path_[climbed]->next(climbed);
    if (next == nullptr || path_[climbed]->is_not_before(climbed, next, key)) break;
  }
  if (climbed > 0) descend(path_[climbed - 1], climbed, key, &path_);
}

bool EntryList::insert(Node* node) {
  const int height = node->height();
  const Key key(node->internal_key());
  find_path(key);
  Node* const behind = path_[0]->next(0);
  if (behind != nullptr && path_[0]->is_at(0, behind, key)) {
    last_ = nullptr;  // The path leads to another one.
    return false;
  }
  node->set_prefix(key.prefix);
  if (height > height_.load(std::memory_order_relaxed)) {
    height_.store(height, std::memory_order_relaxed);
  }
  for (int level = 0; level < height; ++level) {
    node->follow(path_[level], level);
    path_[level]->publish_next(level, node);
    path_[level] = node;
  }
  last_ = node;
  return true;
}

bool EntryList::contains(BytesView internal_key) const {
  const Key key(internal_key);
  Node* const found = find(key).behind;
  return found != nullptr && found->compare(key) == 0;
}

std::uint64_t EntryList::count_before(BytesView internal_key) const {
  const Key key(internal_key);
  std::uint64_t each = 1;  // How many entries a node of the level stands for.
  int level = height_.load(std::memory_order_relaxed) - 1;
  for (int below = level; below > 0; --below) each *= kOneIn;
  for (;; --level, each /= kOneIn) {
    std::uint64_t count = 0;
    for (Node* at = head_->next(level); at != nullptr && at->compare(key) < 0;
         at = at->next(level)) {
      ++count;
    }
    if (level == 0 || count >= kCounted) return count * each;
  }
}

const char* EntryList::Cursor::entry() const { return at_->entry(); }

void EntryList::Cursor::next() { at_ = at_->next(0); }

void EntryList::Cursor::previous() { be_at(list_->find(Key(at_->internal_key())).before); }

void EntryList::Cursor::to_first() { at_ = list_->head_->next(0); }

void EntryList::Cursor::to_last() {
  Node* at = list_->head_;
  for (int level = list_->height_.load(std::memory_order_relaxed) - 1; level >= 0; --level) {
    while (Node* const next = at->next(level)) at = next;
  }
  be_at(at);
}

void EntryList::Cursor::to_first_from(BytesView internal_key) {
  at_ = list_->find(Key(internal_key)).behind;
}

void EntryList::Cursor::to_last_until(BytesView internal_key) {
  const Key key(internal_key);
  const Place place = list_->find(key);
  const bool is_there = place.behind != nullptr && place.behind->compare(key) == 0;
  be_at(is_there ? place.behind : place.before);
}

void EntryList::Cursor::be_at(Node* node) { at_ = node == list_->head_ ? nullptr : node; }

}  // namespace holdfast::storage
