#pragma once
// Characters: texts of SQLite's taken apart, whatever bytes they are.

#include <cstddef>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"

namespace holdfast::net::sql {

// Whether it is a byte of a character of UTF-8 that has begun before.
inline bool continues(char c) { return (c & 0xc0) == 0x80; }

// The character that `text` begins with, and no more than so many bytes of it. REQUIRES: it is not
// empty.
inline std::string_view first_of(std::string_view text, std::size_t most = std::string_view::npos) {
  std::size_t length = 1;
  while (length < most && length < text.size() && continues(text[length])) ++length;
  return text.substr(0, length);
}

// Two digits for each byte, in lower case.
inline void append_hexadecimal(Bytes& to, BytesView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    to.push_back(kDigits[byte >> 4]);
    to.push_back(kDigits[byte & 15]);
  }
}

}  // namespace holdfast::net::sql
