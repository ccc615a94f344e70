#pragma once
// Tokens: the words of a query, with the spaces and comments between them; put together again they
// are the query. Pure.

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
};

std::vector<Token> tokens_of(std::string_view query);

// Whether `text`, in upper case, is `upper`.
bool equals_upper(std::string_view text, std::string_view upper);

}  // namespace holdfast::net::sql
