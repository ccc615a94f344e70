#pragma once
// Proto reader: one protobuf message as a row of fields, for messages of known shape.
//
//   for (ProtoReader fields(decoding, payload, ""); fields.next();) {
//     switch (fields.number()) {
//       case 1:
//         sleep.wake_up_unix_ms = fields.time_ms("wake_up_time");
//         break;
//       ...                                  // Unknown numbers fall through: they are skipped.
//     }
//   }
//   if (!decoding.ok()) return decoding.error();
//
// The first thing wrong ends it: next() is false from then on, and what the getters gave means
// nothing. So the shapes are written without a word about errors, and looked at once at the end.
// Everything borrows from the payload.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/protocol/restate/message_type.h"
#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::protocol::restate {

// The decoding of one frame: where its bytes are, and the first thing wrong with them.
class Decoding {
 public:
  // Things that repeat, over all lists of a frame: a hostile one has two bytes for what takes a
  // hundred in memory.
  static constexpr std::size_t kRepeatedMax = 1'000'000;

  // `payload` outlives this.
  Decoding(MessageType type, BytesView payload) : type_(type), payload_(payload) {}
  Decoding(const Decoding&) = delete;
  Decoding& operator=(const Decoding&) = delete;

  MessageType type() const { return type_; }
  BytesView payload() const { return payload_; }
  bool ok() const { return !error_; }
  // REQUIRES: !ok().
  Error error() const { return *error_; }

  // Keeps the first error only. `at` points into the payload or to its end; null when it is about
  // something that is missing.
  void fail(std::string_view field, const char* at, std::string_view why,
            ErrorCode code = ErrorCode::kInvalidArgument);
  // Fails unless `there`.
  void require(bool there, std::string_view field);
  // Counts one thing that repeats.
  void count(std::string_view field, const char* at);

 private:
  MessageType type_;
  BytesView payload_;
  std::size_t repeated_ = 0;
  std::optional<Error> error_;
};

class ProtoReader {
 public:
  // `message` is a part of the payload. `path` goes before the names of its fields in errors
  // ("failure."), and outlives this.
  ProtoReader(Decoding& decoding, BytesView message, const char* path)
      : decoding_(&decoding), rest_(message), path_(path) {}

  // On to the next field. False at the end, and after an error.
  bool next();
  std::uint32_t number() const { return number_; }

  // The field as what it is meant to be; `name` is for errors.
  std::uint64_t u64(const char* name);
  std::uint32_t u32(const char* name);
  std::uint16_t u16(const char* name);
  bool boolean(const char* name);
  std::int64_t time_ms(const char* name);  // A u64 that fits.
  std::uint32_t id(const char* name);      // A u32 but not 0.
  Bytes bytes(const char* name);
  std::string string(const char* name);
  // Ids, packed or not; appended.
  void ids(const char* name, std::vector<std::uint32_t>& to);
  // One of many.
  Bytes repeated_bytes(const char* name);
  std::string repeated_string(const char* name);
  BytesView repeated_message(const char* name);
  // A message, or a variant of a oneof: sets `there`, which is one for all variants. Fails if it
  // was set.
  BytesView message(const char* name, bool& there);
  void variant(const char* name, bool& there);

  // `name` null: the number of the field instead.
  void fail(const char* name, std::string_view why, ErrorCode code = ErrorCode::kInvalidArgument);
  // A part of the protocol that is understood and refused.
  void unsupported(const char* name) { fail(name, "not supported"); }

 private:
  enum WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kDelimited = 2, kFixed32 = 5 };

  bool read_varint(BytesView& from, const char* name, std::uint64_t& to);
  bool skip(std::size_t length);
  bool is(WireType type, const char* name);
  BytesView delimited(const char* name);

  Decoding* decoding_;
  BytesView rest_;  // Behind the current field.
  const char* path_;

  // The current field.
  const char* at_ = nullptr;  // Its tag.
  std::uint32_t number_ = 0;
  std::uint8_t type_ = 0;
  std::uint64_t varint_ = 0;  // If kVarint.
  BytesView delimited_;       // If kDelimited.
};

}  // namespace holdfast::protocol::restate
