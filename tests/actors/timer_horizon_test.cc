#include "actors/timer/timer_horizon.h"

#include <boost/test/unit_test.hpp>

namespace holdfast::actors {

BOOST_AUTO_TEST_SUITE(timer_horizon)

BOOST_AUTO_TEST_CASE(until_it_is_set_all_are_told) {
  TimerHorizon horizon;

  BOOST_TEST(horizon.must_tell(0));
  BOOST_TEST(horizon.must_tell(INT64_MAX));
  BOOST_TEST(horizon.must_tell(INT64_MAX));
}

BOOST_AUTO_TEST_CASE(of_those_beyond_it_the_first_is_told) {
  TimerHorizon horizon;
  horizon.set(100);

  BOOST_TEST(horizon.must_tell(100));
  BOOST_TEST(horizon.must_tell(101));
  BOOST_TEST(!horizon.must_tell(101));
  BOOST_TEST(!horizon.must_tell(500));
  BOOST_TEST(horizon.must_tell(100));

  horizon.tell_all();
  BOOST_TEST(horizon.must_tell(500));
  BOOST_TEST(horizon.must_tell(500));
  horizon.set(200);
  BOOST_TEST(horizon.must_tell(201));
  BOOST_TEST(!horizon.must_tell(500));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::actors
