#pragma once
// QueryRequests: POST /query of the admin API. Queries run one after the other on a thread of their
// own, so that a long one holds up neither the engine nor the other reads of the admin API.

#include <cstddef>
#include <memory>

#include "actors/engine.h"
#include "net/admin/admin_request.h"
#include "net/admin/reader_thread.h"
#include "net/admin/sql/facts.h"
#include "net/admin/sql/query.h"
#include "storage/base/clock.h"

namespace holdfast::net {

struct QueryOptions {
  Millis time_max{10'000};  // Of one query, while it runs.
  sql::QueryLimits limits;
  std::size_t waiting_max = 16;  // Queries that wait for the one that runs; others are told 429.
};

class QueryRequests {
 public:
  // The engine must be stopped before this object goes away.
  QueryRequests(actors::Engine& engine, const QueryOptions& options)
      : engine_(engine),
        options_(options),
        facts_(engine.catalog(), to_unix_millis(clock_.now())),
        thread_(options.waiting_max) {}

  // REQUIRES: the first segment is "query". Io thread.
  void handle(AdminRequest request);

 private:
  actors::Engine& engine_;
  const QueryOptions options_;
  const SystemClock clock_;
  const sql::CatalogFacts facts_;
  ReaderThread thread_;  // Last: its jobs use the above.
};

}  // namespace holdfast::net
