#include "net/admin/sql/text_functions.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <unordered_set>

#include "net/admin/sql/characters.h"
#include "net/admin/sql/sqlite_values.h"

namespace holdfast::net::sql {
namespace {

bool is_blob(sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_BLOB; }

// Counted from 1, in characters; in bytes when both are bytes. 0: nowhere.
void instr(sqlite3_context* context, int, Arguments values) {
  if (is_null(values[0]) || is_null(values[1])) return;
  const bool as_bytes = is_blob(values[0]) && is_blob(values[1]);
  const std::string_view text = as_bytes ? bytes_of(values[0]) : text_of(values[0]);
  const std::string_view part = as_bytes ? bytes_of(values[1]) : text_of(values[1]);
  const std::size_t at = find_in(text, part);
  if (at == text.npos) return sqlite3_result_int(context, 0);
  const std::string_view before = text.substr(0, at);
  const auto within = as_bytes ? 0 : std::count_if(before.begin(), before.end(), continues);
  sqlite3_result_int64(context, static_cast<sqlite3_int64>(at) - within + 1);
}

void replace(sqlite3_context* context, int, Arguments values) {
  if (is_null(values[0]) || is_null(values[1])) return;
  const std::string_view text = text_of(values[0]);  // At first: it makes a text of bytes.
  const std::string_view part = text_of(values[1]);
  if (part.empty()) return sqlite3_result_value(context, values[0]);
  if (is_null(values[2])) return;
  const std::string_view by = text_of(values[2]);
  std::string replaced;
  for (std::string_view rest = text;;) {
    const std::size_t at = find_in(rest, part);
    replaced += rest.substr(0, at);
    if (at != rest.npos) replaced += by;
    if (!fits(context, replaced)) return;
    if (at == rest.npos) break;
    rest.remove_prefix(at + part.size());
  }
  give(context, replaced);
}

// The character that `text` ends with. REQUIRES: it is not empty.
std::string_view last_of(std::string_view text) {
  std::size_t begin = text.size() - 1;
  while (begin > 0 && continues(text[begin])) --begin;
  return text.substr(begin);
}

// Without the characters of the second value, by default spaces, at its beginning and end.
void cut(sqlite3_context* context, int count, Arguments values, bool left, bool right) {
  if (is_null(values[0]) || (count == 2 && is_null(values[1]))) return;
  std::string_view text = text_of(values[0]);
  std::unordered_set<std::string_view> characters;
  for (std::string_view rest = count == 2 ? text_of(values[1]) : " "; !rest.empty();) {
    characters.insert(first_of(rest));
    rest.remove_prefix(first_of(rest).size());
  }
  while (left && !text.empty() && characters.contains(first_of(text))) {
    text.remove_prefix(first_of(text).size());
  }
  while (right && !text.empty() && characters.contains(last_of(text))) {
    text.remove_suffix(last_of(text).size());
  }
  give(context, text);
}
void trim(sqlite3_context* context, int count, Arguments values) {
  cut(context, count, values, true, true);
}
void ltrim(sqlite3_context* context, int count, Arguments values) {
  cut(context, count, values, true, false);
}
void rtrim(sqlite3_context* context, int count, Arguments values) {
  cut(context, count, values, false, true);
}

void no_json_patch(sqlite3_context* context, int, Arguments) {
  give_error(context, "there is no json_patch here: it could take too long");
}

constexpr Function kFunctions[] = {
    {"instr", 2, instr}, {"replace", 3, replace}, {"trim", 1, trim},
    {"trim", 2, trim},   {"ltrim", 1, ltrim},     {"ltrim", 2, ltrim},
    {"rtrim", 1, rtrim}, {"rtrim", 2, rtrim},     {"json_patch", 2, no_json_patch}};

}  // namespace

int add_text_functions(sqlite3* connection) { return add_all(connection, kFunctions); }

std::size_t find_in(std::string_view text, std::string_view part) {
  if (part.empty()) return 0;
  if (text.size() < part.size()) return text.npos;
  // std::string_view::find() compares anew at each place.
  const void* const found = ::memmem(text.data(), text.size(), part.data(), part.size());
  if (found == nullptr) return text.npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace holdfast::net::sql
