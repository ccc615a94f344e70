#include "net/admin/sql/words.h"

#include <fmt/format.h>

#include "net/ingress/json_text.h"
#include "storage/base/time_text.h"

namespace holdfast::net::sql {

Value time_value(std::int64_t unix_ms) {
  return unix_ms == 0 ? Value() : Value(time_text(unix_ms));
}

Value text_value(std::string_view text) {
  return text.empty() ? Value() : Value(std::string(text));
}

std::string failure_text(const journal::Failure& failure) {
  return fmt::format("[{}] {}", failure.code, failure.message);
}

std::string list_text(const std::vector<std::uint32_t>& numbers) {
  return fmt::format("[{}]", fmt::join(numbers, ","));
}

std::string list_text(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts) {
    if (list.size() > 1) list.push_back(',');
    append_json(list, text);
  }
  return list + "]";
}

}  // namespace holdfast::net::sql
