#pragma once
// Frame: one message on the wire, and how a stream of bytes is cut into frames.
//
// A frame is a header of 8 bytes and a payload. The header, big endian: u16 type, u16 flags, u32
// length of the payload. One flag has a meaning: 0x8000, the sender wants an acknowledgement; the
// others are ignored. Frames have nothing to do with the pieces a stream arrives in.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/protocol/restate/message_type.h"
#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::protocol::restate {

inline constexpr std::size_t kFrameHeaderBytes = 8;
inline constexpr std::size_t kFramePayloadMax = std::size_t{32} << 20;

struct FrameHeader {
  MessageType type = MessageType::kStart;
  bool wants_ack = false;
  std::uint32_t length = 0;  // Of the payload alone.
};

// REQUIRES: at least kFrameHeaderBytes. Every type is let through; decoding judges it.
FrameHeader read_frame_header(BytesView bytes);
void append_frame_header(Bytes& to, const FrameHeader& header);

struct Frame {
  MessageType type = MessageType::kStart;
  bool wants_ack = false;
  Bytes payload;
};

void append_frame(Bytes& to, const Frame& frame);

// Cuts one direction of a stream into frames. Holds at most one unfinished payload, at most
// `payload_max` bytes; each payload byte is copied once, out of the chunk it came in.
//
//   while (auto frame = TRY(reader.next(chunk))) { ... }
class FrameReader {
 public:
  explicit FrameReader(std::size_t payload_max = kFramePayloadMax) : payload_max_(payload_max) {}

  // Takes bytes from the front of `chunk` up to the end of a frame, and gives that frame; nothing
  // when the chunk is used up. kTooLarge as soon as a header announces more than the limit; the
  // stream cannot be cut further then, and every later call says so again.
  Result<std::optional<Frame>> next(BytesView& chunk);

  // Whether the stream may end here: no frame has begun that is not whole.
  bool at_boundary() const { return header_read_ == 0; }

 private:
  std::size_t payload_max_;
  char header_bytes_[kFrameHeaderBytes] = {};
  std::size_t header_read_ = 0;  // Of the current frame; all of them while its payload arrives.
  FrameHeader header_;           // Valid when all of them are read.
  Bytes payload_;                // What has arrived of it.
};

}  // namespace holdfast::protocol::restate
