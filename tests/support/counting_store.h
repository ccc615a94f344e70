#pragma once
// CountingStore: passes everything on to another store, and counts the rows that are read, also
// from its snapshots. May do something after a number of them.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "storage/store.h"

namespace holdfast::testing {

class Reads {
 public:
  void add() {
    ++count_;
    if (then_ && --left_ == 0) std::exchange(then_, {})();
  }
  std::uint64_t take() { return count_.exchange(0); }
  // Once. One thread.
  void after(std::uint64_t reads, std::function<void()> then) {
    left_ = reads;
    then_ = std::move(then);
  }

 private:
  std::atomic<std::uint64_t> count_ = 0;
  std::uint64_t left_ = 0;
  std::function<void()> then_;
};

class CountingReader final : public storage::Reader {
 public:
  CountingReader(std::unique_ptr<const storage::Reader> inner, Reads& reads)
      : owned_(std::move(inner)), inner_(*owned_), reads_(reads) {}
  CountingReader(const storage::Reader& inner, Reads& reads) : inner_(inner), reads_(reads) {}

  Result<std::optional<Bytes>> get(BytesView key) const override {
    reads_.add();
    return inner_.get(key);
  }
  Result<void> scan(BytesView begin, BytesView end, const Visit& visit) const override {
    return inner_.scan(begin, end, counted(visit));
  }
  Result<void> scan_reverse(BytesView begin, BytesView end, const Visit& visit) const override {
    return inner_.scan_reverse(begin, end, counted(visit));
  }
  std::unique_ptr<Reader> snapshot() const override {
    return std::make_unique<CountingReader>(inner_.snapshot(), reads_);
  }

 private:
  Visit counted(const Visit& visit) const {
    return [this, &visit](BytesView key, BytesView value) {
      reads_.add();
      return visit(key, value);
    };
  }

  const std::unique_ptr<const storage::Reader> owned_;
  const storage::Reader& inner_;
  Reads& reads_;
};

class CountingStore final : public storage::Store {
 public:
  explicit CountingStore(storage::Store& inner) : inner_(inner), reader_(inner, reads_) {}

  // Rows read since the last call, by get or by a scan.
  std::uint64_t take_reads() const { return reads_.take(); }

  // Calls `then` in the middle of a read, when so many more rows were read.
  void after_reads(std::uint64_t reads, std::function<void()> then) {
    reads_.after(reads, std::move(then));
  }

  Result<std::optional<Bytes>> get(BytesView key) const override { return reader_.get(key); }
  Result<void> scan(BytesView begin, BytesView end, const Visit& visit) const override {
    return reader_.scan(begin, end, visit);
  }
  Result<void> scan_reverse(BytesView begin, BytesView end, const Visit& visit) const override {
    return reader_.scan_reverse(begin, end, visit);
  }
  std::unique_ptr<Reader> snapshot() const override { return reader_.snapshot(); }
  Result<void> write(const storage::Write& write, storage::Sync sync) override {
    return inner_.write(write, sync);
  }
  Result<void> erase_range(BytesView begin, BytesView end) override {
    return inner_.erase_range(begin, end);
  }
  Result<void> compact() override { return inner_.compact(); }
  std::uint64_t approximate_bytes(BytesView begin, BytesView end) const override {
    return inner_.approximate_bytes(begin, end);
  }

 private:
  storage::Store& inner_;
  mutable Reads reads_;
  const CountingReader reader_;
};

}  // namespace holdfast::testing
