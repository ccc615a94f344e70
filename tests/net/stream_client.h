#pragma once
// StreamClient: an HTTP/2 client for streamed exchanges, over raw frames: it opens streams, sends
// pieces of bodies, and collects what comes back, stream by stream. Blocking; one thread.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http/request.h"
#include "tests/net/http_fixture.h"

namespace holdfast::net {

class StreamClient {
 public:
  struct Answer {
    bool has_head = false;
    bool is_200 = false;
    bool ended = false;
    bool was_reset = false;
    std::string body;
  };

  // kSmall: those of RFC 9113, 65,535 bytes, until grant(); else so large that nobody counts.
  enum class Windows { kLarge, kSmall };

  explicit StreamClient(std::uint16_t port, Windows windows = Windows::kLarge) : raw_(port) {
    std::string settings;
    if (windows == Windows::kLarge) settings = number(4, 2) + number(kWindow, 4);
    raw_.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, settings));
    if (windows == Windows::kLarge) grant(0, kWindow);
  }

  // Sends the head of a request and returns its stream.
  std::uint32_t open(std::string_view method, std::string_view path, const HttpHeaders& headers,
                     bool end = false) {
    std::string head = field(":method", method) + field(":scheme", "http") +
                       field(":authority", "here") + field(":path", path);
    for (const auto& [name, value] : headers) head += field(name, value);
    const std::uint32_t stream = next_;
    next_ += 2;
    raw_.send(frame(kHeaders, kEndHeaders | (end ? kEndStream : 0), stream, head));
    return stream;
  }
  void write(std::uint32_t stream, std::string_view bytes, bool end = false) {
    while (bytes.size() > kFrameMax) {
      raw_.send(frame(kData, 0, stream, bytes.substr(0, kFrameMax)));
      bytes.remove_prefix(kFrameMax);
    }
    raw_.send(frame(kData, end ? kEndStream : 0, stream, bytes));
  }
  void grant(std::uint32_t stream, std::uint32_t bytes) {
    raw_.send(frame(kWindowUpdate, 0, stream, number(bytes, 4)));
  }
  void reset(std::uint32_t stream) { raw_.send(frame(kReset, 0, stream, number(8, 4))); }
  void close() { raw_.close(); }

  // Takes in one frame. False at the end of the connection, or when five seconds bring nothing.
  bool receive() {
    while (unread_.size() < 9 || unread_.size() < 9 + number(unread_.substr(0, 3))) {
      const std::string more = raw_.receive();
      if (more.empty()) return false;
      unread_ += more;
    }
    const std::string_view bytes = unread_;
    const std::size_t size = number(bytes.substr(0, 3));
    take(bytes[3], bytes[4], number(bytes.substr(5, 4)), bytes.substr(9, size));
    unread_.erase(0, 9 + size);
    return true;
  }
  // Receives until the answer of `stream` is over, one way or another.
  const Answer& finish(std::uint32_t stream) {
    while (!answers[stream].ended && !answers[stream].was_reset && receive()) {
    }
    return answers[stream];
  }
  // Receives until the answer has at least so many bytes.
  const std::string& receive_bytes(std::uint32_t stream, std::size_t size) {
    while (answers[stream].body.size() < size && !answers[stream].ended && receive()) {
    }
    return answers[stream].body;
  }

  std::map<std::uint32_t, Answer> answers;
  bool goaway = false;

 private:
  enum Type { kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kGoaway = 7, kWindowUpdate = 8 };
  static constexpr int kEndStream = 1, kAck = 1, kEndHeaders = 4;
  static constexpr std::size_t kFrameMax = 16384;
  static constexpr std::uint32_t kWindow = 1u << 30;

  static std::string number(std::uint32_t value, int bytes) {
    std::string text;
    while (bytes-- > 0) text.push_back(static_cast<char>(value >> (8 * bytes)));
    return text;
  }
  static std::uint32_t number(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  static std::string frame(int type, int flags, std::uint32_t stream, std::string_view payload) {
    return number(static_cast<std::uint32_t>(payload.size()), 3) +
           number(static_cast<std::uint32_t>(type), 1) +
           number(static_cast<std::uint32_t>(flags), 1) + number(stream, 4) + std::string(payload);
  }
  // RFC 7541, 5.2, without Huffman.
  static std::string text(std::string_view value) {
    std::string bytes;
    if (value.size() < 127) {
      bytes.push_back(static_cast<char>(value.size()));
    } else {
      bytes.push_back(127);
      std::size_t rest = value.size() - 127;
      for (; rest >= 128; rest >>= 7) bytes.push_back(static_cast<char>(rest | 128));
      bytes.push_back(static_cast<char>(rest));
    }
    return bytes + std::string(value);
  }
  static std::string field(std::string_view name, std::string_view value) {
    return std::string(1, '\0') + text(name) + text(value);
  }

  void take(int type, int flags, std::uint32_t stream, std::string_view payload) {
    Answer& answer = answers[stream];
    if (type == kSettings && (flags & kAck) == 0) raw_.send(frame(kSettings, kAck, 0, ""));
    if (type == kGoaway) goaway = true;
    if (type == kReset) answer.was_reset = true;
    if (type == kHeaders) {
      answer.has_head = true;
      answer.is_200 = !payload.empty() && payload[0] == '\x88';  // RFC 7541, table A.
    }
    if (type == kData) answer.body += payload;
    if (type == kData || type == kHeaders) answer.ended = (flags & kEndStream) != 0;
  }

  RawClient raw_;
  std::uint32_t next_ = 1;
  std::string unread_;
};

}  // namespace holdfast::net
