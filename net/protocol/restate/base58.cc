#include "net/protocol/restate/base58.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace holdfast::protocol::restate {
namespace {

constexpr std::string_view kAlphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::size_t kTextMax = 128;

// `digits` is a number in base `base`, the least digit first: digits = digits * factor + summand.
void multiply_and_add(std::vector<std::uint8_t>& digits, unsigned base, unsigned factor,
                      unsigned summand) {
  unsigned carry = summand;
  for (std::uint8_t& digit : digits) {
    carry += digit * factor;
    digit = static_cast<std::uint8_t>(carry % base);
    carry /= base;
  }
  for (; carry > 0; carry /= base) digits.push_back(static_cast<std::uint8_t>(carry % base));
}

}  // namespace

std::string to_base58(BytesView bytes) {
  const std::size_t zeros = std::min(bytes.find_first_not_of('\0'), bytes.size());
  std::vector<std::uint8_t> digits;
  for (const char byte : bytes.substr(zeros)) {
    multiply_and_add(digits, 58, 256, static_cast<unsigned char>(byte));
  }
  std::string text(zeros, kAlphabet[0]);
  std::for_each(digits.rbegin(), digits.rend(),
                [&text](std::uint8_t digit) { text += kAlphabet[digit]; });
  return text;
}

std::optional<Bytes> from_base58(std::string_view text) {
  if (text.size() > kTextMax) return std::nullopt;
  const std::size_t zeros = std::min(text.find_first_not_of(kAlphabet[0]), text.size());
  std::vector<std::uint8_t> digits;
  for (const char letter : text.substr(zeros)) {
    const std::size_t value = kAlphabet.find(letter);
    if (value == std::string_view::npos) return std::nullopt;
    multiply_and_add(digits, 256, 58, static_cast<unsigned>(value));
  }
  Bytes bytes(zeros, '\0');
  bytes.append(digits.rbegin(), digits.rend());
  return bytes;
}

}  // namespace holdfast::protocol::restate
