#include "net/server/clock_watch.h"

#include <time.h>

#include <boost/test/unit_test.hpp>
#include <chrono>

namespace holdfast::net {
namespace {

// Sets the wall clock to what it shows; false: this process may not.
bool set_the_clock() {
  timespec now{};
  return clock_gettime(CLOCK_REALTIME, &now) == 0 && clock_settime(CLOCK_REALTIME, &now) == 0;
}

BOOST_AUTO_TEST_SUITE(clock_watch)

boost::test_tools::assertion_result the_clock_may_be_set(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result result(set_the_clock());
  result.message() << "the clock may not be set here (needs CAP_SYS_TIME)";
  return result;
}

BOOST_AUTO_TEST_CASE(each_change_of_the_clock_is_noticed_and_nothing_else,
                     *boost::unit_test::precondition(the_clock_may_be_set)) {
  boost::asio::io_context io;
  int noticed = 0;
  ClockWatch watch(io, [&] { ++noticed; });

  io.run_for(std::chrono::milliseconds(20));
  BOOST_TEST(noticed == 0);
  set_the_clock();
  io.run_one_for(std::chrono::seconds(5));
  BOOST_TEST(noticed == 1);
  set_the_clock();
  io.run_one_for(std::chrono::seconds(5));
  BOOST_TEST(noticed == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
