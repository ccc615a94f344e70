// Counts: queries that only count by status and service cost the same for any number of
// invocations, and answer what the rows would.

#include <algorithm>
#include <string>
#include <vector>

#include "net/admin/sql/over_counts.h"
#include "storage/local_log.h"
#include "tests/net/sql_fixture.h"
#include "tests/support/manual_clock.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;
using journal::Status;

constexpr const char* kCounted[] = {
    "select status, count(*) from sys_invocation group by status",
    "SELECT status, COUNT( * ) AS count FROM sys_invocation GROUP BY status ORDER BY count DESC, "
    "status",
    "select target_service_name, status, count(*) from sys_invocation group by 1, 2 order by 3 "
    "desc, 1, 2",
    "select target_service_name, count(*) from sys_invocation group by target_service_name",
    "select count(*) from sys_invocation",
    "select count(*) as n from sys_invocation_status",
    "select count(*), count(*) from sys_invocation where status = 'running'",
    "select count(*) from sys_invocation where status = 'nonsense'",
    "select status, count(*) from sys_invocation where target_service_name = 'Counter' group by "
    "status",
    "select count(*) from sys_invocation where status in ('suspended', 'paused') and "
    "target_service_name <> 'Counter'",
    "select count(*) from sys_invocation where target_service_name like 'Co%' or status ilike "
    "'RUN%'",
    "select i.status, count(*) total from sys_invocation i group by i.status having count(*) > 1",
    "select sys_invocation.status as s, count(*) from sys_invocation group by s",
    "select \"status\", count(*) from sys_invocation as \"an alias\" group by \"an alias\".status",
    "select distinct status from sys_invocation",
    "select distinct target_service_name, status from sys_invocation order by 1, 2",
    "select status from sys_invocation group by status having count(*) = 1",
    "select count(*) filter (where status = 'completed') as done, count(*) as \"all\" from "
    "sys_invocation",
    "select count(*) * 100 / (count(*) + 1) from sys_invocation where status is not null",
    "select upper(status) as s, count(*) from sys_invocation group by upper(status) order by s "
    "limit 2 offset 1",
    "select case when status = 'completed' then 'over' else 'open' end as what, count(*) "
    "from sys_invocation group by 1",
    "select status, count(*) from sys_invocation group by status; -- all of it",
    "select /* how many */ status::text, count(*) from sys_invocation group by status",
};

constexpr const char* kOrdinary[] = {
    "select status from sys_invocation",
    "select status, target_service_name from sys_invocation where status = 'running'",
    "select status, count(*) from sys_invocation where id <> '' group by status",
    "select target_handler_name, count(*) from sys_invocation group by 1",
    "select status, count(id) from sys_invocation group by status",
    "select status, count(status) from sys_invocation group by status",
    "select count(distinct status) from sys_invocation",
    "select status, max(created_at), count(*) from sys_invocation group by status",
    "select group_concat(status) from sys_invocation where target_service_name = 'Only'",
    "select sum(status = 'running'), count(*) from sys_invocation",
    "select count(*) from sys_invocation a, sys_invocation b where a.status = b.status",
    "select a.status, count(*) from sys_invocation a join sys_service s on s.name = "
    "a.target_service_name "
    "group by 1",
    "select count(*) from (select status from sys_invocation)",
    "with w as (select status from sys_invocation) select status, count(*) from w group by 1",
    "select status, count(*) from sys_invocation group by status union all select 'x', 1",
    "select status, count(*) over () from sys_invocation group by status",
    "select status, \"count\"(*) from sys_invocation group by status",
    "select name, (select count(*) from sys_invocation where target_service_name = name) from "
    "sys_service",
    "select status, count(*) from sys_invocation group by status, rowid",
    "select count(*) from sys_invocation_state",
    "select service_name, count(*) from sys_inbox group by 1",
};

struct CountsFixture : SqlFixture {
  CountsFixture() {
    constexpr Status kStatuses[] = {Status::kScheduled,  Status::kQueued,    Status::kRunning,
                                    Status::kBackingOff, Status::kSuspended, Status::kPaused,
                                    Status::kCompleted};
    for (const Status status : kStatuses) {
      for (int i = 0; i < 3; ++i) add(status, "Greeter");
      add(status, "Counter", "ada");
    }
    for (int i = 0; i < 500; ++i) add(Status::kCompleted, "Many");
    add(Status::kRunning, "Only");
  }

  // Counts what is there, and keeps counting until the next write that is not the log's.
  void keep_counts() {
    log =
        std::move(storage::LocalLog::open(memory, {}, clock, journal::recount_invocations).value());
  }

  const testing::ManualClock clock;
  std::unique_ptr<storage::LocalLog> log;
};

std::vector<std::string> sorted(const json::array& rows) {
  std::vector<std::string> texts;
  for (const json::value& row : rows) texts.push_back(json::serialize(row));
  std::sort(texts.begin(), texts.end());
  return texts;
}

BOOST_FIXTURE_TEST_SUITE(sql_counts, CountsFixture)

BOOST_AUTO_TEST_CASE(counts_by_status_and_service_read_no_rows_and_say_what_the_rows_say) {
  std::vector<std::vector<std::string>> by_rows;
  for (const char* query : kCounted) by_rows.push_back(sorted(rows(query)));
  keep_counts();

  std::size_t at = 0;
  for (const char* query : kCounted) {
    BOOST_TEST_CONTEXT(query) {
      store.take_reads();
      BOOST_TEST(sorted(rows(query)) == by_rows[at++], boost::test_tools::per_element());
      BOOST_TEST(store.take_reads() < 30u);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_needs_more_than_counts_takes_the_ordinary_way_with_the_same_answer) {
  std::vector<std::vector<std::string>> by_rows;
  for (const char* query : kOrdinary) by_rows.push_back(sorted(rows(query)));
  keep_counts();

  std::size_t at = 0;
  for (const char* query : kOrdinary) {
    BOOST_TEST_CONTEXT(query) {
      BOOST_TEST(sorted(rows(query)) == by_rows[at++], boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(without_trusted_counts_the_rows_are_read) {
  keep_counts();
  const auto unaware = storage::LocalLog::open(memory, {}, clock);
  add(Status::kPaused, "New");

  BOOST_TEST(value("select count(*) from sys_invocation where status = 'paused'") == "5");
}

BOOST_AUTO_TEST_CASE(inv_11_rows_that_cannot_be_read_are_counted_without_status_or_service) {
  damage(add(Status::kRunning, "Broken").id);
  const auto by_rows =
      std::move(ask("select status, count(*) from sys_invocation group by status").value());
  keep_counts();

  const auto by_counts =
      std::move(ask("select status, count(*) from sys_invocation group by status").value());

  BOOST_TEST(by_counts == by_rows);
  BOOST_TEST(by_counts.find("\"unreadable\":1") != std::string::npos);
  BOOST_TEST(ask("select count(*) from sys_invocation").value() ==
             "{\"rows\":[{\"count(*)\":530}]}");
}

BOOST_AUTO_TEST_CASE(a_wrong_query_is_told_what_was_wrong_with_it) {
  const std::string before = message("select status, count(*) from sys_invocation group by stats");
  keep_counts();

  BOOST_TEST(message("select status, count(*) from sys_invocation group by stats") == before);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
