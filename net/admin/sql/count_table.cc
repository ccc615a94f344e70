#include <utility>

#include "net/admin/sql/over_counts.h"
#include "net/admin/sql/tables.h"
#include "net/admin/sql/typed_table.h"
#include "net/admin/sql/words.h"

namespace holdfast::net::sql {
namespace {

// Invocations of one service and status, of which a scan would show one row each.
struct CountRow {
  journal::InvocationCount count;
  QueryWatch& watch;
  bool looked_at = false;

  // Null for those that cannot be read; they are counted, as they are where they are rows.
  template <class Function>
  Value of_readable(Function function) {
    if (count.status.has_value()) return function(*count.status);
    if (!looked_at) watch.count_unreadable(count.invocations);
    looked_at = true;
    return {};
  }
};

const std::vector<Field<CountRow>>& count_fields() {
  using enum ColumnType;
  static const std::vector<Field<CountRow>> fields = {
      {{"target_service_name", kText},
       [](CountRow& row) {
         return row.of_readable([&](journal::Status) -> Value { return row.count.service; });
       }},
      {{"status", kText},
       [](CountRow& row) {
         return row.of_readable(
             [](journal::Status status) -> Value { return journal::status_text(status); });
       }},
      {{"invocations", kU64}, [](CountRow& row) { return u64_value(row.count.invocations); }},
  };
  return fields;
}

}  // namespace

std::unique_ptr<Table> make_count_table(std::vector<journal::InvocationCount> counts,
                                        QueryWatch& watch) {
  using CountTable = TypedTable<CountRow>;
  return std::make_unique<CountTable>(
      kCountTable, count_fields(), std::vector<CountTable::NamedWay>{{{}, 100}},
      [counts = std::move(counts), &watch](std::size_t, const auto&) -> Fill<CountRow> {
        return [&counts, &watch](Page<CountRow>& page) -> Result<bool> {
          for (const auto& count : counts) page.rows().push_back({count, watch});
          return false;
        };
      },
      watch);
}

}  // namespace holdfast::net::sql
