#include "sdk/runtime/awakeable_id.h"

namespace holdfast::runtime {

std::string awakeable_id(BytesView raw_invocation_id, std::uint32_t signal) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  Bytes bytes(raw_invocation_id);
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(signal >> shift);

  std::string text = "sign_1";
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(byte);
    count += 8;
    while (count >= 6) {
      count -= 6;
      text += kAlphabet[(bits >> count) & 0x3F];
    }
  }
  if (count > 0) text += kAlphabet[(bits << (6 - count)) & 0x3F];
  return text;
}

}  // namespace holdfast::runtime
