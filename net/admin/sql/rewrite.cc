#include "net/admin/sql/rewrite.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

namespace holdfast::net::sql {
namespace {

enum class Kind { kSpace, kName, kQuotedName, kText, kNumber, kSign };

struct Token {
  Kind kind;
  std::string text;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}
bool is_of_name(char c) { return begins_name(c) || is_digit(c) || c == '$'; }

bool equals(std::string_view text, std::string_view upper) {
  return std::equal(text.begin(), text.end(), upper.begin(), upper.end(), [](char a, char b) {
    return std::toupper(static_cast<unsigned char>(a)) == b;
  });
}

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
    const bool exponent_sign = (c == '+' || c == '-') && std::toupper(text[length - 1]) == 'E';
    if (!is_of_name(c) && c != '.' && !exponent_sign) break;
    ++length;
  }
  return length;
}

template <class Is>
std::size_t run_length(std::string_view text, Is is) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is) - text.begin());
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  while (!text.empty()) {
    const char c = text[0];
    Kind kind = Kind::kSign;
    std::size_t length = space_length(text);
    if (length > 0) {
      kind = Kind::kSpace;
    } else if (c == '\'') {
      kind = Kind::kText;
      length = quoted_length(text);
    } else if (c == '"' || c == '`') {
      kind = Kind::kQuotedName;
      length = quoted_length(text);
    } else if ((c == 'x' || c == 'X') && text.size() > 1 && text[1] == '\'') {
      kind = Kind::kText;
      length = 1 + quoted_length(text.substr(1));
    } else if (begins_name(c)) {
      kind = Kind::kName;
      length = run_length(text, is_of_name);
    } else if (is_digit(c)) {
      kind = Kind::kNumber;
      length = number_length(text);
    } else {
      length = text.substr(0, 2) == "::" ? 2 : 1;
    }
    tokens.push_back({kind, std::string(text.substr(0, length))});
    text.remove_prefix(length);
  }
  return tokens;
}

// Words after which a bracket opens no call.
constexpr std::array kBeforeBracket = {
    "ALL",  "AND",    "AS",   "BETWEEN", "BY",     "CASE",      "DISTINCT", "ELSE", "EXCEPT",
    "FROM", "HAVING", "IN",   "IS",      "JOIN",   "LIKE",      "LIMIT",    "NOT",  "OFFSET",
    "ON",   "OR",     "OVER", "REGEXP",  "GLOB",   "RETURNING", "SELECT",   "THEN", "UNION",
    "WHEN", "WHERE",  "ASC",  "DESC",    "ESCAPE", "INTERSECT"};

// The type of SQLite's for one of DataFusion's or PostgreSQL's.
std::string type_of(std::string_view type) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {"BOOLEAN", "INTEGER"}, {"BOOL", "INTEGER"},   {"SMALLINT", "INTEGER"}, {"INT", "INTEGER"},
      {"INTEGER", "INTEGER"}, {"BIGINT", "INTEGER"}, {"INT4", "INTEGER"},     {"INT8", "INTEGER"},
      {"FLOAT", "REAL"},      {"DOUBLE", "REAL"},    {"REAL", "REAL"},        {"BYTEA", "BLOB"}};
  for (const auto& [from, to] : kTypes) {
    if (equals(type, from)) return std::string(to);
  }
  return "TEXT";  // Text, and times, which are texts here.
}

// Walks over the words once, writing.
class Rewriter {
 public:
  explicit Rewriter(std::vector<Token> tokens) : in_(std::move(tokens)) {}

  std::string run() {
    while (at_ < in_.size()) step();
    std::string text;
    for (const Token& token : out_) text += token.text;
    return text;
  }

 private:
  void step() {
    const Token& token = in_[at_];
    if (token.kind == Kind::kName) return name(token);
    if (token.kind == Kind::kNumber) return number(token);
    if (token.text == "::" && cast()) return;
    if (token.text == "+" || token.text == "-") {
      if (interval()) return;
    }
    if (token.text == "(") {
      const std::size_t before = last_word(out_.size());
      casts_.push_back(before != kNone && is(out_[before], "CAST"));
    }
    if (token.text == ")" && !casts_.empty()) casts_.pop_back();
    take();
  }

  void name(const Token& token) {
    if (is(token, "INDEX")) return put(Kind::kQuotedName, "\"index\"");
    if (is(token, "ILIKE")) return put(Kind::kName, "REGEXP");
    // The type at the end of a CAST; the others, SQLite knows by these names, too.
    if (!casts_.empty() && casts_.back() && next_word(at_) != kNone &&
        in_[next_word(at_)].text == ")" && last_word(out_.size()) != kNone &&
        is(out_[last_word(out_.size())], "AS")) {
      return put(Kind::kName, type_of(token.text));
    }
    take();
  }

  void number(const Token& token) {
    std::uint64_t value = 0;
    const char* const end = token.text.data() + token.text.size();
    const auto parsed = std::from_chars(token.text.data(), end, value);
    if (parsed.ec == std::errc() && parsed.ptr == end && value > INT64_MAX) {
      return put(Kind::kNumber, "(" + std::to_string(static_cast<std::int64_t>(value)) + ")");
    }
    take();
  }

  // x::type.
  bool cast() {
    const std::size_t type = next_word(at_);
    const std::size_t operand = operand_begin();
    if (type == kNone || in_[type].kind != Kind::kName || operand == kNone) return false;
    insert(operand, "CAST(");
    std::string to = type_of(in_[type].text);
    at_ = type + 1;
    // double precision; timestamp(3) and text[] are not understood.
    if (at_ < in_.size() && next_word(type) != kNone && is(in_[next_word(type)], "PRECISION")) {
      at_ = next_word(type) + 1;
    }
    out_.push_back({Kind::kName, " AS " + to + ")"});
    return true;
  }

  // x - INTERVAL '5 minutes', x - INTERVAL '5' minute.
  bool interval() {
    const std::size_t word = next_word(at_);
    if (word == kNone || !is(in_[word], "INTERVAL")) return false;
    const std::size_t length = next_word(word);
    const std::size_t operand = operand_begin();
    if (length == kNone || in_[length].kind != Kind::kText || operand == kNone) return false;
    std::string span = in_[length].text;
    const char* const sign = in_[at_].text == "-" ? ", -1, " : ", 1, ";
    at_ = length + 1;
    if (span.find_first_not_of("'0123456789. ") == std::string::npos) {
      const std::size_t unit = next_word(length);
      if (unit != kNone && in_[unit].kind == Kind::kName) {
        span.insert(span.size() - 1, " " + in_[unit].text);
        at_ = unit + 1;
      }
    }
    std::transform(span.begin(), span.end(), span.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    insert(operand, "add_interval(");
    out_.push_back({Kind::kSign, sign + span + ")"});
    return true;
  }

  // Where the operand that ends the output begins: a.b.c, 'text', 12, (...), f(...).
  std::size_t operand_begin() const {
    std::size_t at = last_word(out_.size());
    if (at == kNone) return kNone;
    if (out_[at].text == ")" || starts_call_made_here(at)) {
      at = bracket_begin(at);
      if (at == kNone || out_[at].text.size() > 1) return at;
      const std::size_t before = last_word(at);
      if (before == kNone || out_[before].kind != Kind::kName) return at;
      const bool keyword = std::any_of(kBeforeBracket.begin(), kBeforeBracket.end(),
                                       [&](const char* word) { return is(out_[before], word); });
      return keyword ? at : before;
    }
    if (out_[at].kind == Kind::kSign) return kNone;
    while (at >= 2 && out_[at - 1].text == "." && out_[at].kind != Kind::kText) at -= 2;
    return at;
  }

  // What insert() and the closings above wrote: one token that closes a bracket.
  bool starts_call_made_here(std::size_t at) const {
    return out_[at].text.size() > 1 && out_[at].text.back() == ')' &&
           out_[at].kind != Kind::kText && out_[at].kind != Kind::kNumber;
  }

  // The bracket that the one at `at` closes.
  std::size_t bracket_begin(std::size_t at) const {
    std::size_t depth = 0;
    for (std::size_t i = at + 1; i-- > 0;) {
      if (out_[i].kind == Kind::kText || out_[i].kind == Kind::kQuotedName) continue;
      if (out_[i].kind == Kind::kSpace || out_[i].kind == Kind::kNumber) continue;
      if (out_[i].text.back() == ')') ++depth;
      if (out_[i].text.back() == '(' && --depth == 0) return i;
    }
    return kNone;
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  static bool is(const Token& token, std::string_view upper) {
    return token.kind == Kind::kName && equals(token.text, upper);
  }
  // The next word of the input after `at`.
  std::size_t next_word(std::size_t at) const {
    for (std::size_t i = at + 1; i < in_.size(); ++i) {
      if (in_[i].kind != Kind::kSpace) return i;
    }
    return kNone;
  }
  // The last word of the output before `end`.
  std::size_t last_word(std::size_t end) const {
    while (end-- > 0) {
      if (out_[end].kind != Kind::kSpace) return end;
    }
    return kNone;
  }

  void take() { out_.push_back(in_[at_++]); }
  void put(Kind kind, std::string text) {
    out_.push_back({kind, std::move(text)});
    ++at_;
  }
  void insert(std::size_t at, const char* text) {
    out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(at), Token{Kind::kSign, text});
  }

  const std::vector<Token> in_;
  std::size_t at_ = 0;
  std::vector<Token> out_;
  std::vector<bool> casts_;  // Of each open bracket, whether it is a CAST's.
};

}  // namespace

std::string rewrite(std::string_view query) { return Rewriter(tokens_of(query)).run(); }

bool begins_as_query(std::string_view query) {
  for (const Token& token : tokens_of(query)) {
    if (token.kind == Kind::kSpace || token.text == "(") continue;
    return token.kind == Kind::kName &&
           (equals(token.text, "SELECT") || equals(token.text, "WITH") ||
            equals(token.text, "VALUES") || equals(token.text, "EXPLAIN"));
  }
  return false;
}

}  // namespace holdfast::net::sql
