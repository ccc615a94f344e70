#include "net/protocol/restate/frame.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "storage/base/big_endian.h"
#include "storage/base/check.h"

namespace holdfast::protocol::restate {
namespace {

constexpr std::uint16_t kWantsAck = 0x8000;

}  // namespace

FrameHeader read_frame_header(BytesView bytes) {
  FrameHeader header;
  header.type = static_cast<MessageType>(read_big_endian<std::uint16_t>(bytes));
  header.wants_ack = (read_big_endian<std::uint16_t>(bytes.substr(2)) & kWantsAck) != 0;
  header.length = read_big_endian<std::uint32_t>(bytes.substr(4));
  return header;
}

void append_frame_header(Bytes& to, const FrameHeader& header) {
  append_big_endian(to, static_cast<std::uint16_t>(header.type));
  append_big_endian(to, header.wants_ack ? kWantsAck : std::uint16_t{0});
  append_big_endian(to, header.length);
}

void append_frame(Bytes& to, const Frame& frame) {
  CHECK(frame.payload.size() <= std::numeric_limits<std::uint32_t>::max(),
        "a payload has less than 4 GiB");
  append_frame_header(
      to, {frame.type, frame.wants_ack, static_cast<std::uint32_t>(frame.payload.size())});
  to.append(frame.payload);
}

Result<std::optional<Frame>> FrameReader::next(BytesView& chunk) {
  if (header_read_ < kFrameHeaderBytes) {
    const std::size_t taken = std::min(kFrameHeaderBytes - header_read_, chunk.size());
    std::copy_n(chunk.data(), taken, header_bytes_ + header_read_);
    header_read_ += taken;
    chunk.remove_prefix(taken);
    if (header_read_ < kFrameHeaderBytes) return std::optional<Frame>();
    header_ = read_frame_header(BytesView(header_bytes_, kFrameHeaderBytes));
  }
  if (header_.length > payload_max_) {
    return Error(ErrorCode::kTooLarge,
                 name_of(header_.type) + ": a payload of " + std::to_string(header_.length) +
                     " bytes, and the limit is " + std::to_string(payload_max_));
  }

  const std::size_t taken = std::min(header_.length - payload_.size(), chunk.size());
  if (payload_.empty() && taken > 0) payload_.reserve(header_.length);
  payload_.append(chunk.data(), taken);
  chunk.remove_prefix(taken);
  if (payload_.size() < header_.length) return std::optional<Frame>();
  header_read_ = 0;
  Frame frame{header_.type, header_.wants_ack, std::move(payload_)};
  payload_.clear();
  return std::optional<Frame>(std::move(frame));
}

}  // namespace holdfast::protocol::restate
