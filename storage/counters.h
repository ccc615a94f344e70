#pragma once
// Counters: exact numbers of one partition, each under a name, changed by the batches that change
// what they count. So no crash can part the two.
//
// The log is the only writer: it holds the values in memory, sums what the batches of an append
// add, and writes each counter that changed once, in the same write. Nothing is read on the way.
//
// A meta row says in which epoch of the log the counters were last kept. Whoever wrote to the
// partition without keeping them (an older release; a log opened without them) began an epoch of
// its own; so the next one that keeps them sees that they are not to be trusted, and counts again.
//
// Format of the rows: docs/formats/key_space.md.

#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/batch.h"
#include "storage/commit.h"
#include "storage/key_space.h"
#include "storage/store.h"

namespace holdfast::storage {

// The values as they are in `partition`, each that is not 0. False: they were not kept in `epoch`,
// or cannot be understood; nothing, or some, were visited then.
using VisitCounter = std::function<void(BytesView name, std::int64_t value)>;
Result<bool> each_counter(const Reader& store, KeyRange partition, Epoch epoch,
                          const VisitCounter& visit);

// Whether `row`, of the counters or the meta row about them, is one; kCorruption says what it is
// not.
Result<void> check_counter_row(BytesView row);

// One thread at a time.
class Counters final : public Additions {
 public:
  using Add = std::function<void(BytesView name, std::int64_t delta)>;
  // Counts all there is in the partition anew, calling `add`.
  using Recount =
      std::function<Result<void>(const Reader& store, KeyRange partition, const Add& add)>;

  explicit Counters(KeyRange partition) : partition_(partition) {}

  // Takes the values of the epoch `last` over into the epoch `next`, or counts anew when they were
  // not kept in `last`. `batch` gets the rows that say so. Once, at first.
  Result<void> open(const Reader& store, Epoch last, Epoch next, const Recount& recount,
                    Batch& batch);

  void add(BytesView name, std::int64_t delta) override;
  // Those that differ from what is stored; `batch` must be written then.
  void put_changed(Batch& batch) override;

 private:
  struct Counter {
    std::int64_t value = 0;
    std::int64_t stored = 0;
    bool touched = false;  // It is in touched_.
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };
  using ByName = std::unordered_map<Bytes, Counter, Hash, std::equal_to<>>;

  Result<void> count_anew(const Reader& store, const Recount& recount, Batch& batch);

  const KeyRange partition_;
  ByName counters_;
  std::vector<ByName::value_type*> touched_;
};

}  // namespace holdfast::storage
