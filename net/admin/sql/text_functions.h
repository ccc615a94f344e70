#pragma once
// Text functions: instr, replace, trim, ltrim and rtrim as SQLite has them, but in time that grows
// with what they are given and not with its square. SQLite looks at the clock between two calls
// only, and one of its own could take hours. json_patch could too, and is refused.

#include <sqlite3.h>

#include <cstddef>
#include <string_view>

namespace holdfast::net::sql {

// Returns a code of SQLite's.
int add_text_functions(sqlite3* connection);

// Where `part` begins in `text`; npos: nowhere.
std::size_t find_in(std::string_view text, std::string_view part);

}  // namespace holdfast::net::sql
