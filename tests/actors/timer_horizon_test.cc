#include "actors/timer/timer_horizon.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "tests/support/engine_fixture.h"
#include "tests/support/log_capture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::actors {

BOOST_AUTO_TEST_SUITE(timer_horizon)

constexpr std::int64_t kDayMs = 86'400'000;

BOOST_AUTO_TEST_CASE(until_it_is_set_all_are_told) {
  TimerHorizon horizon;

  BOOST_TEST(horizon.must_tell(0, 0));
  BOOST_TEST(horizon.must_tell(kDayMs, 0));
  BOOST_TEST(horizon.must_tell(kDayMs, 0));
}

BOOST_AUTO_TEST_CASE(of_those_beyond_it_the_first_is_told) {
  TimerHorizon horizon;
  horizon.set(kDayMs, 0);

  BOOST_TEST(horizon.must_tell(kDayMs, 0));
  BOOST_TEST(horizon.must_tell(kDayMs + 1, 0));
  BOOST_TEST(!horizon.must_tell(kDayMs + 1, 0));
  BOOST_TEST(!horizon.must_tell(5 * kDayMs, 0));
  BOOST_TEST(horizon.must_tell(kDayMs, 0));

  horizon.tell_all();
  BOOST_TEST(horizon.must_tell(5 * kDayMs, 0));
  BOOST_TEST(horizon.must_tell(5 * kDayMs, 0));
  horizon.set(2 * kDayMs, 0);
  BOOST_TEST(horizon.must_tell(2 * kDayMs + 1, 0));
  BOOST_TEST(!horizon.must_tell(5 * kDayMs, 0));
}

// The clock has leapt: the horizon is long past.
BOOST_AUTO_TEST_CASE(what_is_due_soon_is_always_told) {
  TimerHorizon horizon;
  horizon.set(kDayMs, 0);
  BOOST_TEST(horizon.must_tell(9 * kDayMs, 0));

  for (int i = 0; i < 3; ++i) BOOST_TEST(horizon.must_tell(4000 * kDayMs + 1, 4000 * kDayMs));
  BOOST_TEST(!horizon.must_tell(4001 * kDayMs, 4000 * kDayMs));
}

// There is more in the hour than the actor keeps: it reads on when it comes there.
BOOST_AUTO_TEST_CASE(what_is_due_later_than_a_full_wheel_reaches_is_not_told) {
  TimerHorizon horizon;
  horizon.set(kDayMs, kDayMs - 5'000);
  BOOST_TEST(horizon.must_tell(9 * kDayMs, kDayMs - 5'000));

  BOOST_TEST(!horizon.must_tell(kDayMs + 1, kDayMs - 5'000));
  BOOST_TEST(horizon.must_tell(kDayMs, kDayMs - 5'000));
  BOOST_TEST(horizon.must_tell(4000 * kDayMs + 5'000, 4000 * kDayMs));
  BOOST_TEST(!horizon.must_tell(4000 * kDayMs + 5'001, 4000 * kDayMs));
}

BOOST_AUTO_TEST_CASE(timers_that_cannot_be_read_are_tried_again_each_second_and_are_not_late) {
  constexpr std::int64_t kHourMs = 3'600'000;
  testing::ScriptedHandlers handlers;
  handlers.add(journal::ServiceKind::kService, "Nap", "run",
               {journal::HandlerKind::kPlain, {testing::sleep(2 * kHourMs)}, {}});
  testing::ManualClock clock;
  testing::EngineFixture world(handlers, handlers.catalog(), 1, {}, clock);
  const testing::LogCapture log;
  const auto failures = [&] {
    const auto lines = log.lines();
    return std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
      return line.find("timers cannot be read") != std::string::npos;
    });
  };
  const journal::InvocationId id = world.send(testing::request("Nap", "run")).id;

  world.advance(Millis(kHourMs - 5'000));
  world.store().fail_read(1, 8);
  world.advance(Millis(9'000));  // The hour is over in five seconds.
  BOOST_TEST(failures() >= 3);
  BOOST_TEST(failures() <= 6);
  BOOST_TEST(world.store().read_is_due());

  world.advance(Millis(10'000));
  BOOST_TEST(failures() == 8);
  world.advance(Millis(kHourMs - 14'000 - 1));
  BOOST_TEST(!world.output(id).has_value());
  world.advance(Millis(2));
  BOOST_TEST(world.output(id).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::actors
