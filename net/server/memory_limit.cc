#include "net/server/memory_limit.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>

namespace holdfast::net {

namespace {

// The number that a file consists of; none for "max", and when there is no such file.
std::optional<std::uint64_t> number_in(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::uint64_t number = 0;
  if (!std::getline(file, text)) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

std::uint64_t of_the_machine() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long size = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || size <= 0) return UINT64_MAX;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size);
}

}  // namespace

std::uint64_t memory_limit_bytes(const std::string& root) {
  std::uint64_t least = of_the_machine();
  const auto look = [&](const std::string& path) {
    if (const auto limit = number_in(root + path)) least = std::min(least, *limit);
  };
  // A container may not see the path that the kernel knows its group by; then the top is its own.
  look("/sys/fs/cgroup/memory.max");
  look("/sys/fs/cgroup/memory/memory.limit_in_bytes");
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) look("/sys/fs/cgroup" + path + "/memory.max");
    if (controllers == "memory") look("/sys/fs/cgroup/memory" + path + "/memory.limit_in_bytes");
  }
  return least;
}

std::uint64_t active_max_for(std::uint64_t memory_bytes) {
  constexpr std::uint64_t kBytesEach = 10 << 10;
  return std::clamp<std::uint64_t>(memory_bytes / 2 / kBytesEach, 1'000, 100'000);
}

}  // namespace holdfast::net
