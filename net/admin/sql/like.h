#pragma once
// LIKE and ILIKE: does a text match a pattern in which % stands for any text and _ for any one
// character. SQLite's own takes the product of both lengths, a minute and more for what a value may
// have, and looks at no clock meanwhile. Here all places of the pattern that a text can have
// reached are bits (Baeza-Yates and Gonnet, 1992), so a character of the text costs one step for
// each 64 of the pattern.

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/admin/sql/query_watch.h"
#include "storage/base/result.h"

namespace holdfast::net::sql {

class LikePattern {
 public:
  enum class Case : std::uint8_t {
    kMatters,
    kOfAsciiDoesNot,  // A is a; other alphabets are as they are.
  };
  static constexpr std::size_t kBytesMax = 1000;

  // `escape`: the character before one that stands for itself; empty: there is none.
  // kInvalidArgument: the pattern is too long, or `escape` is not one character.
  static Result<LikePattern> read(std::string_view pattern, std::string_view escape, Case which);

  // Of the whole text. Any bytes; what is not UTF-8 is taken as characters of some bytes each.
  // `watch` may be null; when it says that the query must end, so does this, with any answer.
  bool matches(std::string_view text, const QueryWatch* watch = nullptr) const;

 private:
  using Character = std::uint32_t;            // Its bytes.
  using Places = std::vector<std::uint64_t>;  // A bit for each character of the pattern.

  Character take(std::string_view& text) const;
  std::size_t row_of(Character character) const;
  Places& row_for(Character character);

  Case case_ = Case::kMatters;
  std::size_t length_ = 0;  // Of the pattern, in characters, without each %.
  bool never_ = false;      // An escape at its end stands for nothing.
  // Bit i: before character i is a %, so the text may stay there. Bit length_: at the end.
  Places stays_;
  // Where a character of the text may stand; the first row is of those that the pattern has not.
  std::vector<Places> rows_;
  std::array<std::uint16_t, 128> ascii_{};
  std::unordered_map<Character, std::uint16_t> others_;
};

// like(pattern, text) and regexp(pattern, text), which is ILIKE, both also with an escape; no glob.
// They look at `watch`, which may be null and outlives the connection. Returns a code of SQLite's.
int add_like(sqlite3* connection, const QueryWatch* watch);

}  // namespace holdfast::net::sql
