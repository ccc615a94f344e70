#pragma once
// SQLite values: what functions take and give.

#include <sqlite3.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::net::sql {

using Arguments = sqlite3_value**;

inline bool is_null(sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_NULL; }

// Empty for null. Until the value is asked for as something else.
inline std::string_view text_of(sqlite3_value* value) {
  const auto* const text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

// Of bytes; asked for as a text, they would become one.
inline std::string_view bytes_of(sqlite3_value* value) {
  const auto* const bytes = static_cast<const char*>(sqlite3_value_blob(value));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

inline void give(sqlite3_context* context, std::string_view text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
inline void give_error(sqlite3_context* context, std::string_view message) {
  sqlite3_result_error(context, message.data(), static_cast<int>(message.size()));
}

// What is longer than a value may be ends the query.
inline bool fits(sqlite3_context* context, std::string_view text) {
  sqlite3* const connection = sqlite3_context_db_handle(context);
  if (text.size() <= static_cast<std::size_t>(sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, -1))) {
    return true;
  }
  sqlite3_result_error_toobig(context);
  return false;
}

struct Function {
  static constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;

  const char* name;
  int arguments;  // -1: any number.
  void (*call)(sqlite3_context*, int, Arguments);
};

// `user_data` is what sqlite3_user_data() gives them. Returns a code of SQLite's.
inline int add_all(sqlite3* connection, std::span<const Function> functions,
                   void* user_data = nullptr) {
  for (const Function& function : functions) {
    const int code =
        sqlite3_create_function_v2(connection, function.name, function.arguments, Function::kFlags,
                                   user_data, function.call, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

}  // namespace holdfast::net::sql
