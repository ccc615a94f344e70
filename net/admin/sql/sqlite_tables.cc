#include "net/admin/sql/sqlite_tables.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::net::sql {
namespace {

// What SQLite hands to sqlite_connect(), and deletes with the connection.
struct Module {
  const Table& table;
  TableFailure& failure;
};

struct VirtualTable : sqlite3_vtab {
  explicit VirtualTable(const Module& of) : sqlite3_vtab{}, module(of) {}
  const Module& module;
};

struct Cursor : sqlite3_vtab_cursor {
  explicit Cursor(const Module& of) : sqlite3_vtab_cursor{}, module(of) {}
  const Module& module;
  std::unique_ptr<Rows> rows;
  bool at_end = true;
  sqlite3_int64 number = 0;
};

// The names are also how query.cc knows what a column of an answer is; those with INT in them keep
// numbers, TEXT texts.
const char* declared_type(ColumnType type) {
  switch (type) {
    case ColumnType::kText:
    case ColumnType::kTime:
    case ColumnType::kDuration:
      return "TEXT";
    case ColumnType::kBytes:
      return "BLOB";
    case ColumnType::kList:
      return "LIST_TEXT";
    case ColumnType::kBool:
      return "BOOL_INT";
    case ColumnType::kU32:
      return "INTEGER";
    case ColumnType::kU64:
      break;
  }
  return "U64_INT";
}

int connect(sqlite3* connection, void* module, int, const char* const*, sqlite3_vtab** table,
            char**) {
  const auto& of = *static_cast<const Module*>(module);
  std::string statement = "CREATE TABLE x(";
  for (const Column& column : of.table.columns()) {
    if (statement.back() != '(') statement += ", ";
    statement += std::string("\"") + column.name + "\" " + declared_type(column.type);
  }
  const int code = sqlite3_declare_vtab(connection, (statement + ")").c_str());
  if (code == SQLITE_OK) *table = new VirtualTable(of);
  return code;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<VirtualTable*>(table);
  return SQLITE_OK;
}

// Picks the way in that reads the fewest rows, among those whose columns are compared with known
// values, byte by byte.
int best_index(sqlite3_vtab* table, sqlite3_index_info* info) {
  const Table& of = static_cast<VirtualTable*>(table)->module.table;
  std::vector<int> constraint_of(of.columns().size(), -1);
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& constraint = info->aConstraint[i];
    if (constraint.usable == 0 || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    if (constraint.iColumn < 0) continue;
    if (sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY") != 0) continue;
    constraint_of[static_cast<std::size_t>(constraint.iColumn)] = i;
  }
  const std::vector<Way>& ways = of.ways();
  std::size_t best = ways.size() - 1;
  for (std::size_t way = 0; way < ways.size(); ++way) {
    const auto& columns = ways[way].columns;
    const bool open = std::all_of(columns.begin(), columns.end(),
                                  [&](std::size_t column) { return constraint_of[column] >= 0; });
    if (open && ways[way].rows < ways[best].rows) best = way;
  }
  int argument = 0;
  for (const std::size_t column : ways[best].columns) {
    info->aConstraintUsage[constraint_of[column]].argvIndex = ++argument;
  }
  info->idxNum = static_cast<int>(best);
  info->estimatedRows = static_cast<sqlite3_int64>(ways[best].rows);
  info->estimatedCost = ways[best].rows;
  return SQLITE_OK;
}

int open(sqlite3_vtab* table, sqlite3_vtab_cursor** cursor) {
  *cursor = new Cursor(static_cast<VirtualTable*>(table)->module);
  return SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
  delete static_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* handle) {
  auto* const cursor = static_cast<Cursor*>(handle);
  const Result<bool> moved = cursor->rows->next();
  if (!moved.has_value()) {
    cursor->module.failure = moved.error();
    return SQLITE_ERROR;
  }
  cursor->at_end = !*moved;
  ++cursor->number;
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* handle, int way, const char*, int count, sqlite3_value** values) {
  auto* const cursor = static_cast<Cursor*>(handle);
  std::vector<std::string> given;
  cursor->at_end = true;
  for (int i = 0; i < count; ++i) {
    if (sqlite3_value_type(values[i]) == SQLITE_NULL) return SQLITE_OK;  // Equal to nothing.
    const auto* const text = reinterpret_cast<const char*>(sqlite3_value_text(values[i]));
    if (text == nullptr) return SQLITE_NOMEM;
    given.emplace_back(text, static_cast<std::size_t>(sqlite3_value_bytes(values[i])));
  }
  cursor->rows = cursor->module.table.open(static_cast<std::size_t>(way), std::move(given));
  return next(handle);
}

int at_end(sqlite3_vtab_cursor* cursor) { return static_cast<Cursor*>(cursor)->at_end ? 1 : 0; }

void give(sqlite3_context* context, std::monostate) { sqlite3_result_null(context); }
void give(sqlite3_context* context, std::int64_t number) { sqlite3_result_int64(context, number); }
void give(sqlite3_context* context, const std::string& text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
void give(sqlite3_context* context, const Blob& blob) {
  sqlite3_result_blob64(context, blob.bytes.data(), blob.bytes.size(), SQLITE_TRANSIENT);
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int number) {
  const Value value = static_cast<Cursor*>(cursor)->rows->value(static_cast<std::size_t>(number));
  std::visit([context](const auto& one) { give(context, one); }, value);
  return SQLITE_OK;
}

int row_id(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
  *id = static_cast<Cursor*>(cursor)->number;
  return SQLITE_OK;
}

// Without xCreate a table is there by its name alone; without xUpdate it cannot be written to.
constexpr sqlite3_module kModule = [] {
  sqlite3_module module{};
  module.xConnect = connect;
  module.xDisconnect = disconnect;
  module.xBestIndex = best_index;
  module.xOpen = open;
  module.xClose = close;
  module.xFilter = filter;
  module.xNext = next;
  module.xEof = at_end;
  module.xColumn = column;
  module.xRowid = row_id;
  return module;
}();

}  // namespace

int add_tables(sqlite3* connection, const Tables& tables, TableFailure& failure) {
  for (const auto& table : tables) {
    // SQLite deletes the module, also when it refuses it.
    const int code =
        sqlite3_create_module_v2(connection, table->name(), &kModule, new Module{*table, failure},
                                 [](void* module) { delete static_cast<Module*>(module); });
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

}  // namespace holdfast::net::sql
