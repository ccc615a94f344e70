#include "storage/batch.h"

#include <cstddef>
#include <limits>
#include <utility>

#include "storage/base/check.h"

namespace holdfast::storage {

void Batch::put(BytesView key, BytesView value) { append(Kind::kPut, key, value); }

void Batch::put_stamped(BytesView key_prefix, BytesView value) {
  append(Kind::kPutStamped, key_prefix, value);
  ++stamped_count_;
}

void Batch::erase(BytesView key) { append(Kind::kErase, key, {}); }

void Batch::add(BytesView counter, std::int64_t delta) {
  append(Kind::kAdd, counter, {reinterpret_cast<const char*>(&delta), sizeof(delta)});
}

void Batch::append(Batch&& other) {
  if (operations_.empty()) {
    operations_ = std::move(other.operations_);
  } else {
    operations_.append(other.operations_);
  }
  stamped_count_ += other.stamped_count_;
  other.clear();
}

void Batch::clear() {
  operations_.clear();
  stamped_count_ = 0;
}

void Batch::append(Kind kind, BytesView key, BytesView value) {
  constexpr std::size_t kSizeMax = std::numeric_limits<std::uint32_t>::max();
  CHECK(key.size() <= kSizeMax && value.size() <= kSizeMax, "a key or value is under 4 GiB");
  const Header header{static_cast<std::uint32_t>(key.size()),
                      static_cast<std::uint32_t>(value.size()), kind};
  static_assert(offsetof(Header, kind) + sizeof(Kind) == kHeaderSize);
  operations_.append(reinterpret_cast<const char*>(&header), kHeaderSize);
  operations_.append(key);
  operations_.append(value);
}

}  // namespace holdfast::storage
