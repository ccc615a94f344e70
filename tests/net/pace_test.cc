#include "net/http/pace.h"

#include <boost/test/unit_test.hpp>
#include <chrono>

namespace holdfast::net {
namespace {

using std::chrono::seconds;

const Pace::Clock::time_point kBegin{seconds(1000)};

HttpServerOptions some_options() {
  HttpServerOptions options;
  options.body_idle_timeout = seconds(30);
  options.body_bytes_per_second_min = 500;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pace)

BOOST_AUTO_TEST_CASE(who_is_silent_is_late_after_the_idle_time) {
  Pace pace(kBegin);
  BOOST_TEST((pace.due(some_options()) == kBegin + seconds(30)));

  pace.move(1 << 30, kBegin + seconds(10));
  BOOST_TEST((pace.due(some_options()) == kBegin + seconds(40)));
}

BOOST_AUTO_TEST_CASE(a_byte_now_and_then_earns_next_to_nothing) {
  Pace pace(kBegin);
  for (int i = 1; i <= 29; ++i) pace.move(1, kBegin + seconds(i));

  BOOST_TEST((pace.due(some_options()) < kBegin + seconds(31)));
}

BOOST_AUTO_TEST_CASE(each_second_is_paid_for_with_the_least_rate) {
  Pace pace(kBegin);
  auto before = pace.due(some_options());

  for (int i = 1; i <= 3600; ++i) {
    pace.move(500, kBegin + seconds(i));
    const auto due = pace.due(some_options());
    BOOST_TEST((due > before));
    before = due;
  }

  BOOST_TEST((before == kBegin + seconds(3630)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
