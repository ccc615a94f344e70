#include "net/http/header_rules.h"

#include <sys/mman.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <string>

#include "storage/base/check.h"

namespace holdfast::net {
namespace {

// Text behind which nothing can be read: the end of its page.
class TextAtTheEdge {
 public:
  explicit TextAtTheEdge(std::string_view text) : page_(static_cast<std::size_t>(::getpagesize())) {
    void* const pages =
        ::mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED, "two pages");
    begin_ = static_cast<char*>(pages);
    CHECK(::mprotect(begin_ + page_, page_, PROT_NONE) == 0, "the second cannot be read");
    text_ = {begin_ + page_ - text.size(), text.size()};
    std::memcpy(begin_ + page_ - text.size(), text.data(), text.size());
  }
  ~TextAtTheEdge() { ::munmap(begin_, 2 * page_); }
  TextAtTheEdge(const TextAtTheEdge&) = delete;
  TextAtTheEdge& operator=(const TextAtTheEdge&) = delete;

  std::string_view text() const { return text_; }

 private:
  const std::size_t page_;
  char* begin_ = nullptr;
  std::string_view text_;
};

BOOST_AUTO_TEST_SUITE(header_rules)

BOOST_AUTO_TEST_CASE(a_token_of_any_case_is_found_in_a_list) {
  BOOST_TEST(has_token("keep-alive, Close", "close"));
  BOOST_TEST(has_token("CLOSE", "close"));
  BOOST_TEST(!has_token("closed, clos", "close"));
  BOOST_TEST(!has_token("", "close"));
}

BOOST_AUTO_TEST_CASE(nothing_behind_a_value_is_read) {
  const TextAtTheEdge value("keep-alive, Close");

  BOOST_TEST(has_token(value.text(), "close"));
  BOOST_TEST(equals_word(value.text().substr(12), "close"));
  for (std::size_t begin = 0; begin < value.text().size(); ++begin) {
    Bytes line;
    append_header_value(line, value.text().substr(begin));
    BOOST_TEST(line == value.text().substr(begin));
  }
}

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
