#pragma once
// What the tests of the committer share.

#include <span>
#include <string>
#include <vector>

#include "storage/append_log.h"
#include "storage/batch.h"

namespace holdfast::storage {

// A log that counts, and answers as told.
class FakeLog final : public Log {
 public:
  AppendOutcome append(Epoch, std::span<const Batch* const> batches) override {
    sizes.push_back(batches.size());
    if (answer != AppendOutcome::Kind::kCommitted) return {answer, {}, "told to"};
    const Lsn first = next_;
    for (const Batch* batch : batches) next_ = next_.plus(batch->stamped_count());
    return {answer, first, {}};
  }

  std::vector<std::size_t> sizes;  // Batches per append.
  AppendOutcome::Kind answer = AppendOutcome::Kind::kCommitted;

 private:
  Lsn next_ = Lsn(100);
};

inline Batch one_put(const std::string& key = "key") {
  Batch batch;
  batch.put(key, "value");
  return batch;
}

}  // namespace holdfast::storage
