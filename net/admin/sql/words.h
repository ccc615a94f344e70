#pragma once
// Words: values as the tables spell them; those of the whole admin API: net/admin/words.h. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/entry.h"
#include "net/admin/sql/table.h"
#include "net/admin/words.h"

namespace holdfast::net::sql {

// Null for no time (0) and no text.
Value time_value(std::int64_t unix_ms);
Value text_value(std::string_view text);
inline Value bool_value(bool value) { return std::int64_t{value}; }
// The same bits; docs/guides/introspection.md says what follows.
inline Value u64_value(std::uint64_t value) { return static_cast<std::int64_t>(value); }
// A failure as one line: [409] no.
std::string failure_text(const journal::Failure& failure);

// The text of a JSON array.
std::string list_text(const std::vector<std::uint32_t>& numbers);
std::string list_text(const std::vector<std::string>& texts);

}  // namespace holdfast::net::sql
