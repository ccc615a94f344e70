#include "tests/support/faulty_store.h"

namespace holdfast::testing {

void FaultyStore::fail_write(std::uint64_t nth, Failure failure) {
  fail_at_ = writes_ + nth;
  failure_ = failure;
}

void FaultyStore::restart() {
  fail_at_ = fail_read_in_ = 0;
  inner_.forget_unsynced();
}

Result<void> FaultyStore::read() const {
  if (fail_read_in_ == 0 || --fail_read_in_ > 0) return {};
  if (--fail_read_times_ > 0) fail_read_in_ = 1;
  return Error(ErrorCode::kUnavailable, "planted failure of a read");
}

Result<void> FaultyStore::scan_up_to_damage(BytesView begin, BytesView end,
                                            const Visit& visit) const {
  std::size_t left = rows_before_damage_;
  TRY(inner_.scan(begin, end, [&](BytesView key, BytesView value) {
    return left > 0 && left-- > 0 && visit(key, value);
  }));
  return Error(ErrorCode::kCorruption, "planted damage");
}

Result<void> FaultyStore::write(const storage::Write& write, storage::Sync sync) {
  ++writes_;
  if (fail_at_ == 0 || writes_ < fail_at_) return inner_.write(write, sync);
  if (writes_ == fail_at_ && failure_ == Failure::kStored) {
    const Result<void> stored = inner_.write(write, sync);
    if (!stored.has_value()) return stored;
  }
  return Error(ErrorCode::kUnavailable, "planted failure of a write");
}

}  // namespace holdfast::testing
