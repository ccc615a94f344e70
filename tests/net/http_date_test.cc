#include "net/http/http_date.h"

#include <boost/test/unit_test.hpp>

namespace holdfast::net {
namespace {

constexpr std::int64_t kNow = 1'795'173'836'000;  // In 2026.
constexpr std::int64_t kExample = 784'111'777'000;

std::int64_t parsed(std::string_view text) { return parse_http_date(text, kNow).value_or(-1); }

}  // namespace

BOOST_AUTO_TEST_SUITE(http_date)

BOOST_AUTO_TEST_CASE(each_of_the_three_forms_is_understood) {
  BOOST_TEST(parsed("Sun, 06 Nov 1994 08:49:37 GMT") == kExample);
  BOOST_TEST(parsed("Sunday, 06-Nov-94 08:49:37 GMT") == kExample);
  BOOST_TEST(parsed("Sun Nov  6 08:49:37 1994") == kExample);
  BOOST_TEST(parsed("Wed Nov 16 08:49:37 1994") == kExample + 10 * 86'400'000LL);
  BOOST_TEST(parsed("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
  BOOST_TEST(parsed("Tue, 29 Feb 2028 23:59:60 GMT") == 1'835'481'600'000);
}

BOOST_AUTO_TEST_CASE(two_digits_are_a_year_at_most_50_ahead) {
  BOOST_TEST(parsed("Sunday, 06-Nov-76 08:49:37 GMT") == parsed("Fri, 06 Nov 2076 08:49:37 GMT"));
  BOOST_TEST(parsed("Sunday, 06-Nov-77 08:49:37 GMT") == parsed("Sun, 06 Nov 1977 08:49:37 GMT"));
  BOOST_TEST(parsed("Friday, 06-Nov-26 08:49:37 GMT") == parsed("Fri, 06 Nov 2026 08:49:37 GMT"));
}

BOOST_AUTO_TEST_CASE(inv_11_anything_else_is_none) {
  for (const char* text :
       {"", "5", "Sun", "Sun, ", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Non 1994 08:49:37 GMT", "sun, 06 nov 1994",
        "Sun Nov 6 08:49:37 1994", "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT"}) {
    BOOST_TEST(!parse_http_date(text, kNow).has_value(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
