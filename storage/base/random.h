#pragma once
// Random: where chance comes from. It is passed in, like time, so that a test or a simulation
// repeats with its seed. Good enough for ids and jitter; not for secrets.

#include <array>
#include <cstdint>

namespace holdfast {

class Random {
 public:
  virtual ~Random() = default;
  // 64 random bits.
  virtual std::uint64_t next() = 0;
};

// Seeded by the kernel, once per thread. Any thread.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

// The same seed gives the same numbers on every machine. One thread at a time.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 4> state_;  // Of xoshiro256++; never all zero.
};

}  // namespace holdfast
