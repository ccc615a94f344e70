#include "net/server/memory_limit.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temp_folder.h"

namespace holdfast::net {
namespace {

void put(const testing::TempFolder& root, const std::string& path, const std::string& text) {
  const std::filesystem::path file = root.path() + path;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

BOOST_AUTO_TEST_SUITE(memory_limit)

BOOST_AUTO_TEST_CASE(the_least_of_all_limits_holds) {
  testing::TempFolder root;
  const std::uint64_t machine = memory_limit_bytes(root.path());
  BOOST_TEST(machine > 1u << 20);

  put(root, "/proc/self/cgroup", "0::/box/a\n4:memory:/old\n3:cpu:/x\nnonsense\n");
  put(root, "/sys/fs/cgroup/box/a/memory.max", "max\n");
  BOOST_TEST(memory_limit_bytes(root.path()) == machine);
  put(root, "/sys/fs/cgroup/memory/old/memory.limit_in_bytes", "9000000\n");
  BOOST_TEST(memory_limit_bytes(root.path()) == 9'000'000u);
  put(root, "/sys/fs/cgroup/box/a/memory.max", "8000000\n");
  BOOST_TEST(memory_limit_bytes(root.path()) == 8'000'000u);
  put(root, "/sys/fs/cgroup/memory.max", "7000000\n");
  BOOST_TEST(memory_limit_bytes(root.path()) == 7'000'000u);
}

BOOST_AUTO_TEST_CASE(invocations_get_half_of_it) {
  BOOST_TEST(active_max_for(512ull << 20) == 26'214u);
  BOOST_TEST(active_max_for(0) == 1'000u);
  BOOST_TEST(active_max_for(UINT64_MAX) == 100'000u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
