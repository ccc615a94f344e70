#include "net/admin/sql/tokens.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

namespace holdfast::net::sql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}
bool is_of_name(char c) { return begins_name(c) || is_digit(c) || c == '$'; }

// The length of what is between quotes at the beginning of `text`; a doubled quote is one of it.
std::size_t quoted_length(std::string_view text) {
  const char quote = text[0];
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] != quote) continue;
    if (at + 1 == text.size() || text[at + 1] != quote) return at + 1;
    ++at;
  }
  return text.size();
}

std::size_t space_length(std::string_view text) {
  if (text.substr(0, 2) == "--") return std::min(text.find('\n'), text.size());
  if (text.substr(0, 2) == "/*") {
    const std::size_t end = text.find("*/", 2);
    return end == std::string_view::npos ? text.size() : end + 2;
  }
  std::size_t length = 0;
  while (length < text.size() && std::isspace(static_cast<unsigned char>(text[length])) != 0) {
    ++length;
  }
  return length;
}

std::size_t number_length(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size()) {
    const char c = text[length];
    const bool exponent_sign = (c == '+' || c == '-') && (text[length - 1] | 0x20) == 'e';
    if (!is_of_name(c) && c != '.' && !exponent_sign) break;
    ++length;
  }
  return length;
}

// Of a sign of which a part is another one.
std::size_t sign_length(std::string_view text) {
  for (const std::string_view sign : {"->>", "->", "<<", ">>", "::"}) {
    if (text.starts_with(sign)) return sign.size();
  }
  return 1;
}

template <class Is>
std::size_t run_length(std::string_view text, Is is) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is) - text.begin());
}

}  // namespace

bool equals_upper(std::string_view text, std::string_view upper) {
  return std::equal(text.begin(), text.end(), upper.begin(), upper.end(), [](char a, char b) {
    return std::toupper(static_cast<unsigned char>(a)) == b;
  });
}

bool Token::is(std::string_view upper) const {
  return kind == TokenKind::kName && equals_upper(text, upper);
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  while (!text.empty()) {
    const char c = text[0];
    TokenKind kind = TokenKind::kSign;
    std::size_t length = space_length(text);
    if (length > 0) {
      kind = TokenKind::kSpace;
    } else if (c == '\'') {
      kind = TokenKind::kText;
      length = quoted_length(text);
    } else if (c == '"' || c == '`') {
      kind = TokenKind::kQuotedName;
      length = quoted_length(text);
    } else if ((c == 'x' || c == 'X') && text.size() > 1 && text[1] == '\'') {
      kind = TokenKind::kText;
      length = 1 + quoted_length(text.substr(1));
    } else if (begins_name(c)) {
      kind = TokenKind::kName;
      length = run_length(text, is_of_name);
    } else if (is_digit(c)) {
      kind = TokenKind::kNumber;
      length = number_length(text);
    } else {
      length = sign_length(text);
    }
    tokens.push_back({kind, std::string(text.substr(0, length))});
    text.remove_prefix(length);
  }
  return tokens;
}

Words::Words(std::string_view query) : tokens_(tokens_of(query)) {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].kind != TokenKind::kSpace) places_.push_back(i);
  }
  closings_.assign(size(), size());
  std::vector<std::size_t> open;
  for (std::size_t word = 0; word < size(); ++word) {
    if (sign(word, "(")) open.push_back(word);
    if (!sign(word, ")") || open.empty()) continue;
    closings_[open.back()] = word;
    open.pop_back();
  }
}

const Token& Words::operator[](std::size_t word) const {
  static const Token none{TokenKind::kSpace, {}};
  return word < size() ? tokens_[places_[word]] : none;
}

bool Words::sign(std::size_t word, std::string_view sign) const {
  return (*this)[word].kind == TokenKind::kSign && (*this)[word].text == sign;
}

void Words::replace(std::size_t first, std::size_t last, std::string text) {
  for (std::size_t i = places_[first]; i <= places_[last]; ++i) tokens_[i].text.clear();
  tokens_[places_[first]].text = std::move(text);
}

void Words::add_after(std::size_t word, std::string_view text) {
  tokens_[places_[word]].text += text;
}

std::string Words::text() const {
  std::string text;
  for (const Token& token : tokens_) text += token.text;
  return text;
}

bool follows_table(const Token& word) {
  static constexpr const char* kWords[] = {"WHERE", "GROUP",  "ORDER",     "LIMIT",  "HAVING",
                                           "UNION", "EXCEPT", "INTERSECT", "OFFSET", "JOIN",
                                           "INNER", "LEFT",   "RIGHT",     "FULL",   "CROSS",
                                           "ON",    "USING",  "NATURAL",   "WINDOW"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](const char* name) { return word.is(name); });
}

std::size_t name_of_table(const Words& words, std::size_t table) {
  const bool says_as = words[table + 1].is("AS");
  const std::size_t alias = table + (says_as ? 2 : 1);
  const bool named = words[alias].is_name() && (says_as || !follows_table(words[alias]));
  return named ? alias : table;
}

}  // namespace holdfast::net::sql
