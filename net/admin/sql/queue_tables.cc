#include <utility>

#include "net/admin/sql/object_range.h"
#include "net/admin/sql/tables.h"
#include "net/admin/sql/typed_table.h"
#include "net/admin/sql/words.h"

namespace holdfast::net::sql {
namespace {

using journal::InvocationId;

// A place in the queue of an object key.
struct QueueRow {
  Sources sources;
  std::string service, key;
  InvocationId id;
  journal::Stamp stamp = 0;

  Value time_of(std::int64_t journal::Invocation::*member) const {
    const auto invocation = sources.store.invocation(id);
    if (!invocation.has_value()) {
      sources.watch.count_unreadable();
      return {};
    }
    return invocation->has_value() ? time_value((**invocation).*member) : Value();
  }
};
using QueueFields = std::vector<Field<QueueRow>>;

Field<QueueRow> partition_key_field() {
  return {{"partition_key", ColumnType::kU64},
          [](QueueRow& row) { return u64_value(journal::partition_key_of(row.key)); }};
}
Field<QueueRow> service_field() {
  return {{"service_name", ColumnType::kText}, [](QueueRow& row) -> Value { return row.service; }};
}
Field<QueueRow> key_field() {
  return {{"service_key", ColumnType::kText}, [](QueueRow& row) -> Value { return row.key; }};
}
Field<QueueRow> id_field(const char* name) {
  return {{name, ColumnType::kText}, [](QueueRow& row) -> Value { return row.id.text(); }};
}

const QueueFields& inbox_fields() {
  static const QueueFields fields = {
      partition_key_field(),
      service_field(),
      key_field(),
      id_field("id"),
      {{"sequence_number", ColumnType::kU64}, [](QueueRow& row) { return u64_value(row.stamp); }},
      {{"created_at", ColumnType::kTime},
       [](QueueRow& row) { return row.time_of(&journal::Invocation::created_at); }},
  };
  return fields;
}

const QueueFields& keyed_service_fields() {
  static const QueueFields fields = {partition_key_field(), service_field(), key_field(),
                                     id_field("invocation_id")};
  return fields;
}

const QueueFields& lock_fields() {
  using enum ColumnType;
  static const QueueFields fields = {
      partition_key_field(),
      {{"scope", kText}, {}},
      {{"lock_name", kText}, [](QueueRow& row) -> Value { return row.service + "/" + row.key; }},
      {{"acquired_at", kTime},
       [](QueueRow& row) { return row.time_of(&journal::Invocation::running_at); }},
      id_field("acquired_by"),
  };
  return fields;
}

// The first of a queue holds the key (docs/decisions/0009-object-keys.md), the others wait.
enum class Shown { kHolders, kWaiting };

Fill<QueueRow> queues(const Sources& sources, const journal::ObjectRange& range, Shown shown) {
  return [sources, range, shown, place = Bytes(),
          queue = std::optional<std::pair<std::string, std::string>>()](
             Page<QueueRow>& page) mutable -> Result<bool> {
    std::size_t seen = 0;
    const auto visit = [&](const journal::ObjectRow& row,
                           const Result<journal::Tables::Queued>& queued) {
      place = Bytes(row.place);
      if (!queued.has_value()) {  // The engine passes over it, too.
        sources.watch.count_unreadable();
      } else {
        const bool holds =
            !queue.has_value() || queue->first != row.service || queue->second != row.key;
        if (holds) queue.emplace(row.service, row.key);
        if (holds == (shown == Shown::kHolders)) {
          page.add({sources, row.service, row.key, queued->id, queued->stamp}, place.size());
        }
      }
      return page.room() && ++seen < Page<QueueRow>::kRowsMax;
    };
    TRY(sources.store.each_queued(range, Bytes(place), visit));
    return !page.room() || seen == Page<QueueRow>::kRowsMax;
  };
}

std::unique_ptr<Table> queue_table(const char* name, const QueueFields& fields,
                                   const Sources& sources, Shown shown) {
  return std::make_unique<TypedTable<QueueRow>>(
      name, fields, object_ways<TypedTable<QueueRow>::NamedWay>(),
      [sources, shown](std::size_t way, std::vector<std::string> values) {
        return queues(sources, object_range(way, std::move(values)), shown);
      },
      sources.watch);
}

}  // namespace

void add_queue_tables(Tables& tables, const Sources& sources) {
  tables.push_back(queue_table("sys_inbox", inbox_fields(), sources, Shown::kWaiting));
  tables.push_back(
      queue_table("sys_keyed_service_status", keyed_service_fields(), sources, Shown::kHolders));
  tables.push_back(std::make_unique<TypedTable<QueueRow>>(
      "sys_locks", lock_fields(), std::vector<TypedTable<QueueRow>::NamedWay>{{{}, 1e5}},
      [sources](std::size_t, const auto&) { return queues(sources, {}, Shown::kHolders); },
      sources.watch));
}

}  // namespace holdfast::net::sql
