#pragma once
// Proto writer: protobuf fields behind the bytes that are there already, as canonical encoders
// write them. Fields are written in the order of the calls, which is that of their numbers.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "net/protocol/restate/frame.h"
#include "storage/base/bytes.h"

namespace holdfast::protocol::restate {

class ProtoWriter {
 public:
  explicit ProtoWriter(Bytes& to) : to_(to) {}

  // Left out when zero or empty. `number` is that of the field.
  void u64(std::uint32_t number, std::uint64_t value);
  void bytes(std::uint32_t number, BytesView value);
  void packed(std::uint32_t number, const std::vector<std::uint32_t>& values);

  // There in any case: optional fields, variants, members of lists.
  void u64_present(std::uint32_t number, std::uint64_t value);
  void bytes_present(std::uint32_t number, BytesView value);

  // A message whose fields are written between the two calls. begin() gives what end() needs.
  std::size_t begin(std::uint32_t number);
  void end(std::size_t began);

  // Messages whose only fields are {1: bytes} or {1: bytes, 2: bytes}, present in any case. Large
  // values are moved into place at once.
  void wrapped(std::uint32_t number, BytesView first, BytesView second = {});

 private:
  void varint(std::uint64_t value);

  Bytes& to_;
};

// Puts a frame around the payload that is appended to `to` while this lives.
class FrameScope {
 public:
  FrameScope(Bytes& to, MessageType type, bool wants_ack = false);
  ~FrameScope();
  FrameScope(const FrameScope&) = delete;
  FrameScope& operator=(const FrameScope&) = delete;

 private:
  Bytes& to_;
  std::size_t payload_at_;
};

}  // namespace holdfast::protocol::restate
