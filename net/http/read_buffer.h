#pragma once
// ReadBuffer: bytes that have arrived and are not yet used, in one piece.
//
// Unlike beast::flat_buffer, consume() leaves alone what prepare() gave out, so that bytes may be
// used while the next read is under way. Bytes move only in prepare().

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

#include "storage/base/bytes.h"
#include "storage/base/check.h"

namespace holdfast::net {

class ReadBuffer {
 public:
  BytesView data() const { return {memory_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }

  // At least `size` writable bytes, valid until the next prepare(). REQUIRES: size > 0.
  std::span<char> prepare(std::size_t size) {
    const std::size_t used = end_ - begin_;
    const bool oversized = capacity_ > kKeptBytes && used + size <= kFirstBytes;
    if (capacity_ - end_ < size || oversized) {
      if (capacity_ < used + size || oversized) {
        capacity_ = std::max(used + size, oversized ? kFirstBytes : 2 * capacity_);
        capacity_ = std::max(capacity_, kFirstBytes);
        auto larger = std::make_unique_for_overwrite<char[]>(capacity_);
        copy_used_to(larger.get());
        memory_ = std::move(larger);
      } else {
        copy_used_to(memory_.get());
      }
      begin_ = 0;
      end_ = used;
    }
    return {memory_.get() + end_, capacity_ - end_};
  }

  void commit(std::size_t size) {
    CHECK(size <= capacity_ - end_, "more bytes than were prepared");
    end_ += size;
  }

  void consume(std::size_t size) {
    CHECK(size <= this->size(), "more bytes than there are");
    begin_ += size;
  }

  void append(BytesView bytes) {
    if (!bytes.empty()) {
      std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
      commit(bytes.size());
    }
  }

 private:
  static constexpr std::size_t kFirstBytes = 2048;  // Ten thousand idle connections are 20 MiB.
  static constexpr std::size_t kKeptBytes = 128 << 10;

  void copy_used_to(char* target) {
    if (end_ > begin_) {
      std::memmove(target, memory_.get() + begin_, end_ - begin_);
    }
  }

  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // begin_ <= end_ <= capacity_.
  std::size_t end_ = 0;
};

}  // namespace holdfast::net
