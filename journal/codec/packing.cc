#include "journal/codec/packing.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace holdfast::journal::codec {
namespace {

static_assert(std::endian::native == std::endian::little);

// A run is counted in a byte.
constexpr std::ptrdiff_t kRunMax = 255;

std::uint64_t value_of(const capnp::word& word) {
  std::uint64_t value;
  std::memcpy(&value, &word, sizeof(value));
  return value;
}

// A bit for each byte that is not zero, the lowest for the first.
unsigned tag_of(std::uint64_t value) {
  constexpr std::uint64_t kLow = 0x7f7f7f7f7f7f7f7f;
  // The highest bit of each byte that is not zero; nothing is carried from one to the next.
  const std::uint64_t marks = (((value & kLow) + kLow) | value) & ~kLow;
  // Moves mark i from bit 8 i + 7 to bit 56 + i; no two meet below, so nothing is carried.
  return static_cast<unsigned>(((marks >> 7) * 0x0102040810204080) >> 56);
}

bool has_two_zeros(std::uint64_t value) {
  const unsigned zeros = tag_of(value) ^ 0xff;
  return (zeros & (zeros - 1)) != 0;
}

}  // namespace

char* pack(kj::ArrayPtr<const capnp::word> words, char* to) {
  const capnp::word* at = words.begin();
  while (at != words.end()) {
    const std::uint64_t value = value_of(*at++);
    const capnp::word* const limit = at + std::min<std::ptrdiff_t>(words.end() - at, kRunMax);
    const capnp::word* const run = at;
    const unsigned tag = tag_of(value);
    *to++ = static_cast<char>(tag);
    if (tag == 0) {
      while (at != limit && value_of(*at) == 0) ++at;
      *to++ = static_cast<char>(at - run);
    } else if (tag == 0xff) {
      std::memcpy(to, &value, sizeof(value));
      to += sizeof(value);
      while (at != limit && !has_two_zeros(value_of(*at))) ++at;
      *to++ = static_cast<char>(at - run);
      std::memcpy(to, run, static_cast<std::size_t>(at - run) * sizeof(capnp::word));
      to += (at - run) * static_cast<std::ptrdiff_t>(sizeof(capnp::word));
    } else {
      for (unsigned left = tag; left != 0; left &= left - 1) {
        *to++ = static_cast<char>(value >> (8 * std::countr_zero(left)));
      }
    }
  }
  return to;
}

}  // namespace holdfast::journal::codec
