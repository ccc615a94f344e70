#include "tests/simulation/rare_ways.h"

#include "storage/base/rare.h"

namespace holdfast::simulation {

namespace {
RareWays* deciding = nullptr;
}

RareWays::RareWays(std::uint64_t seed, std::map<std::string, std::uint64_t>& taken)
    : chance_(seed), taken_(taken) {
  deciding = this;
  decide_rare = &decide;
}

RareWays::~RareWays() { decide_rare = nullptr; }

bool RareWays::decide(const char* point) {
  const auto [found, is_new] = deciding->on_.try_emplace(point);
  if (is_new) found->second = deciding->chance_.next() % 4 == 0;
  const bool goes = found->second && deciding->chance_.next() % 2 == 0;
  if (goes) ++deciding->taken_[point];
  return goes;
}

}  // namespace holdfast::simulation
