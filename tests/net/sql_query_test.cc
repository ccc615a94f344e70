#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "net/admin/admin.h"
#include "tests/net/fake_discovery.h"
#include "tests/net/fake_reply.h"
#include "tests/net/sql_fixture.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;
using journal::Status;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sql_query, SqlFixture)

BOOST_AUTO_TEST_CASE(joins_groups_orders_and_limits_work) {
  for (int i = 0; i < 5; ++i) add(Status::kCompleted, "Greeter");
  for (int i = 0; i < 3; ++i) add(Status::kPaused, "Mailer");

  const json::array counts = rows(
      "SELECT status, COUNT(*) AS n, min(created_at) AS first FROM sys_invocation "
      "GROUP BY status HAVING count(*) > 1 ORDER BY n DESC LIMIT 10");
  BOOST_REQUIRE(counts.size() == 2u);
  BOOST_TEST(counts[0].at("status").as_string() == "completed");
  BOOST_TEST(counts[0].at("n").as_int64() == 5);
  BOOST_TEST(counts[0].at("first").as_string() == "2026-11-20T13:10:12.960Z");
  BOOST_TEST(rows("with p as (select id, target from sys_invocation where status = 'paused') "
                  "select s.in_flight, p.target from p left join sys_invocation_state s "
                  "on s.id = p.id order by p.id limit 2 offset 1;")
                 .size() == 2u);
  BOOST_TEST(value("select sum(n) from (select count(*) as n from sys_invocation_status "
                   "group by target_service_name)") == "8");
  // One name twice.
  const json::object twice = row("select 1 as id, 2 as id");
  BOOST_TEST(twice.at("id").as_int64() == 1);
  BOOST_TEST(twice.at("id:1").as_int64() == 2);
  const json::object mixed = row("select 1 as \"id:1\", 2 as id, 3 as id, 4 as id");
  BOOST_TEST(json::serialize(mixed) == R"({"id:1":1,"id":2,"id:2":3,"id:3":4})");
}

BOOST_AUTO_TEST_CASE(a_text_in_a_column_of_lists_is_a_text) {
  add(Status::kSuspended, "Greeter");

  const json::array mixed = rows(
      "select suspended_waiting_for_completions as c from sys_invocation union all select 'x' "
      "union all select '[1' union all select '{}'");

  BOOST_TEST(json::serialize(mixed) == R"([{"c":[1,2]},{"c":"x"},{"c":"[1"},{"c":"{}"}])");
}

BOOST_AUTO_TEST_CASE(what_people_wrote_for_restate_runs_as_it_is) {
  const auto one = add(Status::kRunning, "Greeter");
  append(one.id, {{"", journal::Input{{}, "1"}}, {"", journal::Run{1}}});
  const std::string id = "'" + one.id.text() + "'";

  BOOST_TEST(rows("select index, j.index from sys_journal j where id=" + id +
                  " and index >= 1 order by index")
                 .size() == 1u);
  BOOST_TEST(value("select 'index' || \"name\" from (select ' ilike index ' as name)") ==
             "\"index ilike index \"");
  BOOST_TEST(value("select count(*) from sys_invocation where target ILIKE 'GREET%' and "
                   "target not ilike 'x%'") == "1");
  BOOST_TEST(value("select count(*) from sys_invocation where target like 'GREET%'") == "0");
  BOOST_TEST(value("select now()") == "\"2026-11-20T13:10:12.960Z\"");
  BOOST_TEST(value("select now() - interval '1 hour'") == "\"2026-11-20T12:10:12.960Z\"");
  BOOST_TEST(value("select count(*) from sys_invocation where created_at > now() - INTERVAL '5' "
                   "MINUTE and sys_invocation.created_at + interval '1 day' > now()") == "1");
  BOOST_TEST(value("select date_trunc('day', created_at) from sys_invocation") ==
             "\"2026-11-20T00:00:00.000Z\"");
  BOOST_TEST(value("select to_timestamp('2026-11-20T14:10:12+01:00')") ==
             "\"2026-11-20T13:10:12.000Z\"");
  BOOST_TEST(value("select concat('a', null, 1) || concat_ws('-', 'b', null, 'c')") == "\"a1b-c\"");
  BOOST_TEST(value("select ('1' || '2')::bigint + '3'::int") == "15");
  BOOST_TEST(value("select length(1::text::varchar)") == "1");
  BOOST_TEST(value("select distinct (max(index))::text from sys_journal") == "\"1\"");
  BOOST_TEST(value("select cast('2026-11-20T13:10:12.960Z' as timestamp)") ==
             "\"2026-11-20T13:10:12.960Z\"");
  BOOST_TEST(value("select count(*) from sys_journal where completed = true") == "1");
  BOOST_TEST(value("select count(*) from sys_invocation_status where partition_key = " +
                   std::to_string(one.id.partition_key)) == "1");
  BOOST_TEST(value("select starts_with(target, 'Gr') from sys_invocation -- a note; a 'quote") ==
             "1");
}

BOOST_AUTO_TEST_CASE(every_u64_comes_out_as_it_is) {
  // The highest bit of about every second one is set.
  for (int i = 0; i < 16; ++i) {
    const auto one = add(Status::kPaused, "Greeter");
    const json::array shown =
        rows("select partition_key from sys_invocation_status where partition_key = " +
             std::to_string(one.id.partition_key));
    BOOST_REQUIRE(!shown.empty());
    BOOST_TEST(shown[0].at("partition_key").to_number<std::uint64_t>() == one.id.partition_key);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_a_query_is_refused) {
  for (const char* statement : {"insert into sys_service values ('x')",
                                "update sys_invocation set status = 'paused'",
                                "delete from sys_invocation",
                                "create table t(a)",
                                "create table t as select 1",
                                "drop table sys_invocation",
                                "alter table sys_service rename to x",
                                "attach database '/tmp/x.db' as x",
                                "detach main",
                                "pragma journal_mode = off",
                                "pragma table_info('sys_service')",
                                "vacuum into '/tmp/x.db'",
                                "reindex",
                                "analyze",
                                "begin",
                                "savepoint x",
                                "create index i on sys_service(name)",
                                "create trigger t after insert on sys_service begin select 1; end",
                                "create virtual table t using fts5(a)",
                                "select load_extension('x.so')",
                                "select * from pragma_database_list",
                                "select 1; select 2",
                                "select 1; drop table x",
                                "with a as (select 1) insert into sys_service select * from a",
                                "with a as (select 1) delete from sys_service",
                                "explain delete from sys_service",
                                "with a as (select 1) update sqlite_master set sql = ''"}) {
    const std::string why = message(statement);
    BOOST_TEST((why.find("only queries are allowed") != std::string::npos ||
                why.find("may not be modified") != std::string::npos ||
                why.find("not authorized") != std::string::npos),
               statement << ": " << why);
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_query_is_told_why) {
  BOOST_TEST(message("select nonsense from sys_invocation") == "no such column: nonsense");
  BOOST_TEST(message("select * from nowhere") == "no such table: nowhere");
  for (const char* time : {"9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00"}) {
    BOOST_TEST(message(std::string("select date_trunc('day', '") + time + "')") ==
               "the time is out of range");
  }
  BOOST_TEST(message("select \"text\"") == "no such column: text");
  for (const char* query : {"", " ", ";", "-- nothing", "select", "select (", "select 'a",
                            "select 1 +", "select index from", "select x::", "select - interval",
                            "select now() - interval 'soon'", "select to_timestamp('soon')",
                            "select interval", ")::text", "select ::::", "select 1::int::)"}) {
    BOOST_TEST(!message(query).empty());
  }
  BOOST_TEST(!message(std::string("select 1\0", 9)).empty());
}

BOOST_AUTO_TEST_CASE(a_query_sees_one_moment_of_all_tables_however_long_it_runs) {
  std::vector<journal::Invocation> some;
  for (int i = 0; i < 2000; ++i) some.push_back(add(Status::kSuspended, "Slow"));
  bool written = false;
  store.after_reads(700, [&] {
    for (journal::Invocation row : some) {
      row.status = Status::kPaused;
      store_row(row);
      append(row.id, {journal::Entry{{}, journal::Input{}}});
    }
    written = true;
  });

  const json::object counts =
      row("select count(*) as all_of_them, sum(i.status = 'suspended') as suspended, "
          "(select count(*) from sys_journal) as entries from sys_invocation i where id <> ''");

  BOOST_TEST(written);
  BOOST_TEST(counts.at("all_of_them").as_int64() == 2000);
  BOOST_TEST(counts.at("suspended").as_int64() == 2000);
  BOOST_TEST(counts.at("entries").as_int64() == 0);
  BOOST_TEST(value("select count(*) from sys_invocation where status = 'paused'") == "2000");
}

BOOST_AUTO_TEST_CASE(a_query_that_never_ends_is_stopped) {
  time_max = Millis(50);
  for (const char* query :
       {"with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n",
        "with recursive n(i) as (select 1 union all select 1 from n) select i from n where i > "
        "1"}) {
    BOOST_TEST(message(query).find("took longer than 50 ms") != std::string::npos);
  }
  for (int i = 0; i < 20; ++i) add(Status::kPaused, "Greeter");
  BOOST_TEST(message("select count(*) from sys_invocation a, sys_invocation b, sys_invocation c, "
                     "sys_invocation d, sys_invocation e, sys_invocation f")
                 .find("took longer") != std::string::npos);
  BOOST_TEST(value("select 1") == "1");
}

BOOST_AUTO_TEST_CASE(a_query_that_is_long_to_read_is_read_or_refused_at_once) {
  const auto many = [](std::string begin, std::string_view again, int times) {
    for (int i = 0; i < times; ++i) begin += again;
    return begin;
  };
  const auto begin = std::chrono::steady_clock::now();

  BOOST_TEST(row(many("select 1", ",1", 1999)).size() == 2000u);
  BOOST_TEST(!message(many("select 1", "::int", 200'000)).empty());
  BOOST_TEST(!message(many("select )::int", " )::int", 130'000)).empty());
  BOOST_TEST(!message(many("select 1", "+interval '1' day", 60'000)).empty());
  BOOST_TEST(message(many("select 1", " ", 1 << 20)).find("more than") != std::string::npos);

  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(20)));
}

BOOST_AUTO_TEST_CASE(a_query_whose_client_has_gone_or_whose_server_stops_ends) {
  const char* const endless =
      "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n";
  *abandoned = true;
  const Result<Bytes> unheard = ask(endless);
  *abandoned = false;
  stopping = true;
  const Result<Bytes> late = ask(endless);

  BOOST_REQUIRE(!unheard.has_value());
  BOOST_REQUIRE(!late.has_value());
  BOOST_TEST((late.error().code() == ErrorCode::kShuttingDown));
}

BOOST_AUTO_TEST_CASE(a_query_that_wants_too_much_memory_is_refused) {
  limits.memory_bytes = 4u << 20;
  limits.answer_bytes = 1u << 20;
  const std::string numbers =
      "with recursive n(i) as (select 1 union all select i + 1 from n limit 200000) ";
  BOOST_TEST(message(numbers + "select max(r) from (select i, randomblob(500) as r from n "
                               "order by r)")
                 .find("more than 4 MiB of memory") != std::string::npos);
  BOOST_TEST(message(numbers + "select i, 'some text' as t from n").find("more than 1 MiB") !=
             std::string::npos);
  for (const char* query : {"select length(zeroblob(2000000))", "select hex(randomblob(900000))",
                            "select replace(hex(zeroblob(1000)), '0', hex(zeroblob(1000)))",
                            "select concat(hex(zeroblob(400000)), hex(zeroblob(400000)))"}) {
    BOOST_TEST(message(query).find("more than 1 MiB") != std::string::npos, query);
  }
  // What one query did does not trouble the next.
  BOOST_TEST(value(numbers + "select count(*) from n") == "200000");
}

BOOST_AUTO_TEST_CASE(any_text_is_answered) {
  const std::string words[] = {"select ",
                               "index ",
                               "(",
                               ")",
                               "'",
                               "\"",
                               "::text ",
                               "ilike ",
                               "interval ",
                               "'1' ",
                               "- ",
                               "cast(",
                               "as ",
                               "day ",
                               "/*",
                               "*/",
                               "--",
                               "\n",
                               "99999999999999999999 ",
                               "x",
                               ".",
                               "from sys_service ",
                               "\xff",
                               "::"};
  for (int i = 0; i < 3000; ++i) {
    std::string query = "select ";
    for (std::uint64_t n = random.next() % 12; n > 0; --n) {
      query += words[random.next() % std::size(words)];
    }
    const Result<Bytes> answer = ask(query);
    if (answer.has_value()) BOOST_TEST(json::parse(*answer).is_object(), query);
  }
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct QueryFixture {
  FakeEngine engine;
  RegistryParts parts{engine};
  FakeDiscovery discovery;
  QueryOptions options;
  std::unique_ptr<Admin> admin;

  std::shared_ptr<FakeReply> post(std::string body, std::string method = "POST",
                                  std::string target = "/query",
                                  HttpHeaders headers = {{"accept", "application/json"}}) {
    if (admin == nullptr) {
      admin = std::make_unique<Admin>(engine, parts.registry, discovery, nullptr,
                                      Admin::About{"0.1.0", ""}, options);
    }
    auto reply = std::make_shared<FakeReply>();
    headers.emplace_back("content-type", "application/json");
    admin->handle({std::move(method), std::move(target), std::move(headers), std::move(body)},
                  reply);
    return reply;
  }
};

constexpr const char* kEndless =
    R"({"query":"with recursive n(i) as (select 1 union all select i+1 from n) select max(i) from n"})";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sql_over_http, QueryFixture)

BOOST_AUTO_TEST_CASE(a_query_is_answered_with_rows) {
  const HttpResponse answer =
      post(R"({"query":"select name, public from sys_service order by name limit 1"})")->wait();
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.body == R"({"rows":[{"name":"Counter","public":true}]})");
  BOOST_TEST(*answer.header("content-type") == "application/json");
  BOOST_TEST(post(R"({"query":"select 1"})", "POST", "/v3/query")->wait().status == 200);
}

BOOST_AUTO_TEST_CASE(who_asks_for_arrow_and_restates_tool_get_arrow) {
  constexpr const char* kArrow = "application/vnd.apache.arrow.stream";
  constexpr const char* kCount = R"({"query":"select count(1) as n from sys_service"})";
  const auto type_of = [&](HttpHeaders headers) {
    const HttpResponse answer = post(kCount, "POST", "/query", std::move(headers))->wait();
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body.starts_with("\xff\xff\xff\xff") ==
               (*answer.header("content-type") == kArrow));
    return std::string(*answer.header("content-type"));
  };

  BOOST_TEST(type_of({{"accept", kArrow}}) == kArrow);
  BOOST_TEST(type_of({{"accept", "*/*"}, {"user-agent", "restate-cli/1.7.12 linux"}}) == kArrow);
  for (const HttpHeaders& others :
       {HttpHeaders{}, HttpHeaders{{"accept", "*/*"}, {"user-agent", "node"}},
        HttpHeaders{{"accept", "application/json"}, {"user-agent", "restate-cli/1.7.12"}}}) {
    BOOST_TEST(type_of(others) == "application/json");
  }
}

BOOST_AUTO_TEST_CASE(what_is_wrong_has_a_status) {
  BOOST_TEST(post(R"({"query":"selec"})")->wait().status == 400);
  BOOST_TEST(post(R"({"query":"drop table x"})")->wait().status == 400);
  BOOST_TEST(post(R"({"query":1})")->wait().status == 400);
  BOOST_TEST(post("{}")->wait().status == 400);
  BOOST_TEST(post("")->wait().status == 400);
  BOOST_TEST(post("", "GET")->wait().status == 405);
  BOOST_TEST(post("{}", "POST", "/query/more")->wait().status == 404);
}

BOOST_AUTO_TEST_CASE(a_long_query_holds_up_nobody_and_too_many_are_told_so) {
  options.waiting_max = 1;
  const auto first = post(kEndless);
  std::vector<std::shared_ptr<FakeReply>> others;
  while (others.empty() || !others.back()->is_sent()) {
    others.push_back(post(kEndless));
    BOOST_REQUIRE(others.size() < 5u);  // One runs, one waits.
  }
  BOOST_TEST(others.back()->wait().status == 429);
  BOOST_TEST(others.back()->wait().header("retry-after").has_value());

  // The other reads go on.
  BOOST_TEST(post("", "GET", "/invocations")->wait().status == 200);

  // Who goes away ends his query; the others get their turn.
  const auto last = others.front();
  first->abandon();
  for (const auto& other : others) {
    if (!other->is_sent()) other->abandon();
  }
  BOOST_TEST(first->wait().status != 200);
}

BOOST_AUTO_TEST_CASE(a_server_that_goes_away_does_not_wait_for_a_query) {
  const auto reply = post(kEndless);
  admin.reset();
  BOOST_TEST(true);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
