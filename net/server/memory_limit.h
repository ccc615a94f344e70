#pragma once
// MemoryLimit: how much memory this process may use, by the machine and by its control group.

#include <cstdint>
#include <string>

namespace holdfast::net {

// Bytes: the least of the machine's memory and the limits of the control group (v1 and v2) of the
// process. `root` is put in front of /proc and /sys, for tests.
std::uint64_t memory_limit_bytes(const std::string& root = {});

// How many invocations may be in memory at a time with so much: half of it, at 10 KiB each
// (measured: 9 with their journal and a waiting step), within what is reasonable.
std::uint64_t active_max_for(std::uint64_t memory_bytes);

}  // namespace holdfast::net
