#pragma once
// Big-endian integers: the byte order of keys and ids, in which comparing bytes compares numbers.

#include <cstdint>

#include "storage/base/bytes.h"

namespace holdfast {

// REQUIRES: there is room for sizeof(Integer) bytes.
template <class Integer>
void write_big_endian(char* to, Integer value) {
  for (int shift = static_cast<int>(sizeof(Integer) * 8) - 8; shift >= 0; shift -= 8) {
    *to++ = static_cast<char>(static_cast<std::uint64_t>(value) >> shift);
  }
}

template <class Integer>
void append_big_endian(Bytes& to, Integer value) {
  char bytes[sizeof(Integer)];
  write_big_endian(bytes, value);
  to.append(bytes, sizeof(bytes));
}

// REQUIRES: from holds at least sizeof(Integer) bytes.
template <class Integer>
Integer read_big_endian(BytesView from) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    value = value << 8 | static_cast<unsigned char>(from[i]);
  }
  return static_cast<Integer>(value);
}

}  // namespace holdfast
