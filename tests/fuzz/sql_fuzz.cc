// SQL fuzz: whatever a query says, it is refused with a reason, or its answer is JSON with rows; it
// ends, holds no more memory than it may and gives all back, and what is stored stays as it was.
//
// Input: a byte, then the query. Bit 0 of the byte: the query is written in words (sql_words.h);
// bit 1: there are counts of invocations, which stand in for their rows.

#include <sqlite3.h>

#include <atomic>
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/admin/sql/query.h"
#include "net/admin/sql/rewrite.h"
#include "net/admin/sql/tokens.h"
#include "net/ingress/path.h"
#include "storage/base/check.h"
#include "storage/counters.h"
#include "storage/key_space.h"
#include "storage/local_log.h"
#include "storage/memory_store.h"
#include "tests/fuzz/seeds.h"
#include "tests/fuzz/sql_words.h"
#include "tests/journal/record_samples.h"
#include "tests/support/manual_clock.h"

namespace {

namespace journal = holdfast::journal;
namespace json = boost::json;
namespace sql = holdfast::net::sql;
namespace storage = holdfast::storage;
namespace testing = holdfast::testing;
using holdfast::Bytes;
using holdfast::BytesView;
using holdfast::Result;

constexpr std::int64_t kNow = 1'795'180'212'960;
constexpr holdfast::Millis kTimeMax{50};
constexpr sql::QueryLimits kLimits{4u << 20, 128u << 10};
// Of the processor; a step of SQLite's machine, and a sanitizer, take their time.
constexpr double kSecondsMax = 4;

class SomeFacts final : public sql::Facts {
 public:
  std::vector<sql::ServiceFact> services() const override {
    return {{"Counter", 2, true, journal::ServiceKind::kObject, "dp_1"},
            {"\xff\"", UINT64_MAX, false, journal::ServiceKind::kService, "dp_1"}};
  }
  std::vector<sql::DeploymentFact> deployments() const override {
    return {{"dp_1", "http", "http://127.0.0.1:9080/", kNow, 5, 7, {"Counter", "\xff\""}}};
  }
  std::string server_of(std::string_view) const override { return "some-sdk/1.0"; }
  std::int64_t started_at() const override { return kNow - 60'000; }
};

using Rows = std::vector<std::pair<Bytes, Bytes>>;

// A store with some of everything, and one record that cannot be read. With counts or without.
class World {
 public:
  explicit World(bool counted) {
    for (int i = 0; i < 8; ++i) add_invocation(i);
    add_objects();
    storage::Batch batch;
    const Bytes damaged =
        Bytes(1, static_cast<char>(storage::Table::kInvocation)) + samples_.id().bytes();
    batch.put(damaged, "no record");
    write(batch);
    if (counted) {
      log_ = storage::LocalLog::open(store_, {}, clock_, journal::recount_invocations).value();
      CHECK(tables_.invocation_counts().value().has_value(), "there are counts");
    }
    begin_ = rows();
  }

  const journal::Tables& tables() const { return tables_; }
  bool is_as_it_was() const { return rows() == begin_; }

 private:
  void write(const storage::Batch& batch) {
    const storage::Batch* const batches[] = {&batch};
    const auto written = store_.write({batches, storage::Lsn(stamp_)}, storage::Sync::kYes);
    CHECK(written.has_value(), "memory takes it");
    stamp_ += batch.stamped_count();
  }

  void add_invocation(int number) {
    journal::Invocation row = samples_.invocation();
    row.id = samples_.id();
    if (number % 2 == 0) row.target.service = "Counter";
    row.status = static_cast<journal::Status>(number % 7);
    storage::Batch batch;
    journal::put_invocation(batch, row);
    journal::put_wake_up(batch, row.id);
    journal::put_queued(batch, row.target, row.id);
    journal::put_timer(batch, {kNow + number, row.id, journal::TimerKind::kRetry, 0});
    std::vector<journal::Entry> entries;
    for (int kind = number; kind < journal::Samples::kEntryKinds; kind += 4) {
      entries.push_back(samples_.entry(kind));
    }
    journal::append_journal(batch, row.id, kNow, entries.data(), entries.size());
    write(batch);
  }

  void add_objects() {
    storage::Batch batch;
    journal::put_state(batch, "Counter", "ada", "value", "1");
    journal::put_state(batch, "Counter", "\xff", "\x01", Bytes("\0\xff", 2));
    journal::put_promise(batch, "Counter", "ada", "ok", samples_.promise());
    journal::put_promise(batch, "Counter", "bob", "", samples_.promise());
    write(batch);
  }

  Rows rows() const {
    Rows rows;
    const auto scanned = store_.scan({}, Bytes(1, '\xff'), [&](BytesView key, BytesView value) {
      rows.emplace_back(key, value);
      return true;
    });
    CHECK(scanned.has_value() && !rows.empty(), "memory is read");
    return rows;
  }

  storage::MemoryStore store_;
  const journal::Tables tables_{store_};
  journal::Samples samples_{1};
  std::uint64_t stamp_ = 1;
  const testing::ManualClock clock_;
  std::unique_ptr<storage::LocalLog> log_;
  Rows begin_;
};

Result<Bytes> ask(const World& world, std::string_view query, holdfast::Millis time_max,
                  sql::AnswerFormat format = sql::AnswerFormat::kJson) {
  static const SomeFacts facts;
  static const std::atomic<bool> stopping = false;
  static const auto abandoned = std::make_shared<const std::atomic<bool>>(false);
  sql::QueryWatch watch(time_max, stopping, abandoned);
  return sql::run_query(query, format, {world.tables(), facts, watch}, kLimits, kNow);
}

void check_words(std::string_view query) {
  std::string together;
  for (const sql::Token& token : sql::tokens_of(query)) {
    CHECK(!token.text.empty(), "a word has characters");
    together += token.text;
  }
  CHECK(together == query, "the words are the query");
  CHECK(!sql::rewrite(query).empty() || query.empty(), "what is rewritten says something");
}

void check_answer(const Result<Bytes>& answer) {
  if (!answer.has_value()) {
    CHECK(answer.error().code() == holdfast::ErrorCode::kInvalidArgument, "the query is wrong");
    CHECK(!answer.error().message().empty(), "and it is said why");
    return;
  }
  CHECK(answer->size() < 4 * kLimits.answer_bytes, "an answer is bounded");
  CHECK(holdfast::net::is_utf8(*answer), "and text");
  boost::system::error_code wrong;
  const json::value read = json::parse(*answer, wrong);
  CHECK(!wrong && read.is_object(), "an answer is a JSON object");
  const json::value* const rows = read.get_object().if_contains("rows");
  CHECK(rows != nullptr && rows->is_array(), "with rows");
  for (const json::value& row : rows->get_array()) {
    CHECK(row.is_object(), "that have columns");
  }
}

// Runs a query and looks at what it leaves.
void run(const World& world, std::string_view query) {
  const sqlite3_int64 held = sqlite3_memory_used();
  sqlite3_memory_highwater(1);
  const std::clock_t begun = std::clock();

  const Result<Bytes> answer = ask(world, query, kTimeMax);

  const double seconds = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
  CHECK(seconds < kSecondsMax, "a query ends in its time");
  CHECK(sqlite3_memory_highwater(0) <= held + static_cast<sqlite3_int64>(kLimits.memory_bytes),
        "and holds no more than it may");
  CHECK(sqlite3_memory_used() == held, "and gives all of it back");
  check_answer(answer);
  const Result<Bytes> stream = ask(world, query, kTimeMax, sql::AnswerFormat::kArrow);
  CHECK(!stream.has_value() || stream->ends_with(std::string_view("\xff\xff\xff\xff\0\0\0\0", 8)),
        "a stream has its end");
  CHECK(world.is_as_it_was(), "a query only reads");
}

}  // namespace

std::vector<Bytes> holdfast::testing::fuzz_seeds() {
  std::vector<Bytes> seeds;
  for (const char* query :
       {"select target_service_name, status, count(*) from sys_invocation group by 1, 2 order by 3 "
        "desc limit 9;",
        "select id, target, retry_count, next_retry_at, last_failure from sys_invocation where "
        "status in ('backing-off', 'paused') and created_at < now() - interval '5 minutes'",
        "select * from sys_invocation i join sys_journal j on j.id = i.id",
        "select index, entry_type, name, completed, entry_json, raw from sys_journal where id <> "
        "'' order by index -- a note; a 'quote",
        "select * from sys_invocation_status, sys_invocation_state using (id)",
        "select * from sys_inbox where service_name = 'Counter' and service_key = 'ada'",
        "select * from sys_keyed_service_status union all select *, 1 from sys_locks",
        "select key, value_utf8 from state where service_key = 'ada'",
        "select * from sys_promise where service_name = 'Counter'",
        "select * from sys_service s, sys_deployment d where d.id = s.deployment_id",
        "select id, event_json from sys_journal_events",
        "select suspended_waiting_for_completions, services from sys_invocation, sys_deployment",
        "with p as (select id, target from sys_invocation where status = 'paused') select "
        "s.in_flight, p.target from p left join sys_invocation_state s on s.id = p.id",
        "with recursive n(i) as (select 1 union all select i + 1 from n limit 9) select max(i), "
        "group_concat(i) from n",
        "select upper(status) as s, count(*) filter (where status = 'x') from sys_invocation "
        "group by upper(status) having count(*) > 0",
        "select sys_invocation.status::text, cast('2' as bigint), 18446744073709551615",
        "select ('1' || '2')::bigint + '3'::int, 'a' ilike '%A' escape 'x', x'00ff'",
        "select date_trunc('day', now()), to_timestamp('2026-11-20T14:10:12.5+01:00'), "
        "to_timestamp(1), to_timestamp_millis(2.5), now() + interval '5' minute",
        "select concat('a', null, 1), concat_ws('-', 'b', null, 'c'), strpos('abc', 'b'), "
        "contains('abc', 'd'), starts_with('a', ''), ends_with('a', 'a')",
        "values (1, 'a', null, 1.5e300, x'00'), (1e999, -1, '', 'b', 'c')",
        "explain query plan select id from sys_invocation where id = 'inv_1'",
        "select row_number() over (partition by status order by id desc nulls first) from "
        "sys_invocation cross join sys_service",
        "select 1 as id, 2 as id, 3 as \"id:1\", 4 as `i\"d`",
        "select length(hex(zeroblob(9))), printf('%5d', 1), replace('aaa', 'a', 'b')",
        "select suspended_waiting_for_completions from sys_invocation union all select '[1'",
        "select instr('ab', 'b'), trim(' a '), ltrim('aab', 'a'), rtrim('', 'a'), 1::int::text",
        "insert into sys_service values ('x')",
        "pragma journal_mode = off",
        "select 1; select 2"}) {
    for (const char how : {0, 1, 3}) {
      const bool in_words = (how & 1) != 0;
      seeds.push_back(how + (in_words ? words_of_query(query) : Bytes(query)));
    }
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || data[0] >= 4) return -1;  // Not worth to be kept.
  static const World counted(true), plain(false);
  static const bool first =  // What SQLite keeps for good, it has taken then.
      ask(plain, "select * from sys_invocation", holdfast::Millis{60'000}).has_value();
  CHECK(first, "a query is answered");
  const bool in_words = (data[0] & 1) != 0, has_counts = (data[0] & 2) != 0;
  const BytesView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string query = in_words ? testing::query_of_words(bytes) : std::string(bytes);
  check_words(query);
  run(has_counts ? counted : plain, query);
  return 0;
}
