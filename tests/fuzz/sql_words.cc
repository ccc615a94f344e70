#include "tests/fuzz/sql_words.h"

#include <cstddef>
#include <iterator>

namespace holdfast::testing {
namespace {

constexpr std::string_view kWords[] = {
    "select ", " from ", " where ", " group by ", " having ", " order by ", " limit ", " offset ",
    " join ", " left join ", " cross join ", " on ", " using (", " union all ", " union ",
    " except ", " intersect ", "with ", "with recursive ", "values (", "explain query plan ",
    "explain ", " as ", " distinct ", " and ", " or ", " not ", " in (", " is null", " between ",
    " exists (select ", " like ", " ilike ", " glob ", " regexp ", " escape ", " collate nocase ",
    " case when ", " then ", " else ", " end ", " filter (where ", " over (", " partition by ",
    " desc ", " nulls first ", "cast(", "::text", "::bigint", "::double precision", "::bytea",
    " - interval ", " + interval ", "'5 minutes'", "'1 day'", " day ", "/*", "*/", "--",
    // Tables.
    "sys_invocation", "sys_invocation_status", "sys_invocation_state", "sys_journal",
    "sys_journal_events", "sys_inbox", "sys_keyed_service_status", "sys_locks", "state",
    "sys_promise", "sys_service", "sys_deployment", "holdfast_invocation_counts", "sqlite_master",
    // Columns.
    "id", "status", "target_service_name", "target_service_key", "target", "index", "entry_type",
    "entry_json", "raw", "created_at", "modified_at", "completion_retention", "service_name",
    "service_key", "value_utf8", "value", "key", "partition_key", "public", "name", "services",
    "suspended_waiting_for_completions", "rowid", "completed", "journal_size", "last_failure",
    // Functions.
    "count(*)", "count(", "sum(", "max(", "group_concat(", "to_timestamp(", "to_timestamp_millis(",
    "date_trunc('day',", "add_interval(", "concat(", "concat_ws(", "strpos(", "contains(",
    "starts_with(", "replace(", "instr(", "hex(", "zeroblob(", "printf(", "substr(", "trim(",
    "round(", "json_array(", "row_number() over ()", "holdfast_sum_of_counts(",
    // Values.
    "18446744073709551615", "-9223372036854775808", "'Counter'", "'suspended'"};
static_assert(std::size(kWords) <= 128);

}  // namespace

std::string query_of_words(BytesView bytes) {
  std::string query;
  for (const char byte : bytes) {
    const auto number = static_cast<unsigned char>(byte);
    if (number < 128) {
      query += byte;
    } else if (number - 128u < std::size(kWords)) {
      query += kWords[number - 128u];
    }
  }
  return query;
}

Bytes words_of_query(std::string_view query) {
  Bytes bytes;
  while (!query.empty()) {
    std::size_t longest = 0;
    char byte = query[0];
    for (std::size_t i = 0; i < std::size(kWords); ++i) {
      if (kWords[i].size() <= longest || !query.starts_with(kWords[i])) continue;
      longest = kWords[i].size();
      byte = static_cast<char>(128 + i);
    }
    bytes += byte;
    query.remove_prefix(longest == 0 ? 1 : longest);
  }
  return bytes;
}

}  // namespace holdfast::testing
