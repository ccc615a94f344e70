#pragma once
// RareWays: decides at each rare() of the code, by the seed, while it lives. As in FoundationDB's
// simulation a point is on or off for the whole of a life, so that lives differ in which ways they
// go; one that is on goes the rare way every other time.

#include <cstdint>
#include <map>
#include <string>

#include "storage/base/random.h"

namespace holdfast::simulation {

// One at a time, on the only thread.
class RareWays {
 public:
  // `taken`: how often each was gone; outlives this.
  RareWays(std::uint64_t seed, std::map<std::string, std::uint64_t>& taken);
  ~RareWays();
  RareWays(const RareWays&) = delete;
  RareWays& operator=(const RareWays&) = delete;

 private:
  static bool decide(const char* point);

  SeededRandom chance_;
  std::map<std::string, bool> on_;
  std::map<std::string, std::uint64_t>& taken_;
};

}  // namespace holdfast::simulation
