#pragma once
// HTTP/2 frames as bytes, for tests that speak it themselves.

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::net {

enum FrameType : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kPing = 6,
  kGoaway = 7,
  kWindowUpdate = 8
};
constexpr std::uint8_t kEndStream = 1;
constexpr std::uint8_t kAck = 1;
constexpr std::uint8_t kEndHeaders = 4;

struct Frame {
  int type = -1;  // -1: the other side has closed.
  int flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
};

inline std::string number(std::uint32_t value, int bytes) {
  std::string text;
  while (bytes-- > 0) {
    text.push_back(static_cast<char>(value >> (8 * bytes)));
  }
  return text;
}

inline std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes) {
    value = value << 8 | static_cast<unsigned char>(c);
  }
  return value;
}

inline std::string frame(std::uint8_t type, int flags, std::uint32_t stream,
                         std::string_view payload) {
  return number(static_cast<std::uint32_t>(payload.size()), 3) + number(type, 1) +
         number(static_cast<std::uint32_t>(flags), 1) + number(stream, 4) + std::string(payload);
}

// A literal field without indexing (RFC 7541, 6.2.2). REQUIRES: both shorter than 127.
inline std::string field(std::string_view name, std::string_view value) {
  return std::string(1, '\0') + number(static_cast<std::uint32_t>(name.size()), 1) +
         std::string(name) + number(static_cast<std::uint32_t>(value.size()), 1) +
         std::string(value);
}

}  // namespace holdfast::net
