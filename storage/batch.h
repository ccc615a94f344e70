#pragma once
// Batch: writes that happen together or not at all, in the order they were added.
//
// Beside plain puts there are stamped puts: their key is a prefix, and the Lsn the committer gives
// out is appended to it as 8 big-endian bytes when the batch is written. So whoever adds to an
// ordered table need not know its end.
//
// And there are additions to counters: those of all batches that are written together are summed,
// and each counter that changed is written once (counters.h).
//
// A value: one flat buffer, cheap to move. One thread at a time.

#include <cstdint>
#include <cstring>

#include "storage/base/bytes.h"

namespace holdfast::storage {

class Batch {
 public:
  void put(BytesView key, BytesView value);
  void put_stamped(BytesView key_prefix, BytesView value);
  void erase(BytesView key);
  // To the counter of this name, of the partition that the batch is for.
  void add(BytesView counter, std::int64_t delta);

  // Adds the writes of `other` after the ones already here.
  void append(Batch&& other);
  void clear();
  // Makes room for what will take so many bytes.
  void reserve(std::size_t bytes) { operations_.reserve(bytes); }

  bool empty() const { return operations_.empty(); }
  // What this batch holds in memory, near enough for a budget.
  std::size_t size_bytes() const { return operations_.size(); }
  // How many Lsns it takes.
  std::uint64_t stamped_count() const { return stamped_count_; }

  // Calls, in order, visitor.put(key, value), visitor.put_stamped(key_prefix, value),
  // visitor.erase(key) and visitor.add(counter, delta).
  template <class Visitor>
  void visit(Visitor&& visitor) const;

 private:
  enum class Kind : std::uint8_t { kPut, kPutStamped, kErase, kAdd };
  // Stands before the bytes of its key and its value.
  struct Header {
    std::uint32_t key_size;
    std::uint32_t value_size;
    Kind kind;
  };
  static constexpr std::size_t kHeaderSize = 9;

  void append(Kind kind, BytesView key, BytesView value);

  Bytes operations_;
  std::uint64_t stamped_count_ = 0;
};

template <class Visitor>
void Batch::visit(Visitor&& visitor) const {
  const char* at = operations_.data();
  const char* const end = at + operations_.size();
  while (at != end) {
    Header header;
    std::memcpy(&header, at, kHeaderSize);
    const BytesView key(at + kHeaderSize, header.key_size);
    const BytesView value(key.data() + key.size(), header.value_size);
    at = value.data() + value.size();
    switch (header.kind) {
      case Kind::kPut:
        visitor.put(key, value);
        break;
      case Kind::kPutStamped:
        visitor.put_stamped(key, value);
        break;
      case Kind::kErase:
        visitor.erase(key);
        break;
      case Kind::kAdd: {
        std::int64_t delta;
        std::memcpy(&delta, value.data(), sizeof(delta));
        visitor.add(key, delta);
        break;
      }
    }
  }
}

}  // namespace holdfast::storage
