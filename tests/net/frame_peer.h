#pragma once
// FramePeer: an HTTP/2 endpoint that knows frames and little else, so that it can also break the
// rules.

#include <string>
#include <utility>

#include "tests/net/http2_frames.h"
#include "tests/net/outgoing_fixture.h"

namespace holdfast::net {

// The payload of SETTINGS: pairs of a number and a value.
inline std::string setting(std::uint16_t id, std::uint32_t value) {
  return number(id, 2) + number(value, 4);
}
constexpr std::uint16_t kMaxConcurrentStreams = 3;
constexpr std::uint16_t kInitialWindowSize = 4;

class FramePeer {
 public:
  // Takes the connection preface and sends SETTINGS.
  explicit FramePeer(RawPeer raw, std::string settings = {}) : raw_(std::move(raw)) {
    preface_ = raw_.receive(24);
    send(frame(kSettings, 0, 0, settings) + frame(kSettings, kAck, 0, ""));
  }

  const std::string& preface() const { return preface_; }
  RawPeer& raw() { return raw_; }
  void send(std::string_view bytes) { raw_.send(bytes); }

  Frame receive() {
    const std::string head = raw_.receive(9);
    if (head.size() < 9) {
      return {};
    }
    const std::string_view bytes = head;
    return {bytes[3], bytes[4], number(bytes.substr(5, 4)),
            raw_.receive(number(bytes.substr(0, 3)))};
  }
  // The next frame of that type, or the end of the connection.
  Frame receive(FrameType type) {
    for (;;) {
      Frame received = receive();
      if (received.type == type || received.type == -1) {
        return received;
      }
    }
  }
  // The request body on a stream, up to `size` bytes or its end.
  std::string receive_body(std::uint32_t stream, std::size_t size) {
    std::string body;
    while (body.size() < size) {
      const Frame received = receive(kData);
      if (received.type == -1) {
        break;
      }
      if (received.stream == stream) {
        body += received.payload;
        if ((received.flags & kEndStream) != 0) {
          break;
        }
      }
    }
    return body;
  }
  bool closed_by_peer() { return receive(static_cast<FrameType>(99)).type == -1; }

  void answer_head(std::uint32_t stream, std::string_view status = "200", int flags = 0) {
    send(frame(kHeaders, kEndHeaders | flags, stream, field(":status", status)));
  }
  void answer(std::uint32_t stream, std::string_view body) {
    send(frame(kHeaders, kEndHeaders, stream, field(":status", "200")) +
         frame(kData, kEndStream, stream, body));
  }
  void goaway(std::uint32_t last_stream, std::uint32_t code, std::string_view words = {}) {
    send(frame(kGoaway, 0, 0, number(last_stream, 4) + number(code, 4) + std::string(words)));
  }

 private:
  RawPeer raw_;
  std::string preface_;
};

}  // namespace holdfast::net
