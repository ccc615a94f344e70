#include "net/admin/sql/dialect.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "net/admin/sql/tokens.h"

namespace holdfast::net::sql {
namespace {

template <std::size_t n>
bool is_any(const Token& word, const char* const (&names)[n]) {
  return std::any_of(std::begin(names), std::end(names),
                     [&](const char* name) { return word.is(name); });
}

constexpr const char* kJoins[] = {"JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL"};

// Not the one of IS DISTINCT FROM.
bool begins_tables(const Words& words, std::size_t at) {
  const bool compares = at > 1 && words[at - 1].is("DISTINCT") && !words[at - 2].is("SELECT");
  return words[at].is("JOIN") || (words[at].is("FROM") && !compares);
}

// --- Queries without a name.

// The name of the only table in the words (begin, end), a SELECT; none: there are more, or others.
std::optional<std::string> only_table(const Words& words, std::size_t begin, std::size_t end) {
  for (std::size_t at = begin; at < end; ++at) {
    if (words.sign(at, "(")) at = std::min(words.closing(at), end);
    if (!begins_tables(words, at)) continue;
    std::size_t table = at + 1;
    if (!words[table].is_name()) return std::nullopt;
    while (words.sign(table + 1, ".")) table += 2;
    const std::size_t name = name_of_table(words, table);
    const std::size_t next = name + 1;
    if (next < end && (words.sign(next, ",") || is_any(words[next], kJoins))) return std::nullopt;
    return words[name].text;
  }
  return std::nullopt;
}

void name_query(Words& words, std::size_t from) {
  const std::size_t open = from + 1;
  if (!words.sign(open, "(") || !words[open + 1].is("SELECT")) return;
  const std::size_t close = words.closing(open);
  if (close >= words.size()) return;
  const Token& next = words[close + 1];
  if (next.is_name() && !follows_table(next)) return;  // It has one.
  const auto name = only_table(words, open + 1, close);
  if (name.has_value()) words.add_after(close, " AS " + *name);
}

// --- Values in an order.

// f(x), f(x ORDER BY y [ASC|DESC] [NULLS LAST]).
void order_values(Words& words, std::size_t function) {
  const std::size_t open = function + 1;
  if (!words.sign(open, "(")) return;
  const std::size_t close = words.closing(open);
  if (close >= words.size() || words[close + 1].is("OVER")) return;
  std::size_t order = close;
  std::size_t direction = close;  // Where what is behind the second value begins.
  for (std::size_t at = open + 1; at < close; ++at) {
    if (words.sign(at, "(")) at = std::min(words.closing(at), close);
    if (words[at].is("ORDER") && words[at + 1].is("BY")) order = at;
    const bool nulls_first = words[at].is("NULLS") && !words[at + 1].is("LAST");
    // Several, or one in another way: that is not understood.
    if (order < at && (words.sign(at, ",") || words[at].is("COLLATE") || nulls_first)) return;
    const bool ends = words[at].is("ASC") || words[at].is("DESC") || words[at].is("NULLS");
    if (order < at && ends) direction = std::min(direction, at);
  }
  const bool is_last = words[function].is("LAST_VALUE") != words[direction].is("DESC");
  if (order < close) words.replace(order, order + 1, ", ");
  if (direction < close) words.replace(direction, close - 1, "");
  words.replace(function, function, is_last ? "last_in_order" : "first_in_order");
}

// --- What there is.

std::optional<std::string> shown(const Words& words) {
  const std::size_t words_of_it = words.size() - (words.sign(words.size() - 1, ";") ? 1 : 0);
  if (words[0].is("SHOW") && words[1].is("TABLES") && words_of_it == 2) {
    return "SELECT * FROM information_schema_tables";
  }
  const bool of_columns = words[0].is("SHOW") && words[1].is("COLUMNS") && words[2].is("FROM");
  const bool describes = words[0].is("DESCRIBE") || words[0].is("DESC");
  const std::size_t table = of_columns ? 3 : 1;
  if ((!of_columns && !describes) || words_of_it != table + 1) return std::nullopt;
  if (words[table].kind != TokenKind::kName) return std::nullopt;
  return "SELECT " + std::string(of_columns ? "*" : "column_name, data_type, is_nullable") +
         " FROM information_schema_columns WHERE table_name = lower('" + words[table].text + "')";
}

// --- Comparisons.

constexpr const char* kCompare[] = {"IS",     "IN",  "LIKE", "ILIKE", "BETWEEN",
                                    "EXISTS", "NOT", "AND",  "OR",    "REGEXP"};

// Where the list of the columns of the answer begins: behind the SELECT that is in no bracket.
std::size_t columns_begin(const Words& words) {
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (words.sign(at, "(")) at = std::min(words.closing(at), words.size() - 1);
    if (!words[at].is("SELECT")) continue;
    const bool is_distinct = words[at + 1].is("DISTINCT") || words[at + 1].is("ALL");
    return at + (is_distinct ? 2 : 1);
  }
  return words.size();
}

// One column of an answer, word by word.
struct Column {
  bool compares = false;
  std::size_t cases = 0;  // Open ones: what they compare is not what they give.
  std::string name;       // After AS.
  bool is_named = false;

  void take(const Words& words, std::size_t at) {
    const Token& word = words[at];
    if (word.is("CASE")) ++cases;
    if (word.is("END") && cases > 0) --cases;
    if (word.is("AS")) {
      is_named = true;
      name.clear();
      return;
    }
    const bool sign =
        word.kind == TokenKind::kSign && (word.text == "=" || word.text == "<" || word.text == ">");
    if (cases == 0 && !is_named) compares = compares || sign || is_any(word, kCompare);
    if (!is_named) return;
    const bool quoted = word.kind == TokenKind::kQuotedName && word.text.size() > 1;
    name = quoted ? word.text.substr(1, word.text.size() - 2) : word.text;
  }
};

}  // namespace

std::string in_our_dialect(std::string_view query) {
  Words words(query);
  if (words.size() == 0) return std::string(query);
  if (auto instead = shown(words)) return std::move(*instead);
  for (std::size_t at = 0; at < words.size(); ++at) {
    const Token& word = words[at];
    if (begins_tables(words, at)) name_query(words, at);
    if (word.is("FIRST_VALUE") || word.is("LAST_VALUE")) order_values(words, at);
    if (word.is("INFORMATION_SCHEMA") && words.sign(at + 1, ".")) {
      words.replace(at, at + 1, "information_schema_");
    }
  }
  return words.text();
}

std::vector<std::string> names_of_comparisons(std::string_view query) {
  const Words words(query);
  std::vector<std::string> names;
  Column column;
  const auto end_column = [&] {
    if (column.compares && column.is_named) names.push_back(column.name);
    column = {};
  };
  for (std::size_t at = columns_begin(words); at < words.size(); ++at) {
    if (words.sign(at, "(")) at = std::min(words.closing(at), words.size() - 1);
    if (begins_tables(words, at) || words[at].is("UNION")) break;
    if (words.sign(at, ",")) {
      end_column();
    } else {
      column.take(words, at);
    }
  }
  end_column();
  return names;
}

}  // namespace holdfast::net::sql
