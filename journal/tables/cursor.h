#pragma once
// Cursor: a range of keys in order, a page at a time, so that several can be walked side by side.
// Of use inside journal/tables and journal/verify only.

#include <algorithm>
#include <deque>
#include <utility>

#include "storage/base/bytes.h"
#include "storage/base/result.h"
#include "storage/key_space.h"
#include "storage/store.h"

namespace holdfast::journal {

class Cursor {
 public:
  // The store outlives it.
  Cursor(const storage::Reader& store, Bytes begin, Bytes end)
      : store_(store), next_(std::move(begin)), end_(std::move(end)) {}
  // All of a table.
  Cursor(const storage::Reader& store, storage::Table table)
      : Cursor(store, Bytes(1, static_cast<char>(table)),
               storage::prefix_end(Bytes(1, static_cast<char>(table)))) {}

  struct Row {
    Bytes key, value;
  };
  // The row it stands at; null at the end.
  Result<const Row*> peek() {
    if (page_.empty() && !done_) TRY(read());
    return page_.empty() ? static_cast<const Row*>(nullptr) : &page_.front();
  }
  // REQUIRES: peek() gave a row.
  void advance() { page_.pop_front(); }

 private:
  // A little for those who want a few rows.
  static constexpr std::size_t kRowsFirst = 16;
  static constexpr std::size_t kRowsMax = 512;
  static constexpr std::size_t kBytesMax = 1 << 20;

  Result<void> read() {
    std::size_t bytes = 0;
    done_ = true;
    TRY(store_.scan(next_, end_, [&](BytesView key, BytesView value) {
      page_.push_back({Bytes(key), Bytes(value)});
      bytes += key.size() + value.size();
      done_ = page_.size() < rows_max_ && bytes < kBytesMax;
      return done_;
    }));
    if (!page_.empty()) next_ = page_.back().key + '\0';
    rows_max_ = std::min(rows_max_ * 2, kRowsMax);
    return {};
  }

  const storage::Reader& store_;
  Bytes next_;
  const Bytes end_;
  bool done_ = false;
  std::size_t rows_max_ = kRowsFirst;
  std::deque<Row> page_;
};

}  // namespace holdfast::journal
