#include <string>
#include <utility>

#include "net/admin/sql/tables.h"
#include "net/admin/sql/typed_table.h"
#include "net/admin/sql/words.h"

namespace holdfast::net::sql {
namespace {

// What DataFusion calls them.
const char* data_type(ColumnType type) {
  switch (type) {
    case ColumnType::kText:
      return "LargeUtf8";
    case ColumnType::kTime:
      return "Timestamp(Millisecond, Some(\"+00:00\"))";
    case ColumnType::kDuration:
      return "Duration(Millisecond)";
    case ColumnType::kBytes:
      return "LargeBinary";
    case ColumnType::kList:
      return "List";
    case ColumnType::kBool:
      return "Boolean";
    case ColumnType::kU32:
      return "UInt32";
    case ColumnType::kU64:
      break;
  }
  return "UInt64";
}

struct ColumnRow {
  std::string table;
  Column column;
  std::size_t position = 0;  // From 0.
};

template <class Row>
std::vector<Field<Row>> place_fields() {
  using enum ColumnType;
  return {
      {{"table_catalog", kText}, [](Row&) -> Value { return "restate"; }},
      {{"table_schema", kText}, [](Row&) -> Value { return "public"; }},
  };
}

const std::vector<Field<std::string>>& table_fields() {
  using enum ColumnType;
  static const std::vector<Field<std::string>> fields = [] {
    auto all = place_fields<std::string>();
    all.push_back({{"table_name", kText}, [](std::string& table) -> Value { return table; }});
    all.push_back({{"table_type", kText}, [](std::string&) -> Value { return "BASE TABLE"; }});
    return all;
  }();
  return fields;
}

const std::vector<Field<ColumnRow>>& column_fields() {
  using enum ColumnType;
  static const std::vector<Field<ColumnRow>> fields = [] {
    auto all = place_fields<ColumnRow>();
    all.push_back({{"table_name", kText}, [](auto& row) -> Value { return row.table; }});
    all.push_back({{"column_name", kText}, [](auto& row) -> Value { return row.column.name; }});
    all.push_back({{"ordinal_position", kU64}, [](auto& row) { return u64_value(row.position); }});
    all.push_back({{"column_default", kText}, [](auto&) { return Value(); }});
    all.push_back({{"is_nullable", kText}, [](auto&) -> Value { return "YES"; }});
    all.push_back(
        {{"data_type", kText}, [](auto& row) -> Value { return data_type(row.column.type); }});
    return all;
  }();
  return fields;
}

// Those that there were when the first of the schema's was made.
using Others = std::vector<const Table*>;

std::vector<std::string> names_of(const Others& others) {
  std::vector<std::string> names;
  for (const Table* const table : others) names.emplace_back(table->name());
  return names;
}

std::vector<ColumnRow> columns_of(const Others& others) {
  std::vector<ColumnRow> columns;
  for (const Table* const table : others) {
    std::size_t position = 0;
    for (const Column& column : table->columns()) {
      columns.push_back({table->name(), column, position++});
    }
  }
  return columns;
}

template <class Row>
std::unique_ptr<Table> table_of(const char* name, const std::vector<Field<Row>>& fields,
                                std::vector<Row> (*rows_of)(const Others&), Others others,
                                QueryWatch& watch) {
  return std::make_unique<TypedTable<Row>>(
      name, fields, std::vector<typename TypedTable<Row>::NamedWay>{{{}, 500}},
      [rows_of, others = std::move(others)](std::size_t, const auto&) {
        return all_of(rows_of(others));
      },
      watch);
}

}  // namespace

void add_schema_tables(Tables& tables, const Sources& sources) {
  Others others;
  for (const auto& table : tables) others.push_back(table.get());
  tables.push_back(
      table_of("information_schema_tables", table_fields(), names_of, others, sources.watch));
  tables.push_back(table_of("information_schema_columns", column_fields(), columns_of,
                            std::move(others), sources.watch));
}

}  // namespace holdfast::net::sql
