#pragma once
// The handlers of a simulation, in the engine's process or behind a wire. Each kind keeps a promise
// that can be checked from outside.
//
//   Bank/transfer      from one Account to another: no money is made
//   Counter/KEY/add    two steps around a state: none is lost, each is counted once, in order
//   Chain/go           calls itself: the depth comes back
//   Fan/out            three calls, a race and a timeout at once
//   Order/KEY/run      waits for its promise; approve: the first answer wins
//   Nap/nap            sleeps: not shorter than asked for
//   Later/run          was sent with a delay: not before it is due
//   Human/ask          hands out an awakeable: the first answer wins
//   Victim/run         long enough to be cancelled or killed on the way
//   Watch/it           attached to another one: both come to the same; where there are crowds
//
// A handler ends with step kLast, so that who has been there has done all there was to do.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include <holdfast/sdk.h>

#include "tests/simulation/outside.h"

namespace holdfast::simulation {

constexpr int kLast = 1000;
constexpr int kFirstBalance = 1000;
// Results and workflows. The clock may leap by days, and what is asked for then shall be there.
constexpr std::int64_t kKeptForMs = 10ll * 365 * 86'400'000;

struct Transfer {
  std::string from, to;
  int amount = 0;
};
BOOST_DESCRIBE_STRUCT(Transfer, (), (from, to, amount))

// `on_awakeable` gets the id of an awakeable that nobody has completed yet; maybe more than once.
std::vector<ServiceDefinition> services(Outside& outside,
                                        std::function<void(const std::string&)> on_awakeable,
                                        bool crowds);

}  // namespace holdfast::simulation
