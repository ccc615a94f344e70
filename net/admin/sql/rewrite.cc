#include "net/admin/sql/rewrite.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

#include "net/admin/sql/dialect.h"
#include "net/admin/sql/tokens.h"

namespace holdfast::net::sql {
namespace {

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
    if (equals_upper(type, from)) return std::string(to);
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
    if (token.kind == TokenKind::kName) return name(token);
    if (token.kind == TokenKind::kNumber) return number(token);
    if (token.text == "::" && cast()) return;
    if (token.text == "+" || token.text == "-") {
      if (interval()) return;
    }
    if (token.text == "(") {
      const std::size_t before = last_word(out_.size());
      casts_.push_back(before != kNone && out_[before].is("CAST"));
    }
    if (token.text == ")" && !casts_.empty()) casts_.pop_back();
    take();
  }

  void name(const Token& token) {
    if (token.is("INDEX")) return put(TokenKind::kQuotedName, "\"index\"");
    if (token.is("ILIKE")) return put(TokenKind::kName, "REGEXP");
    // The type at the end of a CAST; the others, SQLite knows by these names, too.
    if (!casts_.empty() && casts_.back() && next_word(at_) != kNone &&
        in_[next_word(at_)].text == ")" && last_word(out_.size()) != kNone &&
        out_[last_word(out_.size())].is("AS")) {
      return put(TokenKind::kName, type_of(token.text));
    }
    take();
  }

  void number(const Token& token) {
    std::uint64_t value = 0;
    const char* const end = token.text.data() + token.text.size();
    const auto parsed = std::from_chars(token.text.data(), end, value);
    if (parsed.ec == std::errc() && parsed.ptr == end && value > INT64_MAX) {
      return put(TokenKind::kNumber, "(" + std::to_string(static_cast<std::int64_t>(value)) + ")");
    }
    take();
  }

  // x::type.
  bool cast() {
    if (work_ > kWorkMax) return false;
    const std::size_t type = next_word(at_);
    const std::size_t operand = operand_begin();
    if (type == kNone || in_[type].kind != TokenKind::kName || operand == kNone) return false;
    insert(operand, "CAST(");
    std::string to = type_of(in_[type].text);
    at_ = type + 1;
    // double precision; timestamp(3) and text[] are not understood.
    if (at_ < in_.size() && next_word(type) != kNone && in_[next_word(type)].is("PRECISION")) {
      at_ = next_word(type) + 1;
    }
    out_.push_back({TokenKind::kName, " AS " + to + ")"});
    return true;
  }

  // x - INTERVAL '5 minutes', x - INTERVAL '5' minute.
  bool interval() {
    const std::size_t word = next_word(at_);
    if (work_ > kWorkMax || word == kNone || !in_[word].is("INTERVAL")) return false;
    const std::size_t length = next_word(word);
    const std::size_t operand = operand_begin();
    if (length == kNone || in_[length].kind != TokenKind::kText || operand == kNone) return false;
    std::string span = in_[length].text;
    const char* const sign = in_[at_].text == "-" ? ", -1, " : ", 1, ";
    at_ = length + 1;
    if (span.find_first_not_of("'0123456789. ") == std::string::npos) {
      const std::size_t unit = next_word(length);
      if (unit != kNone && in_[unit].kind == TokenKind::kName) {
        span.insert(span.size() - 1, " " + in_[unit].text);
        at_ = unit + 1;
      }
    }
    std::transform(span.begin(), span.end(), span.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    insert(operand, "add_interval(");
    out_.push_back({TokenKind::kSign, sign + span + ")"});
    return true;
  }

  // Where the operand that ends the output begins: a.b.c, 'text', 12, (...), f(...).
  std::size_t operand_begin() {
    std::size_t at = last_word(out_.size());
    if (at == kNone) return kNone;
    if (out_[at].text == ")" || starts_call_made_here(at)) {
      at = bracket_begin(at);
      if (at == kNone || out_[at].text.size() > 1) return at;
      const std::size_t before = last_word(at);
      if (before == kNone || out_[before].kind != TokenKind::kName) return at;
      const bool keyword = std::any_of(kBeforeBracket.begin(), kBeforeBracket.end(),
                                       [&](const char* word) { return out_[before].is(word); });
      return keyword ? at : before;
    }
    if (out_[at].kind == TokenKind::kSign) return kNone;
    while (at >= 2 && out_[at - 1].text == "." && out_[at].kind != TokenKind::kText) at -= 2;
    return at;
  }

  // What insert() and the closings above wrote: one token that closes a bracket.
  bool starts_call_made_here(std::size_t at) const {
    return out_[at].text.size() > 1 && out_[at].text.back() == ')' &&
           out_[at].kind != TokenKind::kText && out_[at].kind != TokenKind::kNumber;
  }

  // The bracket that the one at `at` closes.
  std::size_t bracket_begin(std::size_t at) {
    std::size_t depth = 0;
    for (std::size_t i = at + 1; i-- > 0;) {
      ++work_;
      if (out_[i].kind == TokenKind::kText || out_[i].kind == TokenKind::kQuotedName) continue;
      if (out_[i].kind == TokenKind::kSpace || out_[i].kind == TokenKind::kNumber) continue;
      if (out_[i].text.back() == ')') ++depth;
      if (out_[i].text.back() == '(' && --depth == 0) return i;
    }
    return kNone;
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  // The next word of the input after `at`.
  std::size_t next_word(std::size_t at) const {
    for (std::size_t i = at + 1; i < in_.size(); ++i) {
      if (in_[i].kind != TokenKind::kSpace) return i;
    }
    return kNone;
  }
  // The last word of the output before `end`.
  std::size_t last_word(std::size_t end) const {
    while (end-- > 0) {
      if (out_[end].kind != TokenKind::kSpace) return end;
    }
    return kNone;
  }

  void take() { out_.push_back(in_[at_++]); }
  void put(TokenKind kind, std::string text) {
    out_.push_back({kind, std::move(text)});
    ++at_;
  }
  void insert(std::size_t at, const char* text) {
    work_ += out_.size() - at;
    out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(at), Token{TokenKind::kSign, text});
  }

  const std::vector<Token> in_;
  std::size_t at_ = 0;
  std::vector<Token> out_;
  std::vector<bool> casts_;  // Of each open bracket, whether it is a CAST's.
  // Words gone over again, to find operands. Casts of casts of casts would be without end.
  std::size_t work_ = 0;
  static constexpr std::size_t kWorkMax = 10'000'000;
};

}  // namespace

std::string rewrite(std::string_view query) {
  return Rewriter(tokens_of(in_our_dialect(query))).run();
}

bool begins_as_query(std::string_view query) {
  for (const Token& token : tokens_of(query)) {
    if (token.kind == TokenKind::kSpace || token.text == "(") continue;
    return token.is("SELECT") || token.is("WITH") || token.is("VALUES") || token.is("EXPLAIN") ||
           token.is("SHOW") || token.is("DESCRIBE") || token.is("DESC");
  }
  return false;
}

}  // namespace holdfast::net::sql
