#include "net/admin/sql/arrow_stream.h"

#include <flatbuffers/flatbuffers.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <type_traits>
#include <utility>

#include "net/admin/sql/characters.h"
#include "storage/base/check.h"

namespace holdfast::net::sql {
namespace {

static_assert(std::endian::native == std::endian::little, "which is what the schema says");

using Part = ArrowStream::Part;
using flatbuffers::FlatBufferBuilder;
using Table = flatbuffers::Offset<flatbuffers::Table>;

constexpr std::size_t kAlignment = 8;
constexpr std::uint32_t kContinuation = 0xffffffff;  // Before the length of each message.
constexpr std::int16_t kVersion5 = 4;
enum class Header : std::uint8_t { kSchema = 1, kRecordBatch = 3 };

// The structs FieldNode and Buffer of Message.fbs and Schema.fbs.
struct Node {
  std::int64_t rows, nulls;
};
struct Buffer {
  std::int64_t offset, length;
};

unsigned bit(ArrowKind kind) { return 1U << static_cast<unsigned>(kind); }

// A table of a flatbuffer, field by field with their numbers there. No other may be begun
// meanwhile.
class TableBuilder {
 public:
  explicit TableBuilder(FlatBufferBuilder& builder)
      : builder_(builder), start_(builder.StartTable()) {}

  template <typename T>
  TableBuilder& scalar(flatbuffers::voffset_t number, T value) {
    builder_.AddElement(flatbuffers::FieldIndexToOffset(number), value, T{});
    return *this;
  }
  template <typename T>
  TableBuilder& child(flatbuffers::voffset_t number, flatbuffers::Offset<T> at) {
    builder_.AddOffset(flatbuffers::FieldIndexToOffset(number), at);
    return *this;
  }
  Table end() { return builder_.EndTable(start_); }

 private:
  FlatBufferBuilder& builder_;
  const flatbuffers::uoffset_t start_;
};

void pad(Bytes& bytes) { bytes.resize((bytes.size() + kAlignment - 1) / kAlignment * kAlignment); }

template <typename T>
void append(Bytes& to, T value) {
  static_assert(std::is_arithmetic_v<T>);
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// `to` is a whole number of messages before and after.
void append_message(Bytes& to, FlatBufferBuilder& builder, Header header, Table table,
                    BytesView body) {
  builder.Finish(TableBuilder(builder)
                     .scalar(0, kVersion5)
                     .scalar(1, static_cast<std::uint8_t>(header))
                     .child(2, table)
                     .scalar(3, static_cast<std::int64_t>(body.size()))
                     .end());
  Bytes metadata(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
  pad(metadata);
  append(to, kContinuation);
  append(to, static_cast<std::uint32_t>(metadata.size()));
  to += metadata;
  to += body;
}

struct FieldType {
  std::uint8_t number;  // In the union Type.
  Table table;
};
FieldType field_type(FlatBufferBuilder& builder, ArrowKind type) {
  TableBuilder table(builder);
  switch (type) {
    case ArrowKind::kBool:
      return {6, table.end()};
    case ArrowKind::kInt64:
      return {2, table.scalar(0, std::int32_t{64}).scalar(1, std::uint8_t{1}).end()};  // Signed.
    case ArrowKind::kDouble:
      return {3, table.scalar(0, std::int16_t{2}).end()};
    case ArrowKind::kBlob:
      return {19, table.end()};
    default:
      return {20, table.end()};
  }
}

Table field(FlatBufferBuilder& builder, const std::string& name, ArrowKind type) {
  const auto named = builder.CreateString(name);
  const auto [number, table] = field_type(builder, type);
  const auto children = builder.CreateVector(std::vector<Table>());  // Readers want it, empty.
  return TableBuilder(builder)
      .child(0, named)
      .scalar(1, std::uint8_t{1})  // It may have nulls.
      .scalar(2, number)
      .child(3, table)
      .child(5, children)
      .end();
}

// `bytes`: those of the value, when it is a text or a blob.
void append_text(Bytes& to, ArrowKind kind, std::int64_t value, BytesView bytes) {
  switch (kind) {
    case ArrowKind::kNull:
      return;
    case ArrowKind::kBool:
      to += value != 0 ? "true" : "false";
      return;
    case ArrowKind::kInt64:
      fmt::format_to(std::back_inserter(to), "{}", value);
      return;
    case ArrowKind::kDouble:
      fmt::format_to(std::back_inserter(to), "{}", std::bit_cast<double>(value));
      return;
    case ArrowKind::kText:
      to += bytes;
      return;
    case ArrowKind::kBlob:
      return append_hexadecimal(to, bytes);
  }
}

// The columns of one batch, in what a message has behind its metadata.
class Body {
 public:
  void add(const Part& part, ArrowKind type) {
    const std::size_t rows = part.kinds.size();
    const auto nulls = std::count(part.kinds.begin(), part.kinds.end(), ArrowKind::kNull);
    nodes_.push_back({static_cast<std::int64_t>(rows), nulls});
    const auto is_there = [&](std::size_t i) { return part.kinds[i] != ArrowKind::kNull; };
    add_buffer(nulls == 0 ? Bytes() : bits(rows, is_there));
    switch (type) {
      case ArrowKind::kBool:
        return add_buffer(bits(rows, [&](std::size_t i) { return part.values[i] != 0; }));
      case ArrowKind::kInt64:
        return add_buffer({reinterpret_cast<const char*>(part.values.data()), rows * 8});
      case ArrowKind::kDouble:
        return add_doubles(part);
      default:
        return add_texts(part, type);
    }
  }

  void append_to(Bytes& to) const {
    FlatBufferBuilder builder;
    const auto nodes = builder.CreateVectorOfStructs(nodes_);
    const auto buffers = builder.CreateVectorOfStructs(buffers_);
    const Table batch = TableBuilder(builder)
                            .scalar(0, nodes_.front().rows)
                            .child(1, nodes)
                            .child(2, buffers)
                            .end();
    append_message(to, builder, Header::kRecordBatch, batch, bytes_);
  }

 private:
  template <typename IsSet>
  static Bytes bits(std::size_t count, IsSet is_set) {
    Bytes bits((count + 7) / 8, '\0');
    for (std::size_t i = 0; i < count; ++i) {
      if (is_set(i)) bits[i / 8] = static_cast<char>(bits[i / 8] | 1 << i % 8);
    }
    return bits;
  }

  void add_doubles(const Part& part) {
    Bytes doubles;
    for (std::size_t i = 0; i < part.kinds.size(); ++i) {
      const bool is_integer = part.kinds[i] == ArrowKind::kInt64;
      append(doubles, is_integer ? static_cast<double>(part.values[i])
                                 : std::bit_cast<double>(part.values[i]));
    }
    add_buffer(doubles);
  }

  void add_texts(const Part& part, ArrowKind type) {
    Bytes offsets, texts;
    append(offsets, std::int64_t{0});
    std::size_t begin = 0;  // In the bytes of the part.
    for (std::size_t i = 0; i < part.kinds.size(); ++i) {
      const bool has_bytes = part.kinds[i] == ArrowKind::kText || part.kinds[i] == ArrowKind::kBlob;
      const std::size_t end = has_bytes ? static_cast<std::size_t>(part.values[i]) : begin;
      const BytesView bytes = BytesView(part.bytes).substr(begin, end - begin);
      if (type == ArrowKind::kBlob) {
        texts += bytes;
      } else {
        append_text(texts, part.kinds[i], part.values[i], bytes);
      }
      append(offsets, static_cast<std::int64_t>(texts.size()));
      begin = end;
    }
    add_buffer(offsets);
    add_buffer(texts);
  }

  void add_buffer(BytesView buffer) {
    buffers_.push_back(
        {static_cast<std::int64_t>(bytes_.size()), static_cast<std::int64_t>(buffer.size())});
    bytes_ += buffer;
    pad(bytes_);
  }

  std::vector<Node> nodes_;
  std::vector<Buffer> buffers_;
  Bytes bytes_;
};

}  // namespace

ArrowStream::ArrowStream(std::vector<ArrowColumn> columns) {
  for (ArrowColumn& column : columns) {
    size_bytes_ += column.name.size();
    columns_.push_back({std::move(column.name), column.said});
  }
}

void ArrowStream::add_double(double value) {
  add(ArrowKind::kDouble, std::bit_cast<std::int64_t>(value), {});
}

void ArrowStream::add(ArrowKind kind, std::int64_t value, BytesView bytes) {
  CHECK(!columns_.empty(), "a value is of a column");
  const bool is_row_new = next_ == 0;
  if (is_row_new && (batches_.empty() || batches_.back()[0].kinds.size() == kBatchRowsMax)) {
    batches_.emplace_back(columns_.size());
  }
  Part& part = batches_.back()[next_];
  part.bytes += bytes;
  const bool has_bytes = kind == ArrowKind::kText || kind == ArrowKind::kBlob;
  part.values.push_back(has_bytes ? static_cast<std::int64_t>(part.bytes.size()) : value);
  part.kinds.push_back(kind);
  if (kind != ArrowKind::kNull) columns_[next_].kinds |= bit(kind);
  size_bytes_ += sizeof kind + sizeof value + bytes.size();
  next_ = (next_ + 1) % columns_.size();
}

// The first that all values fit: none do not fit a text.
ArrowKind ArrowStream::type_of(const Column& column) {
  for (const ArrowKind type : {column.said, ArrowKind::kText, ArrowKind::kBool, ArrowKind::kInt64,
                               ArrowKind::kDouble, ArrowKind::kBlob}) {
    const unsigned fits = bit(type) | (type == ArrowKind::kDouble ? bit(ArrowKind::kInt64) : 0);
    if (type != ArrowKind::kNull && (column.kinds & ~fits) == 0) return type;
  }
  return ArrowKind::kText;
}

Bytes ArrowStream::encode() && {
  CHECK(next_ == 0, "the last row is complete");
  std::vector<ArrowKind> types;
  FlatBufferBuilder builder;
  std::vector<Table> fields;
  for (const Column& column : columns_) {
    types.push_back(type_of(column));
    fields.push_back(field(builder, column.name, types.back()));
  }
  const auto all = builder.CreateVector(fields);
  Bytes stream;
  append_message(stream, builder, Header::kSchema, TableBuilder(builder).child(1, all).end(), {});
  for (std::vector<Part>& batch : batches_) {
    Body body;
    for (std::size_t i = 0; i < columns_.size(); ++i) body.add(batch[i], types[i]);
    batch = {};
    body.append_to(stream);
  }
  append(stream, kContinuation);
  append(stream, std::uint32_t{0});
  return stream;
}

}  // namespace holdfast::net::sql
