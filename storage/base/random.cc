#include "storage/base/random.h"

#include <sys/random.h>

#include <bit>

#include "storage/base/check.h"

namespace holdfast {
namespace {

using State = std::array<std::uint64_t, 4>;

// xoshiro256++ by David Blackman and Sebastiano Vigna (public domain).
std::uint64_t xoshiro(State& state) {
  const std::uint64_t result = std::rotl(state[0] + state[3], 23) + state[0];
  const std::uint64_t shifted = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = std::rotl(state[3], 45);
  return result;
}

// splitmix64: spreads a small seed over a whole state.
std::uint64_t splitmix(std::uint64_t& seed) {
  std::uint64_t value = (seed += 0x9e3779b97f4a7c15);
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

State state_from_kernel() {
  State state;
  const auto got = getrandom(state.data(), sizeof(state), 0);
  CHECK(got == static_cast<ssize_t>(sizeof(state)), "the kernel gives 32 random bytes at once");
  state[0] |= 1;  // Not all zero.
  return state;
}

}  // namespace

std::uint64_t SystemRandom::next() {
  thread_local State state = state_from_kernel();
  return xoshiro(state);
}

SeededRandom::SeededRandom(std::uint64_t seed) : state_() {
  for (auto& word : state_) word = splitmix(seed);
}

std::uint64_t SeededRandom::next() { return xoshiro(state_); }

}  // namespace holdfast
