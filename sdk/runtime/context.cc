#include "sdk/include/holdfast/context.h"

#include <array>

namespace holdfast {

std::string Context::uuid() {
  std::array<std::uint64_t, 2> bits = {core_->random_bits(), core_->random_bits()};
  bits[0] = (bits[0] & ~0xF000ULL) | 0x4000ULL;              // Version 4.
  bits[1] = (bits[1] & ~(0xC0ULL << 56)) | (0x80ULL << 56);  // Variant 1.
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text += '-';
    text += kDigits[(bits[digit / 16] >> (60 - 4 * (digit % 16))) & 0xF];
  }
  return text;
}

}  // namespace holdfast
