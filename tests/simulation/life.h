#pragma once
// Life: one simulated engine from one seed, through crashes and failing disks, until all is well
// again; and whether it kept its promises.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace holdfast::simulation {

struct Verdict {
  std::vector<std::string> broken;              // Promises, the first one first.
  std::uint64_t trace = 0;                      // The same in each run of the seed.
  std::map<std::string, std::uint64_t> counts;  // What was done to it, and how much was checked.
};

// `verbose`: prints every event.
Verdict live(std::uint64_t seed, bool verbose = false);

}  // namespace holdfast::simulation
