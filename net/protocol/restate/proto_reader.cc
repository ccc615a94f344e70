#include "net/protocol/restate/proto_reader.h"

#include <limits>

#include "net/protocol/restate/utf8.h"

namespace holdfast::protocol::restate {

void Decoding::fail(std::string_view field, const char* at, std::string_view why, ErrorCode code) {
  if (error_) return;
  std::string text = name_of(type_);
  if (!field.empty()) text.append(": ").append(field);
  if (at != nullptr) text.append(" at byte ").append(std::to_string(at - payload_.data()));
  text.append(": ").append(why);
  error_.emplace(code, std::move(text));
}

void Decoding::require(bool there, std::string_view field) {
  if (!there) fail(field, nullptr, "missing");
}

void Decoding::count(std::string_view field, const char* at) {
  if (++repeated_ > kRepeatedMax) {
    fail(field, at, "more than " + std::to_string(kRepeatedMax) + " things", ErrorCode::kTooLarge);
  }
}

bool ProtoReader::read_varint(BytesView& from, const char* name, std::uint64_t& to) {
  to = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    if (i == from.size()) {
      fail(name, "ends within a varint");
      return false;
    }
    const auto byte = static_cast<unsigned char>(from[i]);
    if (i == 9 && byte > 1) break;
    to |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      from.remove_prefix(i + 1);
      return true;
    }
  }
  fail(name, "a varint of more than 64 bits");
  return false;
}

bool ProtoReader::skip(std::size_t length) {
  if (length > rest_.size()) {
    fail(nullptr, "ends after the message");
    return false;
  }
  rest_.remove_prefix(length);
  return true;
}

bool ProtoReader::next() {
  if (!decoding_->ok() || rest_.empty()) return false;
  at_ = rest_.data();
  std::uint64_t tag = 0;
  if (!read_varint(rest_, "tag", tag)) return false;
  if (tag > std::numeric_limits<std::uint32_t>::max() || tag >> 3 == 0) {
    fail("tag", "no field number");
    return false;
  }
  number_ = static_cast<std::uint32_t>(tag >> 3);
  type_ = tag & 7;
  switch (type_) {
    case kVarint:
      return read_varint(rest_, nullptr, varint_);
    case kFixed64:
      return skip(8);
    case kFixed32:
      return skip(4);
    case kDelimited: {
      std::uint64_t length = 0;
      if (!read_varint(rest_, nullptr, length)) return false;
      const BytesView from = rest_;
      if (!skip(length)) return false;
      delimited_ = from.substr(0, length);
      return true;
    }
    default:
      fail(nullptr, "wire type " + std::to_string(type_));
      return false;
  }
}

void ProtoReader::fail(const char* name, std::string_view why, ErrorCode code) {
  const std::string field = name != nullptr ? name : "field " + std::to_string(number_);
  decoding_->fail(path_ + field, at_, why, code);
}

bool ProtoReader::is(WireType type, const char* name) {
  if (type_ != type) fail(name, "wire type " + std::to_string(type_));
  return type_ == type;
}

std::uint64_t ProtoReader::u64(const char* name) { return is(kVarint, name) ? varint_ : 0; }

std::uint32_t ProtoReader::u32(const char* name) {
  const std::uint64_t number = u64(name);
  if (number > std::numeric_limits<std::uint32_t>::max()) fail(name, "over 32 bits");
  return static_cast<std::uint32_t>(number);
}

std::uint16_t ProtoReader::u16(const char* name) {
  const std::uint64_t number = u64(name);
  if (number > std::numeric_limits<std::uint16_t>::max()) fail(name, "over 65535");
  return static_cast<std::uint16_t>(number);
}

bool ProtoReader::boolean(const char* name) { return u64(name) != 0; }

std::int64_t ProtoReader::time_ms(const char* name) {
  const std::uint64_t number = u64(name);
  if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    fail(name, "over 63 bits");
  }
  return static_cast<std::int64_t>(number);
}

std::uint32_t ProtoReader::id(const char* name) {
  const std::uint32_t number = u32(name);
  if (number == 0) fail(name, "zero");
  return number;
}

BytesView ProtoReader::delimited(const char* name) {
  return is(kDelimited, name) ? delimited_ : BytesView();
}

Bytes ProtoReader::bytes(const char* name) { return Bytes(delimited(name)); }

std::string ProtoReader::string(const char* name) {
  const BytesView text = delimited(name);
  const std::size_t good = utf8_prefix(text);
  if (good != text.size()) {
    fail(name, "not UTF-8, " + std::to_string(good) + " bytes into the text");
    return {};
  }
  return std::string(text);
}

void ProtoReader::ids(const char* name, std::vector<std::uint32_t>& to) {
  if (type_ != kDelimited) {
    decoding_->count(name, at_);
    to.push_back(id(name));
    return;
  }
  for (BytesView packed = delimited_; !packed.empty();) {
    std::uint64_t number = 0;
    if (!read_varint(packed, name, number)) return;
    if (number == 0) fail(name, "zero");
    if (number > std::numeric_limits<std::uint32_t>::max()) fail(name, "over 32 bits");
    decoding_->count(name, at_);
    if (!decoding_->ok()) return;
    to.push_back(static_cast<std::uint32_t>(number));
  }
}

Bytes ProtoReader::repeated_bytes(const char* name) {
  decoding_->count(name, at_);
  return bytes(name);
}

std::string ProtoReader::repeated_string(const char* name) {
  decoding_->count(name, at_);
  return string(name);
}

BytesView ProtoReader::repeated_message(const char* name) {
  decoding_->count(name, at_);
  return delimited(name);
}

BytesView ProtoReader::message(const char* name, bool& there) {
  variant(name, there);
  return delimited(name);
}

void ProtoReader::variant(const char* name, bool& there) {
  if (there) fail(name, "given twice, or beside another of which only one may be there");
  there = true;
}

}  // namespace holdfast::protocol::restate
