// ArrowStream: what is encoded is read back by a reader of its own, which knows nothing but the
// specification and reads what Arrow's own library wrote.

#include <flatbuffers/flatbuffers.h>

#include <bit>
#include <boost/algorithm/hex.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/admin/sql/arrow_stream.h"
#include "storage/base/random.h"

namespace holdfast::net {
namespace {

using sql::ArrowColumn;
using sql::ArrowKind;
using sql::ArrowStream;

struct Value {
  ArrowKind kind = ArrowKind::kNull;
  std::int64_t number = 0;  // A double's bits.
  std::string bytes;

  bool operator==(const Value&) const = default;
};
const Value kNone;
Value of(bool value) { return {ArrowKind::kBool, value ? 1 : 0, ""}; }
Value of(std::int64_t value) { return {ArrowKind::kInt64, value, ""}; }
Value of(double value) { return {ArrowKind::kDouble, std::bit_cast<std::int64_t>(value), ""}; }
Value text(std::string value) { return {ArrowKind::kText, 0, std::move(value)}; }
Value blob(std::string value) { return {ArrowKind::kBlob, 0, std::move(value)}; }

// A table that is read.
struct ReadColumn {
  std::string name;
  ArrowKind type = ArrowKind::kNull;
  std::vector<Value> values;
};
struct ReadTable {
  std::vector<ReadColumn> columns;
  std::vector<std::size_t> batches;  // The rows of each.
};

// Reads a stream, and requires of it what the specification does.
class Reader {
 public:
  static ReadTable read(const Bytes& stream) {
    Reader reader(stream);
    BOOST_REQUIRE(reader.next_message());
    BOOST_REQUIRE(reader.header_type_ == 1);
    reader.read_schema();
    while (reader.next_message()) {
      BOOST_REQUIRE(reader.header_type_ == 3);
      reader.read_batch();
    }
    BOOST_REQUIRE(reader.at_ == stream.size());
    return std::move(reader.table_);
  }

 private:
  using Table = flatbuffers::Table;
  using Tables = flatbuffers::Vector<flatbuffers::Offset<Table>>;
  struct Pair {  // A struct of two longs.
    std::int64_t first, second;
  };

  explicit Reader(const Bytes& stream) : stream_(stream) {}

  static flatbuffers::voffset_t slot(int number) {
    return static_cast<flatbuffers::voffset_t>(4 + 2 * number);
  }
  template <typename T>
  static T load(BytesView from, std::size_t index) {
    BOOST_REQUIRE((index + 1) * sizeof(T) <= from.size());
    T value{};
    std::memcpy(&value, from.data() + index * sizeof(T), sizeof(T));
    return value;
  }
  BytesView take(std::size_t length) {
    BOOST_REQUIRE(length <= stream_.size() - at_);
    at_ += length;
    return BytesView(stream_).substr(at_ - length, length);
  }

  // False: this is the end.
  bool next_message() {
    BOOST_REQUIRE(at_ % 8 == 0);
    BOOST_REQUIRE(load<std::uint32_t>(take(4), 0) == 0xffffffff);
    const auto length = load<std::int32_t>(take(4), 0);
    if (length == 0) return false;
    BOOST_REQUIRE(length % 8 == 0);
    metadata_ = take(static_cast<std::size_t>(length));  // A copy, which is aligned.
    const auto* const message = flatbuffers::GetRoot<Table>(metadata_.data());
    BOOST_REQUIRE(message->GetField<std::int16_t>(slot(0), 0) == 4);
    header_type_ = message->GetField<std::uint8_t>(slot(1), 0);
    header_ = message->GetPointer<const Table*>(slot(2));
    BOOST_REQUIRE(header_ != nullptr);
    const auto body = message->GetField<std::int64_t>(slot(3), 0);
    BOOST_REQUIRE(body % 8 == 0);
    body_ = take(static_cast<std::size_t>(body));
    return true;
  }

  void read_schema() {
    BOOST_REQUIRE(body_.empty());
    BOOST_REQUIRE(header_->GetField<std::int16_t>(slot(0), 0) == 0);  // Little endian.
    const auto* const fields = header_->GetPointer<const Tables*>(slot(1));
    BOOST_REQUIRE(fields != nullptr);
    for (const Table* const field : *fields) {
      const auto* const name = field->GetPointer<const flatbuffers::String*>(slot(0));
      BOOST_REQUIRE(name != nullptr);
      BOOST_REQUIRE(field->GetField<std::uint8_t>(slot(1), 0) == 1);  // May have nulls.
      const auto* const children = field->GetPointer<const Tables*>(slot(5));
      BOOST_REQUIRE((children != nullptr && children->size() == 0));
      table_.columns.push_back({name->str(), type_of(*field), {}});
    }
  }

  static ArrowKind type_of(const Table& field) {
    const auto* const type = field.GetPointer<const Table*>(slot(3));
    BOOST_REQUIRE(type != nullptr);
    switch (field.GetField<std::uint8_t>(slot(2), 0)) {
      case 2:
        BOOST_REQUIRE(type->GetField<std::int32_t>(slot(0), 0) == 64);
        BOOST_REQUIRE(type->GetField<std::uint8_t>(slot(1), 0) == 1);
        return ArrowKind::kInt64;
      case 3:
        BOOST_REQUIRE(type->GetField<std::int16_t>(slot(0), 0) == 2);
        return ArrowKind::kDouble;
      case 6:
        return ArrowKind::kBool;
      case 19:
        return ArrowKind::kBlob;
      case 20:
        return ArrowKind::kText;
      default:
        BOOST_REQUIRE(!"a type that is not used");
        return ArrowKind::kNull;
    }
  }

  void read_batch() {
    const auto rows = header_->GetField<std::int64_t>(slot(0), 0);
    nodes_ = header_->GetPointer<const flatbuffers::Vector<const Pair*>*>(slot(1));
    buffers_ = header_->GetPointer<const flatbuffers::Vector<const Pair*>*>(slot(2));
    next_buffer_ = 0;
    BOOST_REQUIRE((nodes_ != nullptr && buffers_ != nullptr));
    BOOST_REQUIRE(nodes_->size() == table_.columns.size());
    table_.batches.push_back(static_cast<std::size_t>(rows));
    for (flatbuffers::uoffset_t i = 0; i < nodes_->size(); ++i) {
      BOOST_REQUIRE(nodes_->Get(i)->first == rows);
      read_part(table_.columns[i], *nodes_->Get(i));
    }
    BOOST_REQUIRE(next_buffer_ == buffers_->size());
  }

  BytesView buffer() {
    BOOST_REQUIRE(next_buffer_ < buffers_->size());
    const Pair& found = *buffers_->Get(next_buffer_++);
    BOOST_REQUIRE((found.first >= 0 && found.first % 8 == 0 && found.second >= 0));
    BOOST_REQUIRE(found.first + found.second <= static_cast<std::int64_t>(body_.size()));
    return body_.substr(static_cast<std::size_t>(found.first),
                        static_cast<std::size_t>(found.second));
  }
  static bool bit(BytesView bits, std::size_t index) {
    return (load<std::uint8_t>(bits, index / 8) >> index % 8 & 1) != 0;
  }

  void read_part(ReadColumn& column, const Pair& node) {
    const BytesView valid = buffer();
    const BytesView values = buffer();
    const bool has_bytes = column.type == ArrowKind::kText || column.type == ArrowKind::kBlob;
    const BytesView data = has_bytes ? buffer() : BytesView();
    std::int64_t nulls = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(node.first); ++i) {
      Value value{column.type, 0, ""};
      if (column.type == ArrowKind::kBool) {
        value.number = bit(values, i) ? 1 : 0;
      } else if (!has_bytes) {
        value.number = load<std::int64_t>(values, i);
      } else {
        const auto begin = load<std::int64_t>(values, i), end = load<std::int64_t>(values, i + 1);
        BOOST_REQUIRE((0 <= begin && begin <= end));
        BOOST_REQUIRE(end <= static_cast<std::int64_t>(data.size()));
        value.bytes =
            data.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
      }
      if (!valid.empty() && !bit(valid, i)) {
        value = kNone;
        ++nulls;
      }
      column.values.push_back(std::move(value));
    }
    BOOST_REQUIRE(nulls == node.second);
  }

  const Bytes& stream_;
  std::size_t at_ = 0;
  Bytes metadata_;  // Of the message that is read, and what is in it:
  int header_type_ = 0;
  const Table* header_ = nullptr;
  const flatbuffers::Vector<const Pair*>* nodes_ = nullptr;
  const flatbuffers::Vector<const Pair*>* buffers_ = nullptr;
  flatbuffers::uoffset_t next_buffer_ = 0;
  BytesView body_;
  ReadTable table_;
};

using Rows = std::vector<std::vector<Value>>;

void add(ArrowStream& stream, const Value& value) {
  switch (value.kind) {
    case ArrowKind::kNull:
      return stream.add_null();
    case ArrowKind::kBool:
      return stream.add_bool(value.number != 0);
    case ArrowKind::kInt64:
      return stream.add_int64(value.number);
    case ArrowKind::kDouble:
      return stream.add_double(std::bit_cast<double>(value.number));
    case ArrowKind::kText:
      return stream.add_text(value.bytes);
    case ArrowKind::kBlob:
      return stream.add_blob(value.bytes);
  }
}

// Of the table, which must keep what is said of its size.
Bytes encoded(const std::vector<ArrowColumn>& columns, const Rows& rows) {
  ArrowStream stream(columns);
  std::size_t held = 0;
  for (const ArrowColumn& column : columns) held += column.name.size();
  for (const std::vector<Value>& row : rows) {
    for (const Value& value : row) {
      add(stream, value);
      held += 9 + value.bytes.size();
    }
  }
  BOOST_TEST(stream.size_bytes() == held);
  Bytes bytes = std::move(stream).encode();
  BOOST_TEST(bytes.size() <= 4 * held + 256 * (columns.size() + 1));
  return bytes;
}

// Of one column.
ReadColumn column_of(const std::vector<Value>& values, ArrowKind said = ArrowKind::kNull) {
  Rows rows;
  for (const Value& value : values) rows.push_back({value});
  return Reader::read(encoded({{"column", said}}, rows)).columns.at(0);
}

// What the type of a column must be.
ArrowKind expected_type(const std::set<ArrowKind>& kinds, ArrowKind said) {
  using enum ArrowKind;
  const bool all_are_numbers =
      !kinds.contains(kBool) && !kinds.contains(kText) && !kinds.contains(kBlob);
  if (said == kDouble && all_are_numbers) return said;
  if (said != kNull && (kinds.empty() || kinds == std::set{said})) return said;
  if (kinds.empty()) return kText;
  if (kinds.size() == 1) return *kinds.begin();
  return all_are_numbers ? kDouble : kText;
}

// Is `read` what `value` must be in a column of its type?
bool is_read(const Value& value, const Value& read, ArrowKind type) {
  if (value.kind == ArrowKind::kNull || value.kind == type) return read == value;
  if (read.kind != type) return false;
  if (type == ArrowKind::kDouble) return read == of(static_cast<double>(value.number));
  switch (value.kind) {
    case ArrowKind::kBool:
      return read.bytes == (value.number != 0 ? "true" : "false");
    case ArrowKind::kInt64:
      return read.bytes == std::to_string(value.number);
    case ArrowKind::kDouble:
      return of(std::strtod(read.bytes.c_str(), nullptr)) == value;
    default:
      return read.bytes == boost::algorithm::hex_lower(value.bytes);
  }
}

void check_reads_back(const std::vector<ArrowColumn>& columns, const Rows& rows) {
  const ReadTable read = Reader::read(encoded(columns, rows));

  std::size_t read_rows = 0;
  for (const std::size_t batch : read.batches) {
    BOOST_TEST((batch > 0 && batch <= 8192));
    read_rows += batch;
  }
  BOOST_TEST(read_rows == rows.size());
  BOOST_TEST(read.batches.size() == (rows.size() + 8191) / 8192);
  BOOST_REQUIRE(read.columns.size() == columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ReadColumn& column = read.columns[i];
    std::set<ArrowKind> kinds;
    for (const std::vector<Value>& row : rows) kinds.insert(row[i].kind);
    kinds.erase(ArrowKind::kNull);
    BOOST_TEST(column.name == columns[i].name);
    BOOST_TEST((column.type == expected_type(kinds, columns[i].said)));
    BOOST_REQUIRE(column.values.size() == rows.size());
    std::size_t wrong = 0;
    for (std::size_t at = 0; at < rows.size(); ++at) {
      if (!is_read(rows[at][i], column.values[at], column.type)) ++wrong;
    }
    BOOST_TEST(wrong == 0u);
  }
}

struct ArrowFixture {
  SeededRandom random{20};

  std::size_t below(std::size_t end) { return random.next() % end; }

  Value some(ArrowKind kind) {
    static const std::string kTexts[] = {
        "", "a", "\xe2\x82\xac", std::string("\0b", 2), "\"\n", std::string(300, 'x')};
    constexpr double kDoubles[] = {0,
                                   -0.0,
                                   0.1,
                                   1e300,
                                   5e-324,
                                   -2.2250738585072014e-308,
                                   std::numeric_limits<double>::infinity()};
    constexpr std::int64_t kNumbers[] = {0, -1, std::numeric_limits<std::int64_t>::min(),
                                         std::numeric_limits<std::int64_t>::max()};
    switch (kind) {
      case ArrowKind::kBool:
        return of(below(2) == 0);
      case ArrowKind::kInt64:
        return of(below(2) == 0 ? kNumbers[below(4)] : static_cast<std::int64_t>(random.next()));
      case ArrowKind::kDouble:
        return of(below(2) == 0 ? kDoubles[below(7)] : static_cast<double>(random.next()) / 1e9);
      case ArrowKind::kText:
        return text(kTexts[below(6)]);
      case ArrowKind::kBlob:
        return blob(std::string(below(5), static_cast<char>(random.next())));
      default:
        return kNone;
    }
  }

  // Columns of one kind, of two or of all; null is one, too.
  std::pair<std::vector<ArrowColumn>, Rows> table(std::size_t columns, std::size_t rows) {
    const auto any = [&] { return static_cast<ArrowKind>(below(6)); };
    std::pair<std::vector<ArrowColumn>, Rows> made{{}, Rows(rows)};
    for (std::size_t i = 0; i < columns; ++i) {
      made.first.push_back({some(ArrowKind::kText).bytes, any()});
      const ArrowKind kinds[] = {any(), any()};
      const std::size_t different = below(3);
      const bool has_nulls = below(2) == 0;
      for (std::vector<Value>& row : made.second) {
        const ArrowKind kind = different == 2 ? any() : kinds[below(different + 1)];
        row.push_back(has_nulls && below(3) == 0 ? kNone : some(kind));
      }
    }
    return made;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sql_arrow, ArrowFixture)

// Written by pyarrow 26, as two batches: arrays of bool_, int64, float64, large_string and
// large_binary.
BOOST_AUTO_TEST_CASE(the_reader_of_this_test_reads_what_the_library_of_arrow_wrote) {
  std::ifstream file(HOLDFAST_TESTS_FOLDER "/net/vectors/pyarrow.arrows", std::ios::binary);
  const Bytes stream(std::istreambuf_iterator<char>(file), {});

  const ReadTable read = Reader::read(stream);

  BOOST_TEST((read.batches == std::vector<std::size_t>{2, 1}));
  BOOST_REQUIRE(read.columns.size() == 5u);
  const std::vector<Value> kExpected[] = {
      {of(true), kNone, of(false)},
      {of(std::int64_t{-1}), kNone, of(std::numeric_limits<std::int64_t>::max())},
      {of(0.5), kNone, of(-std::numeric_limits<double>::infinity())},
      {text("a"), text(""), text("\xe2\x82\xac")},
      {blob(std::string("\0\xff", 2)), kNone, blob("")}};
  const char* const kNames[] = {"bit", "number", "real", "text", "blob"};
  for (std::size_t i = 0; i < 5; ++i) {
    BOOST_TEST(read.columns[i].name == kNames[i]);
    BOOST_TEST((read.columns[i].values == kExpected[i]), kNames[i]);
  }
}

BOOST_AUTO_TEST_CASE(random_tables_read_back_equal) {
  for (int i = 0; i < 600; ++i) {
    const auto [columns, rows] = table(1 + below(6), below(4) == 0 ? below(200) : below(18));
    BOOST_TEST_CONTEXT("table " << i) { check_reads_back(columns, rows); }
  }
}

BOOST_AUTO_TEST_CASE(a_batch_has_at_most_8192_rows) {
  for (const std::size_t count : {0, 1, 8191, 8192, 8193, 16384, 20000}) {
    for (const std::size_t width : {1, 3}) {
      const auto [columns, rows] = table(width, count);
      BOOST_TEST_CONTEXT(count << " rows") { check_reads_back(columns, rows); }
    }
  }
}

BOOST_AUTO_TEST_CASE(without_rows_or_columns_there_is_a_schema) {
  const ReadTable no_rows = Reader::read(encoded({{"a", ArrowKind::kInt64}, {"", {}}}, {}));
  const ReadTable no_columns = Reader::read(encoded({}, {}));

  BOOST_TEST(no_rows.batches.empty());
  BOOST_REQUIRE(no_rows.columns.size() == 2u);
  BOOST_TEST((no_rows.columns[0].type == ArrowKind::kInt64));
  BOOST_TEST((no_rows.columns[1].type == ArrowKind::kText));
  BOOST_TEST(no_columns.columns.empty());
}

BOOST_AUTO_TEST_CASE(a_mix_is_text) {
  const ReadColumn mixed =
      column_of({kNone, of(true), of(std::int64_t{-7}), of(0.1), of(1e300), of(5e-324), text("t"),
                 blob("\x01\xab"), of(false), of(std::numeric_limits<double>::infinity())});

  BOOST_TEST((mixed.type == ArrowKind::kText));
  BOOST_TEST((mixed.values == std::vector<Value>{kNone, text("true"), text("-7"), text("0.1"),
                                                 text("1e+300"), text("5e-324"), text("t"),
                                                 text("01ab"), text("false"), text("inf")}));
}

BOOST_AUTO_TEST_CASE(one_value_at_the_end_decides_the_type_of_all) {
  std::vector<Value> values(8192, of(std::int64_t{3}));
  values.push_back(text("x"));

  const ReadColumn read = column_of(values, ArrowKind::kInt64);

  BOOST_TEST((read.type == ArrowKind::kText));
  BOOST_TEST((read.values.front() == text("3")));
  BOOST_TEST((read.values.back() == text("x")));
}

BOOST_AUTO_TEST_CASE(what_is_said_of_a_column_holds_when_its_values_fit) {
  using enum ArrowKind;
  const Value one = of(std::int64_t{1});

  BOOST_TEST((column_of({one, kNone}, kDouble).values == std::vector<Value>{of(1.0), kNone}));
  for (const ArrowKind said : {kBool, kInt64, kDouble, kText, kBlob}) {
    BOOST_TEST((column_of({kNone, kNone}, said).type == said));
  }
  for (const ArrowKind said : {kNull, kBool, kInt64, kText, kBlob}) {
    BOOST_TEST((column_of({one, kNone}, said).type == kInt64));
    BOOST_TEST((column_of({one, of(0.5)}, said).type == kDouble));
  }
  BOOST_TEST((column_of({one, of(true)}, kBool).type == kText));
  BOOST_TEST((column_of({blob("b"), text("t")}, kBlob).type == kText));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
