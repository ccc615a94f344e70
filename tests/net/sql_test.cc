#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/net/sql_fixture.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;
using journal::Status;

std::string ids_of(const json::array& rows) {
  std::vector<std::string> ids;
  for (const json::value& row : rows) ids.emplace_back(row.at("id").as_string());
  std::sort(ids.begin(), ids.end());
  std::string text;
  for (const std::string& id : ids) text += id + " ";
  return text;
}

struct Expected {
  const char* table;
  const char* columns;
};
// As docs of the protocol list them, in their order.
constexpr Expected kExpected[] = {
    {"state",
     "partition_key,scope,service_name,service_key,key,key_length,value_utf8,value,value_length"},
    {"sys_deployment",
     "id,ty,endpoint,created_at,min_service_protocol_version,max_service_protocol_version,"
     "services"},
    {"sys_inbox", "partition_key,service_name,service_key,id,sequence_number,created_at"},
    {"sys_invocation",
     "id,vqueue_id,target,target_service_name,target_service_key,target_handler_name,"
     "target_service_ty,scope,limit_key,idempotency_key,invoked_by,invoked_by_service_name,"
     "invoked_by_id,invoked_by_subscription_id,invoked_by_target,restarted_from,"
     "pinned_deployment_id,pinned_service_protocol_version,trace_id,journal_size,"
     "journal_commands_size,created_at,created_using_restate_version,modified_at,inboxed_at,"
     "scheduled_at,scheduled_start_at,running_at,completed_at,completion_retention,"
     "journal_retention,suspended_waiting_for_completions,suspended_waiting_for_signals,"
     "suspended_waiting_future_json,retry_count,last_start_at,next_retry_at,"
     "last_attempt_deployment_id,last_attempt_server,last_failure,last_failure_error_code,"
     "last_failure_related_entry_index,last_failure_related_entry_name,"
     "last_failure_related_entry_type,last_failure_related_command_index,"
     "last_failure_related_command_name,last_failure_related_command_type,"
     "last_awaiting_on_future_json,status,completion_result,completion_failure"},
    {"sys_journal",
     "partition_key,id,index,entry_type,name,completed,invoked_id,invoked_target,sleep_wakeup_at,"
     "promise_name,raw,raw_length,version,entry_json,entry_lite_json,appended_at"},
    {"sys_journal_events",
     "partition_key,id,after_journal_entry_index,appended_at,event_type,event_json"},
    {"sys_keyed_service_status", "partition_key,service_name,service_key,invocation_id"},
    {"sys_locks", "partition_key,scope,lock_name,acquired_at,acquired_by"},
    {"sys_promise",
     "partition_key,scope,service_name,service_key,key,completed,completion_success_value,"
     "completion_success_value_utf8,completion_failure"},
    {"sys_service", "name,revision,public,ty,deployment_id"},
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sql_tables, SqlFixture)

BOOST_AUTO_TEST_CASE(every_table_has_the_columns_of_restate_in_their_order) {
  std::map<std::string, std::string> found;
  sql::QueryWatch watch(time_max, stopping, abandoned);
  for (const auto& table : sql::make_tables({tables, facts, watch})) {
    std::string& names = found[table->name()];
    for (const sql::Column& column : table->columns()) {
      names += (names.empty() ? "" : ",") + std::string(column.name);
    }
  }

  for (const Expected& expected : kExpected) {
    BOOST_TEST(found[expected.table] == expected.columns, expected.table);
    BOOST_TEST(ask(std::string("select * from ") + expected.table).has_value());
  }
  BOOST_TEST(found.size() == std::size(kExpected) + 4);
  const auto count = [&](const char* table) {
    return std::count(found[table].begin(), found[table].end(), ',') + 1;
  };
  BOOST_TEST(count("sys_invocation") == 51);
  BOOST_TEST(count("sys_invocation_status") == 38);
  BOOST_TEST(count("sys_invocation_state") == 17);
}

BOOST_AUTO_TEST_CASE(invocations_of_every_status_are_shown) {
  const std::pair<Status, const char*> statuses[] = {
      {Status::kScheduled, "scheduled"}, {Status::kQueued, "pending"},
      {Status::kRunning, "running"},     {Status::kBackingOff, "backing-off"},
      {Status::kSuspended, "suspended"}, {Status::kPaused, "paused"},
      {Status::kCompleted, "completed"}};
  for (int i = 0; i < 40; ++i) {  // More than a page.
    for (const auto& [status, word] : statuses) {
      add(status, i % 2 == 0 ? "Counter" : "Other", "k" + std::to_string(i));
    }
  }

  for (const auto& [status, word] : statuses) {
    const json::array narrowed =
        rows(std::string("select id, status from sys_invocation where status = '") + word + "'");
    // The same without the way in by status.
    const json::array scanned =
        rows(std::string("select id from sys_invocation where status || '' = '") + word + "'");
    BOOST_TEST(narrowed.size() == 40u, word);
    BOOST_TEST(ids_of(narrowed) == ids_of(scanned), word);
  }
  // The stored half of it has words of its own.
  const std::pair<const char*, std::size_t> stored[] = {
      {"scheduled", 40}, {"inboxed", 40}, {"invoked", 80},   {"suspended", 40},
      {"paused", 40},    {"running", 0},  {"completed", 40}, {"pending", 0}};
  for (const auto& [word, count] : stored) {
    const json::array narrowed = rows(
        std::string("select id, status from sys_invocation_status where status = '") + word + "'");
    const json::array scanned = rows(
        std::string("select id from sys_invocation_status where status || '' = '") + word + "'");
    BOOST_TEST(narrowed.size() == count, word);
    BOOST_TEST(ids_of(narrowed) == ids_of(scanned), word);
  }
  BOOST_TEST(rows("select status, count(*) from sys_invocation_status group by 1").size() == 6u);
}

BOOST_AUTO_TEST_CASE(a_row_says_what_is_stored) {
  const auto suspended = add(Status::kSuspended, "Counter", "a/b", "add");
  const json::object shown =
      row("select * from sys_invocation where id = '" + suspended.id.text() + "'");
  BOOST_TEST(shown.at("target").as_string() == "Counter/a/b/add");
  BOOST_TEST(shown.at("target_service_ty").as_string() == "virtual_object");
  BOOST_TEST(shown.at("created_at").as_string() == "2026-11-20T13:10:12.960Z");
  BOOST_TEST(shown.at("completion_retention").as_string() == "PT86400S");
  BOOST_TEST(json::serialize(shown.at("suspended_waiting_for_completions")) == "[1,2]");
  BOOST_TEST(json::serialize(shown.at("suspended_waiting_for_signals")) == "[17]");
  BOOST_TEST(!shown.contains("completed_at"));
  BOOST_TEST(!shown.contains("vqueue_id"));

  const auto failed = add(Status::kBackingOff, "Greeter");
  const json::object event =
      row("select * from sys_journal_events where id = '" + failed.id.text() + "'");
  BOOST_TEST(event.at("event_type").as_string() == "TransientError");
  BOOST_TEST(event.at("partition_key").to_number<std::uint64_t>() == failed.id.partition_key);
  const json::object state =
      row("select * from sys_invocation_state where id = '" + failed.id.text() + "'");
  BOOST_TEST(!state.at("in_flight").as_bool());
  BOOST_TEST(state.at("retry_count").as_int64() == 3);
  BOOST_TEST(state.at("last_failure_error_code").as_string() == "503");
  BOOST_TEST(rows("select id from sys_journal_events").size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_journal_is_shown_entry_by_entry) {
  const auto one = add(Status::kRunning, "Greeter");
  append(one.id, {{"", journal::Input{{}, "\"Ada\""}},
                  {"debit", journal::Run{1}},
                  journal::completion(1, Bytes("\x00\xff", 2)),
                  {"", journal::WriteState{"v", "1"}},
                  {"", journal::Sleep{kSomeTime, 2}}});
  append(add(Status::kRunning, "Other").id, {{"", journal::Input{{}, ""}}});

  const json::array all = rows(
      "select index, entry_type, name, completed, entry_lite_json, entry_json, version, "
      "sleep_wakeup_at, appended_at from sys_journal where id = '" +
      one.id.text() + "' order by index");

  BOOST_REQUIRE(all.size() == 5u);
  BOOST_TEST(all[0].at("index").as_int64() == 0);
  BOOST_TEST(all[0].at("entry_type").as_string() == "Command: Input");
  BOOST_TEST(all[1].at("name").as_string() == "debit");
  BOOST_TEST(all[1].at("completed").as_bool());
  BOOST_TEST(all[2].at("entry_type").as_string() == "Notification: Run");
  BOOST_TEST(all[3].at("entry_lite_json").as_string() == R"({"Command":{"SetState":{"key":"v"}}})");
  BOOST_TEST(all[3].at("entry_json").as_string() ==
             R"({"Command":{"SetState":{"key":"v","value":[49],"name":""}}})");
  BOOST_TEST(!all[4].at("completed").as_bool());
  BOOST_TEST(all[4].at("sleep_wakeup_at").as_string() == "2026-11-20T13:10:12.960Z");
  BOOST_TEST(all[4].at("version").as_int64() == 2);
  BOOST_TEST(value("select count(*) from sys_journal") == "6");
  BOOST_TEST(value("select journal_size from sys_invocation where id = '" + one.id.text() + "'") ==
             "5");
  BOOST_TEST(value("select journal_commands_size from sys_invocation where id = '" + one.id.text() +
                   "'") == "4");
}

BOOST_AUTO_TEST_CASE(entries_are_shown_as_the_bytes_that_a_handler_is_sent) {
  const auto one = add(Status::kRunning, "Greeter");
  append(one.id, {{"", journal::Input{{}, "5"}},
                  {"debit", journal::Run{1}},
                  journal::completion(1, Bytes("7")),
                  journal::completion(9, Bytes("of no command")),
                  {"", journal::Notification{"go", Bytes("1")}}});

  const json::array all = rows("select raw, raw_length from sys_journal where id = '" +
                               one.id.text() + "' order by index");

  BOOST_REQUIRE(all.size() == 5u);
  BOOST_TEST(all[0].at("raw").as_string() == "72030a0135");  // value 14 {content 1}
  BOOST_TEST(all[0].at("raw_length").as_int64() == 5);
  BOOST_TEST(all[1].at("raw").as_string() ==
             "5801620564656269"
             "74");                                              // completion 11, name 12
  BOOST_TEST(all[2].at("raw").as_string() == "08012a030a0137");  // id 1, value 5 {content 1}
  BOOST_TEST(all[3].as_object().empty(), "nobody could be sent that");
  BOOST_TEST(all[4].at("raw").as_string() == "1a02676f2a030a0131");  // name 3, value 5 {content 1}
}

BOOST_AUTO_TEST_CASE(times_of_attempts_and_queues_are_those_that_are_known) {
  journal::Invocation suspended = add(Status::kSuspended, "Greeter");
  suspended.last_start_at = kSomeTime - 90'000;
  suspended.deployment_id = "dp_1";
  store_row(suspended);
  journal::Invocation running = add(Status::kRunning, "Greeter");
  running.last_start_at = kSomeTime - 90'000;  // Before this process began.
  store_row(running);
  journal::Invocation delayed = add(Status::kQueued, "Counter", "k");
  delayed.scheduled_start_at = kSomeTime + 1;
  delayed.modified_at = kSomeTime + 2;
  store_row(delayed);
  const auto queued = add(Status::kSuspended, "Counter", "k");
  const auto shown = [this](const journal::Invocation& one) {
    return row(
        "select last_start_at, last_attempt_server, inboxed_at from sys_invocation where id = '" +
        one.id.text() + "'");
  };

  BOOST_TEST(shown(suspended).at("last_start_at").as_string() == "2026-11-20T13:08:42.960Z");
  BOOST_TEST(shown(suspended).at("last_attempt_server").as_string() == "some-sdk/1.0");
  BOOST_TEST(!shown(suspended).contains("inboxed_at"));
  BOOST_TEST(shown(running).at("last_start_at").as_string() == "2026-11-20T13:09:12.960Z");
  BOOST_TEST(!shown(running).contains("last_attempt_server"));
  BOOST_TEST(shown(delayed).at("inboxed_at").as_string() == "2026-11-20T13:10:12.962Z");
  BOOST_TEST(shown(queued).at("inboxed_at").as_string() == "2026-11-20T13:10:12.960Z");
  BOOST_TEST(!shown(queued).contains("last_start_at"));
}

BOOST_AUTO_TEST_CASE(state_and_promises_are_shown_by_key) {
  storage::Batch batch;
  const std::string key("k\0/", 3);
  journal::put_state(batch, "Counter", key, "n", "42");
  journal::put_state(batch, "Counter", key, "raw", "\xff");
  journal::put_state(batch, "Counter", "other", "n", "1");
  journal::put_state(batch, "Other", key, "n", "2");
  journal::put_promise(batch, "Signup", "u", "done", {journal::Outcome(Bytes("yes")), {}});
  journal::put_promise(batch, "Signup", "u", "failed",
                       {journal::Outcome(journal::Failure{409, "no", {}}), {}});
  journal::put_promise(batch, "Signup", "u", "open", {});
  write(batch);

  BOOST_TEST(rows("select * from state").size() == 4u);
  const json::object raw = row("select * from state where key = 'raw'");
  BOOST_TEST(raw.at("value").as_string() == "ff");
  BOOST_TEST(raw.at("value_length").as_int64() == 1);
  BOOST_TEST(!raw.contains("value_utf8"));
  BOOST_TEST(raw.at("partition_key").to_number<std::uint64_t>() == journal::partition_key_of(key));
  BOOST_TEST(value("select value_utf8 from state where service_name = 'Counter' and "
                   "service_key = 'other'") == "\"1\"");
  BOOST_TEST(rows("select key from state where service_key = 'other'").size() == 1u);
  const json::array promises = rows("select * from sys_promise order by key");
  BOOST_REQUIRE(promises.size() == 3u);
  BOOST_TEST(promises[0].at("completion_success_value").as_string() == "796573");
  BOOST_TEST(promises[0].at("completion_success_value_utf8").as_string() == "yes");
  BOOST_TEST(promises[1].at("completion_failure").as_string() == "[409] no");
  BOOST_TEST(!promises[2].at("completed").as_bool());
}

BOOST_AUTO_TEST_CASE(a_queue_has_one_holder_and_those_who_wait) {
  const auto holder = add(Status::kRunning, "Counter", "k");
  const auto second = add(Status::kQueued, "Counter", "k");
  const auto third = add(Status::kQueued, "Counter", "k");
  const auto other = add(Status::kSuspended, "Counter", "z");

  const json::array waiting = rows("select * from sys_inbox order by sequence_number");
  BOOST_REQUIRE(waiting.size() == 2u);
  BOOST_TEST(waiting[0].at("id").as_string() == second.id.text());
  BOOST_TEST(waiting[1].at("id").as_string() == third.id.text());
  BOOST_TEST(waiting[1].at("created_at").as_string() == "2026-11-20T13:10:12.960Z");
  BOOST_TEST(rows("select * from sys_keyed_service_status").size() == 2u);
  BOOST_TEST(value("select invocation_id from sys_keyed_service_status where service_key = 'z'") ==
             '"' + other.id.text() + '"');
  const json::object lock = row("select * from sys_locks where lock_name = 'Counter/k'");
  BOOST_TEST(lock.at("acquired_by").as_string() == holder.id.text());
  BOOST_TEST(lock.at("acquired_at").as_string() == "2026-11-20T13:10:12.961Z");
}

BOOST_AUTO_TEST_CASE(services_and_deployments_come_from_the_catalog) {
  const json::object service = row("select * from sys_service where name = 'Greeter'");
  BOOST_TEST(!service.at("public").as_bool());
  BOOST_TEST(service.at("ty").as_string() == "service");
  const json::object deployment = row("select * from sys_deployment");
  BOOST_TEST(json::serialize(deployment.at("services")) == R"(["Counter","Greeter"])");
  BOOST_TEST(deployment.at("max_service_protocol_version").as_int64() == 7);
}

BOOST_AUTO_TEST_CASE(inv_11_a_damaged_record_does_not_break_a_query) {
  const auto whole = add(Status::kRunning, "Greeter");
  const auto damaged = add(Status::kRunning, "Greeter");
  append(whole.id, {{"", journal::Input{{}, "1"}}});
  damage(damaged.id);
  storage::Batch batch;
  batch.put(Bytes("j") + damaged.id.bytes() + Bytes(8, '\1'), "no chunk");
  write(batch);

  BOOST_TEST(value("select count(*) from sys_invocation") == "2");
  const json::object shown = row("select * from sys_invocation where status is null");
  BOOST_TEST(shown.at("id").as_string() == damaged.id.text());
  BOOST_TEST(shown.contains("last_failure"));
  BOOST_TEST(rows("select * from sys_invocation where id = '" + damaged.id.text() + "'").size() ==
             1u);
  BOOST_TEST(rows("select * from sys_invocation where status = 'running'").size() == 1u);
  const json::object broken = row("select * from sys_journal where index is null");
  BOOST_TEST(broken.at("id").as_string() == damaged.id.text());
  BOOST_TEST(broken.at("entry_type").as_string().starts_with("Unreadable: "));
  const Result<Bytes> answer = ask("select * from sys_invocation");
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST(json::parse(*answer).at("unreadable").as_int64() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(sql_ways, SqlFixture)

BOOST_AUTO_TEST_CASE(what_is_named_is_found_without_a_scan) {
  for (int i = 0; i < 300; ++i) {
    const auto one = add(Status::kCompleted, "Counter", "key" + std::to_string(i));
    append(one.id, {{"", journal::Input{{}, "1"}}});
  }
  const auto some = add(Status::kRunning, "Counter", "mine");
  append(some.id, {{"", journal::Input{{}, "1"}}});
  const std::string id = "'" + some.id.text() + "'";
  const auto reads = [this](const std::string& query) {
    store.take_reads();
    BOOST_TEST(rows(query).size() == 1u, query);
    return store.take_reads();
  };

  BOOST_TEST(reads("select target from sys_invocation where id = " + id) <= 1u);
  BOOST_TEST(reads("select status from sys_invocation_status where id in (" + id + ")") <= 1u);
  BOOST_TEST(reads("select in_flight from sys_invocation_state where " + id + " = id") <= 1u);
  BOOST_TEST(reads("select index from sys_journal where id = " + id) <= 2u);
  BOOST_TEST(reads("select id from sys_invocation where target_service_name = 'Counter' and "
                   "target_service_key = 'mine'") <= 2u);
  BOOST_TEST(reads("select id from sys_invocation where target = 'Counter/mine/do'") <= 2u);
  BOOST_TEST(reads("select id from sys_invocation where status = 'running'") <= 4u);
  BOOST_TEST(reads("select count(*) from sys_invocation where status in "
                   "('running', 'scheduled', 'backing-off')") <= 700u);
  BOOST_TEST(reads("select i.status, j.entry_type from sys_invocation i join sys_journal j "
                   "on i.id = j.id where i.id = " +
                   id) <= 4u);
  BOOST_TEST(reads("select invocation_id from sys_keyed_service_status "
                   "where service_key = 'mine'") <= 2u);
}

BOOST_AUTO_TEST_CASE(the_target_of_a_service_is_looked_for_in_its_own_partition_keys) {
  for (int i = 0; i < 50; ++i) add(Status::kCompleted, "Greeter");
  for (int i = 0; i < 400; ++i) add(Status::kCompleted, "Mailer");
  store.take_reads();

  BOOST_TEST(rows("select id from sys_invocation where target = 'Greeter/do'").size() == 50u);

  BOOST_TEST(store.take_reads() <= 60u);
}

BOOST_AUTO_TEST_CASE(where_most_have_a_status_all_are_looked_at_once) {
  for (int i = 0; i < 4200; ++i) add(Status::kBackingOff, "Greeter");
  for (int i = 0; i < 10; ++i) add(Status::kPaused, "Greeter");
  store.take_reads();

  BOOST_TEST(value("select count(*) from sys_invocation where status = 'backing-off'") == "4200");

  BOOST_TEST(store.take_reads() < 2 * 4200u + 4210u + 1000u);  // Two timers each, then the rows.
}

BOOST_AUTO_TEST_CASE(a_limit_reads_no_further) {
  for (int i = 0; i < 300; ++i) add(Status::kCompleted, "Greeter");
  store.take_reads();

  BOOST_TEST(rows("select id from sys_invocation limit 3").size() == 3u);

  BOOST_TEST(store.take_reads() <= 64u);
}

BOOST_AUTO_TEST_CASE(a_way_in_never_hides_a_row) {
  const auto one = add(Status::kRunning, "Greeter");
  std::string upper = one.id.text();
  std::transform(upper.begin(), upper.end(), upper.begin(), ::toupper);

  BOOST_TEST(rows("select id from sys_invocation where id = '" + upper + "'").empty());
  BOOST_TEST(
      rows("select id from sys_invocation where id = '" + upper + "' collate nocase").size() == 1u);
  BOOST_TEST(rows("select id from sys_invocation where id = null").empty());
  BOOST_TEST(rows("select id from sys_invocation where id = 5").empty());
  BOOST_TEST(rows("select id from sys_invocation where target = 'nothing'").empty());
  BOOST_TEST(rows("select id from sys_invocation where status = 'odd'").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
