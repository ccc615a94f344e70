#pragma once
// Big-endian integers: the byte order of keys and ids, in which comparing bytes compares numbers.

#include <cstdint>

#include "storage/base/bytes.h"

namespace holdfast {

template <class Integer>
void append_big_endian(Bytes& to, Integer value) {
  for (int shift = static_cast<int>(sizeof(Integer) * 8) - 8; shift >= 0; shift -= 8) {
    to.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift));
  }
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
