#pragma once
// Table: rows under names of columns, as a query sees them; knows nothing of the engine that runs
// the query.
//
// A table has ways in: sets of columns for which it can find the rows with given values without
// reading the others. A way may lead to more rows than asked for, never to fewer: the engine checks
// every row again.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::net::sql {

// How the values of a column look in an answer: times are RFC 3339 in UTC with milliseconds,
// durations PT..S, bytes lower-case hexadecimal digits, lists arrays.
enum class ColumnType { kText, kTime, kDuration, kBytes, kList, kBool, kU32, kU64 };

struct Column {
  const char* name;
  ColumnType type;
};

struct Blob {
  Bytes bytes;
};
// Null; a number or bool (a u64 as the int64 of the same bits); text, also of times and durations,
// and a list as the text of a JSON array; bytes.
using Value = std::variant<std::monostate, std::int64_t, std::string, Blob>;

// One pass over a table. Errors end the query.
class Rows {
 public:
  virtual ~Rows() = default;
  // Moves on, at first to the first row; false: there is none.
  virtual Result<bool> next() = 0;
  // REQUIRES: the last next() was true.
  virtual Value value(std::size_t column) = 0;
};

// A way in.
struct Way {
  std::vector<std::size_t> columns;  // Each must be equal to a given value.
  double rows = 1;                   // How many rows it reads, roughly.
};

class Table {
 public:
  virtual ~Table() = default;
  virtual const char* name() const = 0;
  virtual const std::vector<Column>& columns() const = 0;
  // The last one asks for no column: it reads the whole table.
  virtual const std::vector<Way>& ways() const = 0;
  // `values` are those of the way's columns, in their order.
  virtual std::unique_ptr<Rows> open(std::size_t way, std::vector<std::string> values) const = 0;
};

using Tables = std::vector<std::unique_ptr<Table>>;

}  // namespace holdfast::net::sql
