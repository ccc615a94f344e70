#pragma once
// AnswerRows: writes the rows of a statement, as JSON or as a stream of Apache Arrow.

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/base/bytes.h"

namespace holdfast::net::sql {

enum class AnswerFormat : std::uint8_t {
  // {"rows":[{column: value, ...}, ...]}; nulls are left out. With "unreadable", a number, when
  // records could not be read.
  kJson,
  // A u64 that is no int64 makes its column one of texts. Says nothing of what could not be read.
  kArrow,
};

class AnswerRows {
 public:
  virtual ~AnswerRows() = default;
  // The row that the statement stands at.
  virtual void add(sqlite3_stmt* statement) = 0;
  virtual std::size_t size_bytes() const = 0;
  // Once, at the end.
  virtual Bytes take(std::uint64_t unreadable) = 0;
};

// The columns are called as in `asked`; all rows have as many. `comparisons` are names of columns
// that are true or false.
std::unique_ptr<AnswerRows> make_answer_rows(AnswerFormat format, sqlite3_stmt* asked,
                                             const std::vector<std::string>& comparisons);

}  // namespace holdfast::net::sql
