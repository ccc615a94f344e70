#pragma once
// Choices: the rest of an input, as a target takes it apart. Where it ends there are zeros, so that
// any input is a whole one.

#include <cstddef>
#include <cstdint>

#include "storage/base/bytes.h"

namespace holdfast::testing {

class Choices {
 public:
  explicit Choices(BytesView input) : rest_(input) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }
  // REQUIRES: 0 < count.
  std::size_t below(std::size_t count) { return byte() % count; }
  bool coin() { return byte() % 2 != 0; }
  // As many as the next two bytes say, or all there are.
  BytesView bytes() {
    const std::size_t high = byte();
    const BytesView taken = rest_.substr(0, high * 256 + byte());
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  BytesView rest_;
};

}  // namespace holdfast::testing
