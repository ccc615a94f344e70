#include "net/http/uri.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace holdfast::net {
namespace {

BOOST_AUTO_TEST_SUITE(uri)

BOOST_AUTO_TEST_CASE(a_target_is_split_at_the_first_question_mark) {
  const Target target = split_target("/a/b?c=d?e");

  BOOST_TEST(target.path == "/a/b");
  BOOST_TEST(target.query == "c=d?e");
  BOOST_TEST(split_target("http://host:1/x?y").path == "/x");
  BOOST_TEST(split_target("http://host").path == "/");
  BOOST_TEST(split_target("/x://y").path == "/x://y");
}

BOOST_AUTO_TEST_CASE(an_encoded_slash_stays_inside_its_segment) {
  const auto segments = path_segments("/a/b%2Fc//%C3%A4");

  BOOST_REQUIRE(segments.has_value());
  BOOST_TEST(*segments == (std::vector<Bytes>{"a", "b/c", "", "\xc3\xa4"}),
             boost::test_tools::per_element());
  BOOST_TEST(path_segments("/")->size() == 1u);
  BOOST_TEST(path_segments("/a/")->size() == 2u);
}

BOOST_AUTO_TEST_CASE(bad_escapes_are_errors) {
  for (const std::string text : {"%", "%2", "%zz", "a%4", "%%41", "%-1"}) {
    BOOST_TEST(!percent_decode(text).has_value());
    BOOST_TEST(!path_segments("/" + text).has_value());
    BOOST_TEST(!query_parameters("a=" + text).has_value());
  }
}

BOOST_AUTO_TEST_CASE(query_parameters_are_decoded) {
  const auto parameters = query_parameters("a=1+2&b&&c=%26=");

  BOOST_REQUIRE(parameters.has_value());
  BOOST_REQUIRE(parameters->size() == 3u);
  BOOST_TEST((*parameters)[0].second == "1 2");
  BOOST_TEST((*parameters)[1].first == "b");
  BOOST_TEST((*parameters)[2].second == "&=");
}

BOOST_AUTO_TEST_CASE(what_is_encoded_decodes_to_itself) {
  Bytes all;
  for (int i = 0; i < 256; ++i) {
    all.push_back(static_cast<char>(i));
  }

  const auto decoded = percent_decode(percent_encode(all));

  BOOST_REQUIRE(decoded.has_value());
  BOOST_TEST((*decoded == all));
  BOOST_TEST(percent_encode("a/b c~") == "a%2Fb%20c~");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
