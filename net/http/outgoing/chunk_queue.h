#pragma once
// ChunkQueue: bytes of a body on their way out, in the pieces they came in. Small pieces are put
// together, large ones are not copied until they leave.

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/check.h"

namespace holdfast::net {

class ChunkQueue {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  void push(Bytes chunk) {
    if (chunk.empty()) {
      return;
    }
    size_ += chunk.size();
    if (!chunks_.empty() && chunks_.back().size() + chunk.size() <= kMergedBytes) {
      chunks_.back() += chunk;
    } else {
      chunks_.push_back(std::move(chunk));
    }
  }

  // Takes all of `other` behind what is here.
  void push(ChunkQueue& other) {
    if (empty()) {
      std::swap(*this, other);
    } else if (other.first_sent_ == 0) {
      for (std::size_t i = other.first_; i < other.chunks_.size(); ++i) {
        push(std::move(other.chunks_[i]));
      }
    } else {
      push(other.take_all());
    }
    other.clear();
  }

  // Moves the first `count` bytes to the end of `to`. REQUIRES: count <= size().
  void take(std::size_t count, Bytes& to) {
    CHECK(count <= size_, "more bytes than there are");
    size_ -= count;
    while (count > 0) {
      const Bytes& chunk = chunks_[first_];
      const std::size_t part = std::min(count, chunk.size() - first_sent_);
      to.append(chunk, first_sent_, part);
      first_sent_ += part;
      count -= part;
      if (first_sent_ == chunk.size()) {
        chunks_[first_++] = {};
        first_sent_ = 0;
      }
    }
    if (size_ == 0) {
      clear();
    } else if (first_ >= kDropAfter && 2 * first_ >= chunks_.size()) {
      chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }

  // One piece is given away as it is.
  Bytes take_all() {
    Bytes all;
    if (first_ + 1 == chunks_.size() && first_sent_ == 0) {
      all = std::move(chunks_[first_]);
    } else {
      take(size_, all);
    }
    clear();
    return all;
  }

  void clear() {
    chunks_.clear();
    first_ = first_sent_ = size_ = 0;
  }

 private:
  static constexpr std::size_t kMergedBytes = 4096;
  static constexpr std::size_t kDropAfter = 64;

  std::vector<Bytes> chunks_;
  std::size_t first_ = 0;       // Chunks before it have gone.
  std::size_t first_sent_ = 0;  // So have that many bytes of it.
  std::size_t size_ = 0;        // Bytes left in all.
};

}  // namespace holdfast::net
