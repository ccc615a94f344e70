#pragma once
// SQLite tables: our tables as virtual tables of one connection, found by their names without
// being created.

#include <sqlite3.h>

#include <optional>

#include "net/admin/sql/table.h"

namespace holdfast::net::sql {

// What went wrong in a table, if anything did: SQLite hands on its text only.
using TableFailure = std::optional<Error>;

// Returns a code of SQLite's. `tables` and `failure` outlive the connection.
int add_tables(sqlite3* connection, const Tables& tables, TableFailure& failure);

}  // namespace holdfast::net::sql
