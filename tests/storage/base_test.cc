#include <boost/test/unit_test.hpp>
#include <set>
#include <thread>

#include "storage/base/checksum.h"
#include "storage/base/log.h"
#include "storage/base/random.h"
#include "storage/base/unique_function.h"
#include "storage/key_space.h"
#include "tests/support/log_capture.h"

namespace holdfast {
namespace {

const Logger log("storage");

BOOST_AUTO_TEST_SUITE(base)

BOOST_AUTO_TEST_CASE(a_log_line_has_its_logger_event_and_fields) {
  const testing::LogCapture capture;

  log.error("attempt failed", "invocation={} attempt={}", "inv_1", 2);
  log.debug("below the level");

  BOOST_TEST(capture.lines().size() == 1U);
  BOOST_TEST(capture.contains("storage: attempt failed invocation=inv_1 attempt=2"));
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_numbers) {
  SeededRandom one(7);
  SeededRandom same(7);
  SeededRandom other(8);

  const std::uint64_t first = one.next();

  BOOST_TEST(first == same.next());
  BOOST_TEST(first != other.next());
}

BOOST_AUTO_TEST_CASE(threads_do_not_share_random_numbers) {
  std::set<std::uint64_t> numbers;
  SystemRandom random;
  for (int i = 0; i < 4; ++i) {
    std::thread([&] { numbers.insert(random.next()); }).join();
  }

  BOOST_TEST(numbers.size() == 4U);
}

BOOST_AUTO_TEST_CASE(inv_10_the_checksum_never_changes) {
  BOOST_TEST(checksum("") == 0x38d394c2U);
  BOOST_TEST(checksum("holdfast") == 0xd3ad850bU);
  BOOST_TEST(checksum("holdfast") != checksum("holdfasu"));
}

BOOST_AUTO_TEST_CASE(a_unique_function_moves_what_it_holds_and_lets_go_of_it_once) {
  auto held = std::make_shared<int>(7);
  int heard = 0;
  {
    UniqueFunction<void(int)> empty;
    UniqueFunction<void(int)> first = [own = std::make_unique<std::shared_ptr<int>>(held),
                                       &heard](int more) mutable { heard = **own + more; };
    UniqueFunction<void(int)> second = std::move(first);

    BOOST_TEST(!empty);
    BOOST_TEST(!first);  // NOLINT: that it is empty is what is tested.
    BOOST_REQUIRE(static_cast<bool>(second));
    second(3);
    BOOST_TEST(held.use_count() == 2);
  }

  BOOST_TEST(heard == 10);
  BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(inv_10_table_tags_are_used_once) {
  std::set<storage::Table> tags(std::begin(storage::kTables), std::end(storage::kTables));

  BOOST_TEST(tags.size() == std::size(storage::kTables));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_prefix_is_just_beyond_its_keys) {
  BOOST_TEST(storage::prefix_end("ab") == "ac");
  BOOST_TEST(storage::prefix_end("a\xff\xff") == "b");
  BOOST_TEST(storage::prefix_end("\xff").empty());
  BOOST_TEST(storage::table_end(storage::Table::kTimer, {}) == "u");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast
