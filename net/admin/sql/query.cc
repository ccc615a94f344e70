#include "net/admin/sql/query.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/admin/sql/dialect.h"
#include "net/admin/sql/functions.h"
#include "net/admin/sql/over_counts.h"
#include "net/admin/sql/rewrite.h"
#include "net/admin/sql/sqlite_tables.h"

namespace holdfast::net::sql {
namespace {

// Steps of SQLite's machine between two looks at the clock: some ten microseconds.
constexpr int kStepsBetweenLooks = 1000;
constexpr const char* kOnlyQueries =
    "only queries are allowed: SELECT, WITH or VALUES, one at a time";

Error wrong(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

struct CloseConnection {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Connection = std::unique_ptr<sqlite3, CloseConnection>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

// Bounds what SQLite takes while this lives, on top of what it has.
class HeapLimit {
 public:
  explicit HeapLimit(std::size_t bytes)
      : before_(
            sqlite3_hard_heap_limit64(sqlite3_memory_used() + static_cast<sqlite3_int64>(bytes))) {}
  ~HeapLimit() { sqlite3_hard_heap_limit64(before_); }
  HeapLimit(const HeapLimit&) = delete;
  HeapLimit& operator=(const HeapLimit&) = delete;

 private:
  const sqlite3_int64 before_;
};

// What a statement may do. Tells `reads` what it does.
int authorize(void* reads, int action, const char* first, const char* name, const char*,
              const char*) {
  switch (action) {
    case SQLITE_READ:
      static_cast<CountedReads*>(reads)->read(first, name);
      return SQLITE_OK;
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION: {
      static_cast<CountedReads*>(reads)->call(name);
      const bool loads = sqlite3_stricmp(name, "load_extension") == 0 ||
                         sqlite3_stricmp(name, "fts3_tokenizer") == 0;
      return loads ? SQLITE_DENY : SQLITE_OK;
    }
    case SQLITE_UPDATE:
      // SQLite itself, when a virtual table is first named. Anybody else meets DEFENSIVE, and the
      // check that the statement only reads.
      return std::string_view(first) == "sqlite_master" ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

int must_end(void* watch) {
  return static_cast<const QueryWatch*>(watch)->check().has_value() ? 0 : 1;
}

struct Limit {
  int what, most;
};
constexpr Limit kLimits[] = {{SQLITE_LIMIT_ATTACHED, 0},
                             {SQLITE_LIMIT_WORKER_THREADS, 0},
                             {SQLITE_LIMIT_TRIGGER_DEPTH, 0},
                             {SQLITE_LIMIT_VDBE_OP, 1'000'000},
                             {SQLITE_LIMIT_EXPR_DEPTH, 500}};

// One connection, for one query.
class Run {
 public:
  Run(const Sources& sources, const QueryLimits& limits)
      : moment_(sources.store.moment()),
        sources_{moment_.tables(), sources.facts, sources.watch},
        limits_(limits),
        heap_(limits.memory_bytes),
        tables_(make_tables(sources_)) {}

  Result<Bytes> run(const std::string& text, AnswerFormat format, std::int64_t now_unix_ms) {
    TRY(open(now_unix_ms));
    const Statement asked = TRY(prepare(text));
    const Statement counted = TRY(prepare_over_counts(text, asked.get()));
    sqlite3_stmt* const statement = counted != nullptr ? counted.get() : asked.get();
    const auto rows = make_answer_rows(format, asked.get(), names_of_comparisons(text));
    for (;;) {
      const int code = sqlite3_step(statement);
      if (code == SQLITE_DONE) break;
      if (code != SQLITE_ROW) return error(code);
      rows->add(statement);
      if (rows->size_bytes() > limits_.answer_bytes) return too_long();
    }
    return rows->take(sources_.watch.unreadable());
  }

 private:
  Result<void> open(std::int64_t now_unix_ms) {
    sqlite3* opened = nullptr;
    constexpr int kFlags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(":memory:", &opened, kFlags, nullptr);
    connection_.reset(opened);
    // What does not fit into memory must not go to a disk instead.
    if (code == SQLITE_OK) {
      code = sqlite3_exec(opened, "PRAGMA temp_store = MEMORY;", nullptr, nullptr, nullptr);
    }
    if (code == SQLITE_OK) code = add_functions(opened, now_unix_ms, sources_.watch);
    if (code == SQLITE_OK) code = add_tables(opened, tables_, failure_);
    if (code != SQLITE_OK) return error(code);
    for (const int setting :
         {SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,
          SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER}) {
      sqlite3_db_config(opened, setting, 0, nullptr);
    }
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    for (const Limit& limit : kLimits) sqlite3_limit(opened, limit.what, limit.most);
    sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, static_cast<int>(limits_.answer_bytes));
    sqlite3_progress_handler(opened, kStepsBetweenLooks, must_end, &sources_.watch);
    sqlite3_set_authorizer(opened, authorize, &reads_);
    return {};
  }

  Result<Statement> prepare(const std::string& text) {
    const char* rest = text.c_str();
    Statement first = TRY(prepare_one(rest));
    if (first == nullptr) return wrong("there is no query");
    while (*rest != '\0') {
      const Result<Statement> second = prepare_one(rest);
      if (!second.has_value() || *second != nullptr) return wrong(kOnlyQueries);
    }
    if (sqlite3_stmt_readonly(first.get()) == 0 || sqlite3_column_count(first.get()) == 0) {
      return wrong(kOnlyQueries);
    }
    return first;
  }

  // `asked` as a query over the counts of invocations; null when it is of another kind, or when
  // there are no counts.
  Result<Statement> prepare_over_counts(const std::string& text, sqlite3_stmt* asked) {
    if (!reads_.only_counted()) return Statement();
    const std::optional<std::string> query = over_counts(text);
    if (!query.has_value()) return Statement();
    auto counts = TRY(sources_.store.invocation_counts());
    if (!counts.has_value()) return Statement();
    count_table_.push_back(make_count_table(std::move(*counts), sources_.watch));
    if (const int code = add_tables(connection_.get(), count_table_, failure_); code != SQLITE_OK) {
      return error(code);
    }
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(connection_.get(), query->c_str(), -1, &statement, nullptr);
    Statement prepared(statement);
    const bool alike = code == SQLITE_OK && statement != nullptr &&
                       sqlite3_column_count(statement) == sqlite3_column_count(asked);
    return alike ? std::move(prepared) : Statement();
  }

  // Null: spaces and comments only. Moves `rest` behind the statement.
  Result<Statement> prepare_one(const char*& rest) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(connection_.get(), rest, -1, &statement, &rest);
    if (code != SQLITE_OK) return error(code);
    return Statement(statement);
  }

  Error error(int code) const {
    if (failure_.has_value()) return *failure_;
    const Result<void> ended = sources_.watch.check();
    const bool may_be_that = code == SQLITE_INTERRUPT || code == SQLITE_ERROR;
    if (may_be_that && !ended.has_value()) return ended.error();
    if (code == SQLITE_AUTH) return wrong(kOnlyQueries);
    if (code == SQLITE_TOOBIG) return too_long();
    if (code == SQLITE_NOMEM || connection_ == nullptr) {
      return wrong(
          fmt::format("the query needs more than {} MiB of memory; narrow it, or set "
                      "admin.query_memory_mib",
                      limits_.memory_bytes >> 20));
    }
    return wrong(sqlite3_errmsg(connection_.get()));
  }

  Error too_long() const {
    return wrong(
        fmt::format("the answer, or a value in it, has more than {} MiB; ask for fewer rows "
                    "or columns",
                    limits_.answer_bytes >> 20));
  }

  const journal::Tables::Moment moment_;
  const Sources sources_;
  const QueryLimits& limits_;
  const HeapLimit heap_;  // Outlives the connection.
  const Tables tables_;
  Tables count_table_;
  CountedReads reads_;
  TableFailure failure_;
  Connection connection_;
};

}  // namespace

Result<Bytes> run_query(std::string_view text, AnswerFormat format, const Sources& sources,
                        const QueryLimits& limits, std::int64_t now_unix_ms) {
  if (text.size() > kQueryBytesMax) {
    return wrong(fmt::format("the query has more than {} bytes", kQueryBytesMax));
  }
  if (text.find('\0') != std::string_view::npos) return wrong("there is a NUL in the query");
  if (!begins_as_query(text)) return wrong(kOnlyQueries);
  return Run(sources, limits).run(rewrite(text), format, now_unix_ms);
}

}  // namespace holdfast::net::sql
