#pragma once
// SqlFixture: a store with a few of everything, and queries over it.

#include <atomic>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/admin/sql/query.h"
#include "storage/key_space.h"
#include "storage/memory_store.h"
#include "tests/net/fake_engine.h"
#include "tests/support/counting_store.h"

namespace holdfast::net {

inline constexpr std::int64_t kSomeTime = 1'795'180'212'960;  // 2026-11-20T13:10:12.960Z

class SomeFacts final : public sql::Facts {
 public:
  std::vector<sql::ServiceFact> services() const override {
    return {{"Counter", 2, true, journal::ServiceKind::kObject, "dp_1"},
            {"Greeter", 1, false, journal::ServiceKind::kService, "dp_1"}};
  }
  std::vector<sql::DeploymentFact> deployments() const override {
    return {{"dp_1", "http", "http://127.0.0.1:9080/", kSomeTime, 5, 7, {"Counter", "Greeter"}}};
  }
  std::string server_of(std::string_view deployment_id) const override {
    return deployment_id == "dp_1" ? "some-sdk/1.0" : "";
  }
  std::int64_t started_at() const override { return kSomeTime - 60'000; }
};

struct SqlFixture {
  storage::MemoryStore memory;
  testing::CountingStore store{memory};
  journal::Tables tables{store};
  SomeFacts facts;
  std::atomic<bool> stopping = false;
  std::shared_ptr<std::atomic<bool>> abandoned = std::make_shared<std::atomic<bool>>(false);
  Millis time_max{60'000};  // For a build with a sanitizer, too.
  sql::QueryLimits limits;
  SeededRandom random{7};

  Result<Bytes> ask(std::string_view query, sql::AnswerFormat format = sql::AnswerFormat::kJson) {
    sql::QueryWatch watch(time_max, stopping, abandoned);
    return sql::run_query(query, format, {tables, facts, watch}, limits, kSomeTime);
  }
  boost::json::array rows(std::string_view query) {
    const Result<Bytes> answer = ask(query);
    BOOST_TEST_CONTEXT(query << ": " << (answer ? *answer : answer.error().message())) {
      BOOST_REQUIRE(answer.has_value());
      return boost::json::parse(*answer).as_object().at("rows").as_array();
    }
    return {};
  }
  // The only row.
  boost::json::object row(std::string_view query) {
    const boost::json::array all = rows(query);
    BOOST_TEST_CONTEXT(query << ": " << boost::json::serialize(all)) {
      BOOST_REQUIRE(all.size() == 1u);
      return all[0].as_object();
    }
    return {};
  }
  // The only value of the only row, as JSON text; empty for null.
  std::string value(std::string_view query) {
    const boost::json::object only = row(query);
    if (only.empty()) return {};
    BOOST_REQUIRE(only.size() == 1u);
    return boost::json::serialize(only.begin()->value());
  }
  std::string message(std::string_view query) {
    const Result<Bytes> answer = ask(query);
    BOOST_TEST_CONTEXT(query) { BOOST_REQUIRE(!answer.has_value()); }
    BOOST_TEST((answer.error().code() == ErrorCode::kInvalidArgument), query);
    return answer.error().message();
  }

  void write(const storage::Batch& batch) {
    const storage::Batch* const batches[] = {&batch};
    const auto written = store.write({batches, storage::Lsn(next_stamp_)}, storage::Sync::kYes);
    next_stamp_ += batch.stamped_count();
    BOOST_REQUIRE(written.has_value());
  }
  // A row of a service or, with a key, of an exclusive handler of an object; with what the engine
  // keeps beside a row of that status.
  journal::Invocation add(journal::Status status, std::string service, std::string key = "",
                          std::string handler = "do") {
    using journal::Status;
    journal::Invocation row;
    const bool keyed = !key.empty();
    row.id = journal::fresh_id(service, keyed ? std::optional<std::string_view>(key) : std::nullopt,
                               kSomeTime, random);
    row.target = {keyed ? journal::ServiceKind::kObject : journal::ServiceKind::kService,
                  keyed ? journal::HandlerKind::kExclusive : journal::HandlerKind::kPlain,
                  std::move(service), std::move(key), std::move(handler)};
    row.status = status;
    row.created_at = row.modified_at = kSomeTime;
    row.completion_retention_ms = 86'400'000;
    if (status == Status::kScheduled) row.scheduled_start_at = kSomeTime + 5000;
    if (status == Status::kBackingOff) {
      row.next_retry_at = kSomeTime + 500;
      row.retry_count = 3;
      row.last_failure = journal::AttemptFailure{503, "no answer", 1, "charge", "Run"};
    }
    if (status == Status::kSuspended) row.waits = {{1, 2}, {17}, {"go"}};
    if (status == Status::kRunning) row.running_at = kSomeTime + 1;
    if (status == Status::kCompleted) {
      row.completed_at = kSomeTime + 9;
      row.result = journal::Outcome(Bytes("1"));
      row.journal_entries = 3;
      row.journal_commands = 2;
    }
    store_row(row);
    return row;
  }
  void store_row(const journal::Invocation& row) {
    using journal::Status;
    using journal::Timer;
    using journal::TimerKind;
    storage::Batch batch;
    journal::put_invocation(batch, row);
    if (row.target.queued_by_key() && row.status != Status::kCompleted &&
        row.status != Status::kScheduled) {
      journal::put_queued(batch, row.target, row.id);
    }
    if (row.status == Status::kRunning || row.status == Status::kQueued) {
      journal::put_wake_up(batch, row.id);
    }
    if (row.status == Status::kScheduled) {
      journal::put_timer(batch, Timer{row.scheduled_start_at, row.id, TimerKind::kStart, 0});
    }
    if (row.status == Status::kBackingOff) {
      journal::put_timer(batch, Timer{row.next_retry_at, row.id, TimerKind::kRetry, 0});
      journal::put_timer(batch, Timer{row.next_retry_at - 100, row.id, TimerKind::kRetry, 0});
    }
    if (row.status == Status::kCompleted) {
      journal::put_timer(batch, Timer{kSomeTime + 99, row.id, TimerKind::kExpire, 0});
    }
    write(batch);
  }
  void append(const journal::InvocationId& id, const std::vector<journal::Entry>& entries) {
    storage::Batch batch;
    journal::append_journal(batch, id, kSomeTime, entries.data(), entries.size());
    write(batch);
  }
  // What is in the key of an invocation's row, with a value that is no record.
  void damage(const journal::InvocationId& id) {
    storage::Batch batch;
    Bytes key(1, static_cast<char>(storage::Table::kInvocation));
    batch.put(key + id.bytes(), "no record");
    write(batch);
  }

 private:
  std::uint64_t next_stamp_ = 1;
};

}  // namespace holdfast::net
