#pragma once
// The tables of a query, with the names and columns of Restate's; docs/guides/introspection.md
// lists them. Each is made for one query. A value for which there is no fact is null.
//
// A record that cannot be read (INV-11) does not end the query: its row is there with what its key
// tells, says why in a column of text, and is counted.

#include <memory>
#include <vector>

#include "journal/tables/tables.h"
#include "net/admin/sql/facts.h"
#include "net/admin/sql/query_watch.h"
#include "net/admin/sql/table.h"

namespace holdfast::net::sql {

// What the tables read. All outlive them.
struct Sources {
  const journal::Tables& store;
  const Facts& facts;
  QueryWatch& watch;
};

// All of them.
Tables make_tables(const Sources& sources);

// The table of counts, which stands in for the table of invocations (over_counts.h).
std::unique_ptr<Table> make_count_table(std::vector<journal::InvocationCount> counts,
                                        QueryWatch& watch);

// Where an invocation stands: sys_invocation, sys_invocation_status, sys_invocation_state,
// sys_journal_events.
void add_invocation_tables(Tables& tables, const Sources& sources);
// sys_journal.
void add_journal_table(Tables& tables, const Sources& sources);
// What belongs to the key of an object or workflow: state, sys_promise; and who waits for or holds
// it: sys_inbox, sys_keyed_service_status, sys_locks.
void add_object_tables(Tables& tables, const Sources& sources);
void add_queue_tables(Tables& tables, const Sources& sources);
// sys_service, sys_deployment.
void add_service_tables(Tables& tables, const Sources& sources);
// What tables there are so far, and their columns: information_schema_tables and
// information_schema_columns, which are asked for with a point (dialect.h).
void add_schema_tables(Tables& tables, const Sources& sources);

}  // namespace holdfast::net::sql
