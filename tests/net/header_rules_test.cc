// What a header's value may bring onto the wire.

#include "net/http/header_rules.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace holdfast::net {
namespace {

BOOST_AUTO_TEST_SUITE(header_rules)

// Otherwise a value with a line end would be a header of its own.
BOOST_AUTO_TEST_CASE(inv_11_each_control_character_becomes_a_space_wherever_it_stands) {
  int replaced = 0;
  for (std::size_t size = 1; size <= 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string value(size, '\xff');
        value[at] = static_cast<char>(byte);
        const bool is_control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
        std::string expected = "name: " + value;
        if (is_control) expected[6 + at] = ' ';

        Bytes line = "name: ";
        append_header_value(line, value);

        BOOST_REQUIRE(line == expected);
        replaced += is_control ? 1 : 0;
      }
    }
  }
  BOOST_TEST(replaced == 210 * 32);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
