#pragma once
// Ordered values: the aggregates first_in_order(x, y) and last_in_order(x, y), which give the x of
// the row with the lowest or the highest y; of rows in which y is null only when there are no
// others. Without y the first or the last row that comes.

#include <sqlite3.h>

namespace holdfast::net::sql {

// Returns a code of SQLite's.
int add_ordered_values(sqlite3* connection);

}  // namespace holdfast::net::sql
