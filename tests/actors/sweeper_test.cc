// WaitNotes: who has waited for long, also when the clock is set.

#include "actors/sweeper.h"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <optional>

namespace holdfast::actors {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;
constexpr std::int64_t kPatienceMs = 100;
constexpr std::int64_t kDayMs = 86'400'000;

}  // namespace

BOOST_AUTO_TEST_SUITE(sweeper)

BOOST_AUTO_TEST_CASE(a_wait_is_taken_after_its_patience) {
  WaitNotes notes(kPatienceMs);
  std::optional<std::int64_t> again;
  notes.add({kNow, {}, 1});

  BOOST_TEST(notes.take(kNow + kPatienceMs - 1, &again).empty());
  BOOST_TEST(again.has_value());
  BOOST_TEST(notes.take(kNow + kPatienceMs, &again).size() == 1u);
  BOOST_TEST(!again.has_value());
}

BOOST_AUTO_TEST_CASE(a_wait_noted_while_the_clock_was_ahead_does_not_keep_the_others) {
  WaitNotes notes(kPatienceMs);
  std::optional<std::int64_t> again;
  notes.add({kNow + kDayMs, {}, 1});
  notes.add({kNow + kDayMs, {}, 2}, 2 * kPatienceMs);
  notes.add({kNow, {}, 3});

  BOOST_TEST(notes.take(kNow + kPatienceMs, &again).size() == 3u);
  BOOST_TEST(!again.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::actors
