#pragma once
// Functions: those of DataFusion that SQLite lacks, for one connection.
//
//   now()                        the time of the query
//   to_timestamp(x)              text, or seconds since 1970, as a time; to_timestamp_millis(x)
//   date_trunc(unit, time)       year, month, day, hour, minute, second
//   add_interval(time, n, span)  n times "5 minutes", "1 day 2 hours"
//   concat, concat_ws            nulls are passed over
//   starts_with, ends_with, contains, strpos
//   x LIKE y, x REGEXP y         in the place of SQLite's own; REGEXP is ILIKE (like.h)
//   first_in_order, last_in_order  what FIRST_VALUE and LAST_VALUE become (ordered_values.h)
//   kSumOfCounts(n)              what count(*) becomes (over_counts.h)
//   instr, replace, trim         in the place of SQLite's own (text_functions.h)
// Times are texts, as in the columns.

#include <sqlite3.h>

#include <cstdint>

#include "net/admin/sql/query_watch.h"

namespace holdfast::net::sql {

// `watch` outlives the connection. Returns a code of SQLite's.
int add_functions(sqlite3* connection, std::int64_t now_unix_ms, const QueryWatch& watch);

}  // namespace holdfast::net::sql
