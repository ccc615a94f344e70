#pragma once
// Lowered: an endpoint whose manifest tells an older highest version than it speaks, so that a
// server that always takes the highest can be tried with each. It stands before the endpoint and
// hands on every byte of a connection but that one digit.

#include <cstdint>

namespace conformance {

// Takes connections at `port` of this machine for the endpoint at `behind`. Never returns; throws
// when the port is taken.
[[noreturn]] void serve_lowered(std::uint16_t port, std::uint16_t behind, char highest);

}  // namespace conformance
