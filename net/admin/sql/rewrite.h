#pragma once
// Rewrite: turns what people write for Restate's SQL engine (DataFusion) into what SQLite
// understands, word by word; nothing inside strings, quoted names and comments is touched. Pure.
//
//   index                          "index": it is a keyword of SQLite's
//   a ILIKE b                      a REGEXP b: functions.h has it match as ILIKE does
//   x::text, CAST(x AS TIMESTAMP)  CAST(x AS TEXT): types by the words of DataFusion and PostgreSQL
//   x - INTERVAL '5 minutes'       add_interval(x, -1, '5 minutes')
//   and what takes more than a word: dialect.h
//   18446744073709551615           the int64 of the same bits: how a u64 column holds it
//
// What it does not understand it leaves alone, as it does what would take too long; SQLite has the
// last word.

#include <string>
#include <string_view>

namespace holdfast::net::sql {

std::string rewrite(std::string_view query);

// Whether the query begins as one that only reads: SELECT, WITH, VALUES, EXPLAIN, SHOW or DESCRIBE.
bool begins_as_query(std::string_view query);

}  // namespace holdfast::net::sql
