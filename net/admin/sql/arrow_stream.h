#pragma once
// ArrowStream: rows as a stream of Apache Arrow, application/vnd.apache.arrow.stream.
//
// Values come row by row, from a source that knows the types of its columns only once all rows are
// there; so they are collected by column, in batches, and encoded at the end. A column's type is
//   - what was said of it, when all its values are of that type (for doubles: or are integers);
//   - else Bool, Int64, Float64, LargeUtf8 or LargeBinary, when all its values are of one kind;
//   - else Float64 for integers and doubles: an integer beyond 2^53 becomes the nearest double;
//   - else, for a mix, LargeUtf8: true and false, numbers in decimal (a double that is none: inf,
//     -inf or nan), bytes in hexadecimal;
//   - LargeUtf8, when it has nothing but nulls and nothing was said.
// Each column may have nulls, and two may have one name.
//
// Format: "Arrow Columnar Format", its section "Serialization and Interprocess Communication"
// (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format), metadata version 5;
// the numbers of fields and types are from Schema.fbs and Message.fbs beside it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"

namespace holdfast::net::sql {

enum class ArrowKind : std::uint8_t {
  kNull,  // Said of a column: nothing is known.
  kBool,
  kInt64,
  kDouble,
  kText,
  kBlob
};

struct ArrowColumn {
  std::string name;  // UTF-8.
  ArrowKind said = ArrowKind::kNull;
};

class ArrowStream {
 public:
  static constexpr std::size_t kBatchRowsMax = 8192;

  explicit ArrowStream(std::vector<ArrowColumn> columns);

  // The next value: of the column behind the one before; behind the last begins the next row.
  // REQUIRES: there is a column.
  void add_null() { add(ArrowKind::kNull, 0, {}); }
  void add_bool(bool value) { add(ArrowKind::kBool, value ? 1 : 0, {}); }
  void add_int64(std::int64_t value) { add(ArrowKind::kInt64, value, {}); }
  void add_double(double value);
  void add_text(std::string_view utf8) { add(ArrowKind::kText, 0, utf8); }
  void add_blob(BytesView bytes) { add(ArrowKind::kBlob, 0, bytes); }

  // What is held: of each value nine bytes and those of its text or blob, and the names. The stream
  // has at most four times as many, and 256 for each column and for itself. Allocated may be twice
  // as many. Constant time.
  std::size_t size_bytes() const { return size_bytes_; }

  // The whole stream: the schema, the batches, its end. Gives back the memory of each batch when it
  // is encoded.
  // REQUIRES: the last row is complete.
  Bytes encode() &&;

  // The values of one column in one batch.
  struct Part {
    std::vector<ArrowKind> kinds;
    std::vector<std::int64_t> values;  // A double's bits; of a text or blob the end in `bytes`.
    Bytes bytes;
  };

 private:
  struct Column {
    std::string name;
    ArrowKind said = ArrowKind::kNull;
    unsigned kinds = 0;  // A bit for each that it has, without null.
  };

  static ArrowKind type_of(const Column& column);
  void add(ArrowKind kind, std::int64_t value, BytesView bytes);

  std::vector<Column> columns_;
  std::vector<std::vector<Part>> batches_;  // None is empty; of each a part for each column.
  std::size_t next_ = 0;                    // The column of the next value.
  std::size_t size_bytes_ = 0;
};

}  // namespace holdfast::net::sql
