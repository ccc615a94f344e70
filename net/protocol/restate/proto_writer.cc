#include "net/protocol/restate/proto_writer.h"

#include <limits>

#include "storage/base/big_endian.h"
#include "storage/base/check.h"

namespace holdfast::protocol::restate {
namespace {

constexpr std::uint32_t kVarint = 0, kDelimited = 2;
constexpr std::size_t kVarintMax = 10;

std::size_t write_varint(char* to, std::uint64_t value) {
  std::size_t length = 0;
  for (; value >= 0x80; value >>= 7) to[length++] = static_cast<char>(value | 0x80);
  to[length++] = static_cast<char>(value);
  return length;
}

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

// Of a field of bytes with a number under 16 that is left out when empty.
std::size_t field_size(BytesView value) {
  return value.empty() ? 0 : 1 + varint_size(value.size()) + value.size();
}

}  // namespace

void ProtoWriter::varint(std::uint64_t value) {
  char buffer[kVarintMax];
  to_.append(buffer, write_varint(buffer, value));
}

void ProtoWriter::u64(std::uint32_t number, std::uint64_t value) {
  if (value != 0) u64_present(number, value);
}

void ProtoWriter::bytes(std::uint32_t number, BytesView value) {
  if (!value.empty()) bytes_present(number, value);
}

void ProtoWriter::packed(std::uint32_t number, const std::vector<std::uint32_t>& values) {
  if (values.empty()) return;
  std::size_t size = 0;
  for (const std::uint32_t value : values) size += varint_size(value);
  varint(number << 3 | kDelimited);
  varint(size);
  for (const std::uint32_t value : values) varint(value);
}

void ProtoWriter::u64_present(std::uint32_t number, std::uint64_t value) {
  varint(number << 3 | kVarint);
  varint(value);
}

void ProtoWriter::bytes_present(std::uint32_t number, BytesView value) {
  varint(number << 3 | kDelimited);
  varint(value.size());
  to_.append(value);
}

std::size_t ProtoWriter::begin(std::uint32_t number) {
  varint(number << 3 | kDelimited);
  return to_.size();
}

void ProtoWriter::end(std::size_t began) {
  char buffer[kVarintMax];
  to_.insert(began, buffer, write_varint(buffer, to_.size() - began));
}

void ProtoWriter::wrapped(std::uint32_t number, BytesView first, BytesView second) {
  varint(number << 3 | kDelimited);
  varint(field_size(first) + field_size(second));
  bytes(1, first);
  bytes(2, second);
}

FrameScope::FrameScope(Bytes& to, MessageType type, bool wants_ack) : to_(to) {
  append_frame_header(to, {type, wants_ack, 0});
  payload_at_ = to.size();
}

FrameScope::~FrameScope() {
  const std::size_t length = to_.size() - payload_at_;
  CHECK(length <= std::numeric_limits<std::uint32_t>::max(), "a payload has less than 4 GiB");
  write_big_endian(to_.data() + payload_at_ - sizeof(std::uint32_t),
                   static_cast<std::uint32_t>(length));
}

}  // namespace holdfast::protocol::restate
