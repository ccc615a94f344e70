#pragma once
// Dialect: what DataFusion says with several words and SQLite with others. Pure.
//
// FROM (SELECT * FROM t a) WHERE a.x = 1
//   FROM (...) AS a WHERE a.x = 1: a query without a name takes that of the only table in it.
// FIRST_VALUE(x ORDER BY y DESC)
//   last_in_order(x, y), and LAST_VALUE the other way round; where they are no windows.
// information_schema.columns
//   information_schema_columns, and so the other tables of it.
// SHOW TABLES, SHOW COLUMNS FROM t, DESCRIBE t
//   queries of those.

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::net::sql {

std::string in_our_dialect(std::string_view query);

// The names, after AS, of the columns of the answer that are comparisons: DataFusion answers true
// and false, SQLite 1 and 0.
std::vector<std::string> names_of_comparisons(std::string_view query);

}  // namespace holdfast::net::sql
