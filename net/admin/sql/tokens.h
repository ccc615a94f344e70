#pragma once
// Tokens: the words of a query, with the spaces and comments between them; put together again they
// are the query. Pure.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::net::sql {

enum class TokenKind { kSpace, kName, kQuotedName, kText, kNumber, kSign };

struct Token {
  TokenKind kind;
  std::string text;

  // Whether it is this name, which is given in upper case, without quotes.
  bool is(std::string_view upper) const;
  bool is_name() const { return kind == TokenKind::kName || kind == TokenKind::kQuotedName; }
};

std::vector<Token> tokens_of(std::string_view query);

// A query word by word, without what is between them.
class Words {
 public:
  explicit Words(std::string_view query);

  std::size_t size() const { return places_.size(); }
  // Past the end there are empty ones.
  const Token& operator[](std::size_t word) const;
  bool sign(std::size_t word, std::string_view sign) const;
  // The bracket that the one at `word` opens ends there; size(): nowhere, or it is no bracket.
  std::size_t closing(std::size_t word) const { return closings_[word]; }

  // Puts `text` in place of the words [first, last]. Words keep their numbers.
  void replace(std::size_t first, std::size_t last, std::string text);
  void add_after(std::size_t word, std::string_view text);
  std::string text() const;

 private:
  std::vector<Token> tokens_;
  std::vector<std::size_t> places_;  // Of the words.
  std::vector<std::size_t> closings_;
};

// Whether a table or a query may stand before it and be named by none: it begins what follows.
bool follows_table(const Token& word);
// The word that names the table at `table`: its alias, with AS or without, or the table itself.
std::size_t name_of_table(const Words& words, std::size_t table);

// Whether `text`, in upper case, is `upper`.
bool equals_upper(std::string_view text, std::string_view upper);

}  // namespace holdfast::net::sql
