// What operators' tools ask, as they ask it, and what DataFusion says otherwise than SQLite.

#include "net/admin/sql/dialect.h"

#include <string>

#include "tests/net/sql_fixture.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;
using journal::Status;

// Of Restate's command line tool 1.7.12, with a name or two in the place of those it was given.
constexpr const char* kOfTheTool[] = {
    "SELECT COUNT(1) AS inv_count FROM sys_invocation_status WHERE pinned_deployment_id = 'dp_1' "
    "AND "
    "status != 'completed'",
    "WITH invocations as (SELECT inv.id, inv.target, inv.target_service_ty, "
    "inv.target_service_name, "
    "idempotency_key, inv.status, inv.created_at, inv.modified_at as state_modified_at, "
    "inv.pinned_deployment_id, inv.retry_count as num_retries, inv.last_failure as "
    "last_failure_message, inv.last_failure_related_entry_index as last_failure_entry_index, "
    "inv.last_failure_related_entry_name as last_failure_entry_name, "
    "inv.last_failure_related_entry_type as last_failure_entry_ty, inv.last_attempt_deployment_id, "
    "inv.last_attempt_server, inv.next_retry_at, inv.last_start_at, inv.invoked_by_id, "
    "inv.invoked_by_target, inv.trace_id, inv.completion_result, inv.completion_failure FROM "
    "sys_invocation inv WHERE status != 'completed' ORDER BY inv.created_at DESC, inv.id LIMIT "
    "100) "
    "SELECT inv.*, dp.id IS NOT NULL as pinned_deployment_exists FROM sys_deployment dp RIGHT JOIN "
    "invocations inv ON dp.id = inv.pinned_deployment_id ORDER BY inv.created_at DESC, inv.id",
    "SELECT inv.id, dp.id IS NOT NULL as pinned_deployment_exists FROM sys_invocation inv LEFT "
    "JOIN "
    "sys_deployment dp ON dp.id = inv.pinned_deployment_id WHERE status != 'completed' AND inv.id "
    "in "
    "('inv_1') ORDER BY inv.created_at DESC, inv.id",
    "SELECT COUNT(1) FROM (SELECT * FROM sys_invocation inv LIMIT 50000 ) WHERE "
    "inv.target_service_name IN ('Counter') AND inv.target_service_key IN ('eve') AND status != "
    "'completed'",
    "SELECT COUNT(1) FROM (SELECT * FROM sys_invocation inv LIMIT 50000 ) WHERE "
    "(inv.pinned_deployment_id IS NOT NULL AND inv.pinned_deployment_id NOT IN (select id from "
    "sys_deployment)) AND status != 'completed'",
    "SELECT COUNT(1) FROM (SELECT * FROM sys_invocation inv LIMIT 50000 ) WHERE "
    "inv.target_service_name IN (select name from sys_service where ty = 'virtual_object') AND "
    "status "
    "!= 'completed'",
    "SELECT target_service_name, target_handler_name, 'pending' as status, COUNT(1) as "
    "num_invocations, MIN(created_at) as oldest_at, FIRST_VALUE(id ORDER BY created_at ASC) as "
    "oldest_invocation FROM sys_invocation_status WHERE status == 'inboxed' AND "
    "target_service_name IN "
    "('Counter','Extra') GROUP BY target_service_name, target_handler_name",
    "SELECT service_name, service_key, COUNT(1) as num_pending FROM sys_inbox WHERE service_name "
    "IN "
    "('Counter') GROUP BY service_name, service_key ORDER BY num_pending DESC",
    "SELECT target_service_name as service_name, target_service_key as service_key, status as "
    "invocation_status, first_value(id) as invocation_holding_lock, "
    "first_value(target_handler_name) as "
    "invocation_method_holding_lock, first_value(created_at) as invocation_created_at, 0 as "
    "num_pending, sum(retry_count) as num_retries FROM sys_invocation WHERE status != 'pending' "
    "AND "
    "target_service_name IN ('Counter') GROUP BY target_service_name, target_service_key, status",
    "SELECT id, target FROM sys_invocation_status WHERE ((target = 'Greeter/busy' AND "
    "target_service_ty "
    "= 'service') OR (target LIKE 'Greeter/busy/%' AND target_service_ty != 'service')) AND status "
    "IN "
    "('invoked', 'suspended') LIMIT 500",
    "SELECT sj.index, sj.entry_type, sj.completed, sj.invoked_id, sj.invoked_target, "
    "sj.sleep_wakeup_at, sj.name, sj.promise_name, sj.version, sj.entry_json, sj.appended_at FROM "
    "sys_journal sj WHERE sj.id = 'inv_1' ORDER BY index DESC LIMIT 100",
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sql_dialect, SqlFixture)

BOOST_AUTO_TEST_CASE(what_restates_tool_asks_is_answered) {
  add(Status::kSuspended, "Counter", "eve");
  add(Status::kQueued, "Counter", "eve");
  for (const char* const query : kOfTheTool) {
    const auto answer = ask(query);
    BOOST_TEST(answer.has_value(), query << (answer ? "" : "\n" + answer.error().message()));
  }
  BOOST_TEST(value(kOfTheTool[3]) == "2");
}

BOOST_AUTO_TEST_CASE(tables_and_columns_are_found_in_the_schema) {
  const auto count = [this](const std::string& where) {
    return value("SELECT COUNT(*) FROM information_schema.columns WHERE " + where);
  };
  BOOST_TEST(count("table_name = 'sys_invocation' AND column_name IN ('idempotency_key')") == "1");
  BOOST_TEST(count("table_name = 'sys_journal' AND column_name IN ('version', 'entry_json', "
                   "'appended_at')") == "3");
  BOOST_TEST(count("table_name = 'sys_journal' AND column_name = 'nothing'") == "0");
  BOOST_TEST(rows("show tables").size() ==
             rows("select distinct table_name from information_schema.columns").size());
  BOOST_TEST(rows("SHOW COLUMNS FROM sys_service;").size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_comparison_with_a_name_is_true_or_false) {
  add(Status::kQueued, "Counter", "eve");
  const json::object shown =
      row("select 1 = 1 as yes, id is null as no, case when 1 = 1 then 7 end as number, "
          "length(id) as length, 1 << 3 as shifted, '{\"n\":5}' ->> '$.n' as found, status like "
          "'x%' as \"a b\", (1 = 1) + 1 as sum, null = 1 as none "
          "from sys_invocation");
  BOOST_TEST(json::serialize(shown.at("yes")) == "true");
  BOOST_TEST(json::serialize(shown.at("no")) == "false");
  BOOST_TEST(json::serialize(shown.at("a b")) == "false");
  BOOST_TEST(json::serialize(shown.at("number")) == "7");
  BOOST_TEST(json::serialize(shown.at("length")) == "38");
  BOOST_TEST(json::serialize(shown.at("shifted")) == "8");
  BOOST_TEST(json::serialize(shown.at("found")) == "5");
  BOOST_TEST(json::serialize(shown.at("sum")) == "2");
  BOOST_TEST(!shown.contains("none"));
}

BOOST_AUTO_TEST_CASE(the_first_value_in_an_order_is_that_of_its_row) {
  const std::string rows =
      " from (select 'a' as x, 2 as y union all select 'b', 1 union all select 'c', 3 union all "
      "select 'd', null)";
  BOOST_TEST(value("select first_value(x order by y)" + rows) == "\"b\"");
  BOOST_TEST(value("select FIRST_VALUE(x ORDER BY y ASC)" + rows) == "\"b\"");
  BOOST_TEST(value("select first_value(x order by y desc)" + rows) == "\"c\"");
  BOOST_TEST(value("select last_value(x order by y desc nulls last)" + rows) == "\"b\"");
  BOOST_TEST(value("select last_value(x order by (y * 2))" + rows) == "\"c\"");
  BOOST_TEST(value("select first_value(x)" + rows) == "\"a\"");
  BOOST_TEST(value("select first_value(v order by k) from (select x'02' as k, 'b' as v union all "
                   "select x'03', 'c' union all select x'01', 'a')") == "\"a\"");
  BOOST_TEST(value("select last_value(x)" + rows) == "\"d\"");
  BOOST_TEST(value("select first_value(x) over (order by y desc)" + rows + " limit 1") == "\"c\"");
}

BOOST_AUTO_TEST_CASE(a_query_in_brackets_takes_the_name_of_its_only_table) {
  const auto said = [](const char* query) { return sql::in_our_dialect(query); };
  BOOST_TEST(said("select a.x from (select * from t a limit 5) where a.x = 1") ==
             "select a.x from (select * from t a limit 5) AS a where a.x = 1");
  BOOST_TEST(said("select 1 from (select * from t where x in (select y from z))") ==
             "select 1 from (select * from t where x in (select y from z)) AS t");
  for (const char* const same :
       {"select 1 from (select * from t a) b where 1", "select 1 from (select * from t) as b",
        "select 1 from (select * from t, u) where 1",
        "select 1 from (select * from t join u) limit 1", "select 1 from (values (1))",
        "select 1 from (select 1", "select 'from (select * from t)'",
        "select first_value(x) over (order by x) from t", "show", "describe", "show tables of t",
        "select first_value(x order by a, b) from t",
        "select first_value(x order by a nulls first) from t",
        "select first_value(x order by a collate nocase) from t",
        "select 1 from t where x is not distinct from (select y from u)", ""}) {
    BOOST_TEST(said(same) == same);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
