// Text functions: those of ours say what SQLite's own say, and take no longer than they may.

#include <sqlite3.h>

#include <ctime>
#include <memory>
#include <string>

#include "net/admin/sql/like.h"
#include "net/admin/sql/text_functions.h"
#include "tests/net/sql_fixture.h"
#include "tests/support/sanitized.h"

namespace holdfast::net {
namespace {

using testing::kSanitized;
using Connection = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;

Connection open() {
  sqlite3* opened = nullptr;
  BOOST_REQUIRE(sqlite3_open(":memory:", &opened) == SQLITE_OK);
  return {opened, sqlite3_close};
}

// The value of an expression, and its type.
std::string value_of(const Connection& connection, const std::string& expression) {
  sqlite3_stmt* statement = nullptr;
  const std::string query = "select quote(" + expression + "), typeof(" + expression + ")";
  BOOST_REQUIRE(sqlite3_prepare_v2(connection.get(), query.c_str(), -1, &statement, nullptr) ==
                SQLITE_OK);
  BOOST_REQUIRE(sqlite3_step(statement) == SQLITE_ROW);
  std::string value;
  for (const int column : {0, 1}) {
    const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
    value += std::string(text == nullptr ? "" : text) + " ";
  }
  sqlite3_finalize(statement);
  return value;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sql_text, SqlFixture)

BOOST_AUTO_TEST_CASE(functions_over_text_say_what_those_of_sqlite_say) {
  const Connection theirs = open(), ours = open();
  BOOST_REQUIRE(sql::add_text_functions(ours.get()) == SQLITE_OK);
  const char* const kPieces[] = {"a", "b", "ab", "aab", " ", "\xc3\xa9", "\xe2\x82\xac", "''"};
  const auto some = [&] {
    std::string text = "'";
    for (auto n = random.next() % 6; n > 0; --n) text += kPieces[random.next() % 8];
    text += "'";
    switch (random.next() % 12) {
      case 0:
        return std::string("null");
      case 1:
        return std::string("121");
      case 2:
        return std::string("12");
      case 3:
        return "cast(" + text + " as blob)";
      default:
        return text;
    }
  };

  for (int i = 0; i < 2000; ++i) {
    const std::string one = some(), two = some(), three = some();
    for (const std::string& call :
         {"instr(" + one + "," + two + ")", "replace(" + one + "," + two + "," + three + ")",
          "trim(" + one + ")", "trim(" + one + "," + two + ")", "ltrim(" + one + "," + two + ")",
          "rtrim(" + one + "," + two + ")", "ltrim(" + one + ")", "rtrim(" + one + ")"}) {
      BOOST_TEST(value_of(ours, call) == value_of(theirs, call), call);
    }
  }
}

BOOST_AUTO_TEST_CASE(like_and_ilike_match_what_those_of_sqlite_match) {
  const Connection theirs = open(), ours = open();
  BOOST_REQUIRE(sql::add_like(ours.get(), nullptr) == SQLITE_OK);
  const char* const kPieces[] = {
      "a", "A", "b", "%", "_", "!", "\xc3\xa9", "\xe2\x82\xac", "''", "aaaaaaaaaaaaaaaaaaaaaa"};
  const auto some = [&](std::uint64_t most) {
    std::string text = "'";
    for (auto n = random.next() % (most + 1); n > 0; --n) text += kPieces[random.next() % 10];
    return random.next() % 40 == 0 ? "null" : text + "'";
  };
  int matched = 0;
  for (const bool case_matters : {true, false}) {
    BOOST_REQUIRE(sqlite3_exec(theirs.get(),
                               case_matters ? "pragma case_sensitive_like = on"
                                            : "pragma case_sensitive_like = off",
                               nullptr, nullptr, nullptr) == SQLITE_OK);
    for (int i = 0; i < 4000; ++i) {
      const std::string text = some(7), pattern = some(5);
      const std::string escape = i % 3 == 0 ? " escape '!'" : "";
      const std::string our_name = case_matters ? " like " : " regexp ";
      const std::string said = value_of(ours, escape.empty() || case_matters
                                                  ? text + our_name + pattern + escape
                                                  : "regexp(" + pattern + "," + text + ", '!')");
      BOOST_TEST(said == value_of(theirs, text + " like " + pattern + escape),
                 text << our_name << pattern << escape);
      matched += said.starts_with("1 ");
    }
  }
  BOOST_TEST(matched > 300);

  // Of a column a pattern is another one in each row.
  BOOST_TEST(value_of(ours,
                      "(select group_concat(text like pattern) from (select 'ab' as text, 'a_' "
                      "as pattern union all select 'ab', 'b%' union all select 'b', 'b%'))") ==
             "'1,0,1' text ");
}

BOOST_AUTO_TEST_CASE(like_is_refused_what_it_would_not_understand) {
  BOOST_TEST(
      message("select 'a' like '" + std::string(1001, 'a') + "'").find("has at most 1000 bytes") !=
      std::string::npos);
  BOOST_TEST(value("select '" + std::string(1000, 'a') + "' like '" + std::string(1000, 'a') +
                   "'") == "1");
  for (const char* const escape : {"''", "'ab'"}) {
    BOOST_TEST(message("select 'a' like 'a' escape " + std::string(escape)).find("one character") !=
               std::string::npos);
  }
  BOOST_TEST(message("select 'a' glob 'a*'").find("use LIKE") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(like_does_not_compare_all_of_a_pattern_with_all_of_a_text) {
  const Connection theirs = open(), ours = open();
  BOOST_REQUIRE(sql::add_like(ours.get(), nullptr) == SQLITE_OK);
  const auto seconds_for = [](const Connection& connection, const char* bytes) {
    const std::clock_t begin = std::clock();
    BOOST_TEST(value_of(connection, "hex(zeroblob(" + std::string(bytes) + ")) like '%" +
                                        std::string(990, '0') + "_b'") == "0 integer ");
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };

  const double our_time = seconds_for(ours, "200000");
  const double their_time = seconds_for(theirs, "200000");
  // Under a sanitizer only ours is slowed down.
  BOOST_TEST(our_time < (kSanitized ? 10 * their_time : their_time / 2));
}

BOOST_AUTO_TEST_CASE(like_looks_at_the_clock) {
  time_max = Millis(1);
  const std::clock_t begin = std::clock();
  // Seconds, otherwise. Not of a text that replace() makes: see memmem() below.
  BOOST_TEST(message("select hex(zeroblob(20000000)) like '%" + std::string(990, '_') + "b'")
                 .find("took longer than 1 ms") != std::string::npos);
  BOOST_TEST((kSanitized || static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC < 1));
}

BOOST_AUTO_TEST_CASE(no_call_takes_time_with_the_square_of_its_texts) {
  // Processor time of calls that would compare nearly all of one text with all of another.
  const auto seconds_for = [this](int bytes) {
    const auto made = [](int half, const char* letter) {
      return "replace(hex(zeroblob(" + std::to_string(half) + ")), '0', '" + letter + "')";
    };
    const std::string text = "(" + made(bytes / 2, "a") + ")";
    const std::string part = "(" + made(bytes / 4, "a") + " || 'b')";
    const std::string others = "(" + made(bytes / 4, "b") + " || 'a')";
    const std::clock_t begin = std::clock();

    BOOST_TEST(value("select instr(" + text + "," + part + ")") == "0");
    BOOST_TEST(value("select strpos(" + text + "," + part + ")") == "0");
    BOOST_TEST(value("select contains(" + text + "," + part + ")") == "0");
    BOOST_TEST(value("select length(replace(" + text + "," + part + ", ''))") ==
               std::to_string(bytes));
    BOOST_TEST(value("select length(trim(" + text + "," + others + "))") == "0");
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  const double small = seconds_for(40'000);
  const double large = seconds_for(8 * 40'000);

  // 64 times as long, otherwise. Sanitizers look at all bytes of each memmem(), which is a square.
  BOOST_TEST((kSanitized || large < 25 * small));
  BOOST_TEST(!message("select json_patch('{}', '{}')").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
