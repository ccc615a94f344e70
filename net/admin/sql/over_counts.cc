#include "net/admin/sql/over_counts.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "net/admin/sql/tokens.h"

namespace holdfast::net::sql {
namespace {

constexpr std::string_view kTables[] = {"sys_invocation", "sys_invocation_status"};
// count(*) reads the column without a name.
constexpr std::string_view kColumns[] = {"target_service_name", "status", ""};
// The same arguments, the same value; and of one row, not of many.
constexpr std::string_view kFunctions[] = {
    "count",  "lower",  "upper",       "length",    "substr",   "substring", "trim",  "ltrim",
    "rtrim",  "concat", "starts_with", "ends_with", "contains", "strpos",    "instr", "replace",
    "ifnull", "nullif", "coalesce",    "like",      "regexp",   "iif",       "abs",   "round"};

template <class Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool begins_clause(const Token& word) {
  return word.is("WHERE") || word.is("GROUP") || word.is("HAVING") || word.is("ORDER") ||
         word.is("LIMIT");
}

// FROM table [[AS] alias], as words from `first` on.
struct From {
  std::size_t table = 0;
  std::size_t last = 0;
  std::string alias;
};

// None: something else comes with it, or after it.
std::optional<From> table_at(const Words& words, std::size_t table) {
  const std::size_t name = name_of_table(words, table);
  const std::size_t next = name + 1;
  if (next < words.size() && !begins_clause(words[next]) && !words.sign(next, ";")) {
    return std::nullopt;
  }
  return From{table, name, words[name].text};
}

struct Shape {
  std::optional<From> from;
  std::vector<std::size_t> counts;  // Words `count` of each count(*).
  bool alike_are_one = false;       // It groups, or keeps distinct rows only.
};

// None: a word, or the lack of one, says that it is of another kind.
std::optional<Shape> shape_of(const Words& words) {
  Shape shape;
  std::size_t first = 0;
  if (words[0].is("EXPLAIN") && words[1].is("QUERY") && words[2].is("PLAN")) first = 3;
  if (!words[first].is("SELECT")) return std::nullopt;
  shape.alike_are_one = words[first + 1].is("DISTINCT");
  for (std::size_t i = first + 1; i < words.size(); ++i) {
    const Token& word = words[i];
    const bool called = words.sign(i + 1, "(");
    if (word.is("SELECT") || word.is("OVER")) return std::nullopt;
    if (word.is("GROUP")) shape.alike_are_one = true;
    if (word.kind == TokenKind::kQuotedName && called) return std::nullopt;
    if (word.is("COUNT") && called) {
      if (!words.sign(i + 2, "*") || !words.sign(i + 3, ")")) return std::nullopt;
      shape.counts.push_back(i);
    }
    if (word.is("FROM")) {
      if (shape.from.has_value()) return std::nullopt;
      shape.from = table_at(words, i + 1);
      if (!shape.from.has_value()) return std::nullopt;
    }
  }
  if (!shape.from.has_value()) return std::nullopt;
  const Token& table = words[shape.from->table];
  if (!table.is("SYS_INVOCATION") && !table.is("SYS_INVOCATION_STATUS")) return std::nullopt;
  if (shape.counts.empty() && !shape.alike_are_one) return std::nullopt;
  return shape;
}

}  // namespace

void CountedReads::read(std::string_view table, std::string_view column) {
  if (table == "sqlite_master") return;  // SQLite itself, when a virtual table is first named.
  // It has other words for what is counted here.
  const bool other_words = table == "sys_invocation_status" && column == "status";
  only_counted_ =
      only_counted_ && !other_words && is_one_of(kTables, table) && is_one_of(kColumns, column);
}

void CountedReads::call(std::string_view function) {
  only_counted_ = only_counted_ && is_one_of(kFunctions, function);
}

std::optional<std::string> over_counts(std::string_view query) {
  Words words(query);
  const auto shape = shape_of(words);
  if (!shape.has_value()) return std::nullopt;
  const From& from = *shape->from;
  for (const std::size_t count : shape->counts) {
    words.replace(count, count + 3, std::string(kSumOfCounts) + "(" + from.alias + ".invocations)");
  }
  words.replace(from.table, from.last, std::string(kCountTable) + " AS " + from.alias);
  return words.text();
}

}  // namespace holdfast::net::sql
