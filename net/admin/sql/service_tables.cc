#include <utility>

#include "net/admin/sql/tables.h"
#include "net/admin/sql/typed_table.h"
#include "net/admin/sql/words.h"

namespace holdfast::net::sql {
namespace {

const std::vector<Field<ServiceFact>>& service_fields() {
  static const std::vector<Field<ServiceFact>> fields = {
      {{"name", ColumnType::kText}, [](const auto& row) -> Value { return row.name; }},
      {{"revision", ColumnType::kU64}, [](const auto& row) { return u64_value(row.revision); }},
      {{"public", ColumnType::kBool}, [](const auto& row) { return bool_value(row.is_public); }},
      {{"ty", ColumnType::kText}, [](const auto& row) -> Value { return word_of(row.kind); }},
      {{"deployment_id", ColumnType::kText},
       [](const auto& row) { return text_value(row.deployment_id); }},
  };
  return fields;
}

Value version_value(const std::optional<std::uint32_t>& version) {
  return version.has_value() ? Value(std::int64_t{*version}) : Value();
}

const std::vector<Field<DeploymentFact>>& deployment_fields() {
  static const std::vector<Field<DeploymentFact>> fields = {
      {{"id", ColumnType::kText}, [](const auto& row) -> Value { return row.id; }},
      {{"ty", ColumnType::kText}, [](const auto& row) { return text_value(row.kind); }},
      {{"endpoint", ColumnType::kText}, [](const auto& row) { return text_value(row.endpoint); }},
      {{"created_at", ColumnType::kTime},
       [](const auto& row) { return time_value(row.created_at); }},
      {{"min_service_protocol_version", ColumnType::kU32},
       [](const auto& row) { return version_value(row.protocol_version_min); }},
      {{"max_service_protocol_version", ColumnType::kU32},
       [](const auto& row) { return version_value(row.protocol_version_max); }},
      {{"services", ColumnType::kList},
       [](const auto& row) -> Value { return list_text(row.services); }},
  };
  return fields;
}

}  // namespace

void add_service_tables(Tables& tables, const Sources& sources) {
  tables.push_back(std::make_unique<TypedTable<ServiceFact>>(
      "sys_service", service_fields(), std::vector<TypedTable<ServiceFact>::NamedWay>{{{}, 100}},
      [sources](std::size_t, const auto&) { return all_of(sources.facts.services()); },
      sources.watch));
  tables.push_back(std::make_unique<TypedTable<DeploymentFact>>(
      "sys_deployment", deployment_fields(),
      std::vector<TypedTable<DeploymentFact>::NamedWay>{{{}, 100}},
      [sources](std::size_t, const auto&) { return all_of(sources.facts.deployments()); },
      sources.watch));
}

Tables make_tables(const Sources& sources) {
  Tables tables;
  add_invocation_tables(tables, sources);
  add_journal_table(tables, sources);
  add_object_tables(tables, sources);
  add_queue_tables(tables, sources);
  add_service_tables(tables, sources);
  add_schema_tables(tables, sources);
  return tables;
}

}  // namespace holdfast::net::sql
