#pragma once
// Dialect: what DataFusion says with several words and SQLite with others. Pure.
//
//   FROM (SELECT .. FROM t a) WHERE a.x    FROM (...) AS a WHERE a.x: a query that has no name
//   takes
//                                          that of the one table in it
//   FIRST_VALUE(x ORDER BY y DESC)         last_in_order(x, y), LAST_VALUE the other way round;
//   only
//                                          where they are aggregates, not windows
//   information_schema.columns             information_schema_columns, and the other tables of it
//   SHOW TABLES, SHOW COLUMNS FROM t,      queries of those
//   DESCRIBE t

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::net::sql {

std::string in_our_dialect(std::string_view query);

// The names, after AS, of the columns of the answer that are comparisons: DataFusion answers true
// and false, SQLite 1 and 0.
std::vector<std::string> names_of_comparisons(std::string_view query);

}  // namespace holdfast::net::sql
