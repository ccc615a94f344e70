#pragma once
// Verify: whether a store is what the engine would have written. Each row by itself (its key has
// the form of its table's, its record can be decoded), and the rows with each other, in both
// directions where the format promises it. Which pairs those are: docs/formats/agreement.md.
//
// Pure: it reads, and says what it found. Damage is not an error here but a problem in the report.
//
// It takes a store at rest, or one moment of a store. What a crash may leave is no problem: whoever
// starts next sees to it.
//
// Memory: one journal at a time, a page of each table, and 24 bytes for each invocation of the one
// object key that has most of them. So it does not grow with the store.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "journal/verify/store_report.h"
#include "storage/store.h"

namespace holdfast::journal {

struct VerifyOptions {
  std::size_t problems_kept = 100;  // All are counted.
  // Called now and then with the name of the check under way and the rows it has looked at.
  std::function<void(std::string_view check, std::uint64_t rows)> progress = {};
};

StoreReport verify_store(const storage::Reader& store, const VerifyOptions& options = {});

}  // namespace holdfast::journal
