// How long SQL queries take over many invocations: from the rows, and from the counters once the
// log keeps them; and how long counting them all takes, as the first start on an older folder does.
//
//   query_bench [invocations] [folder]      the folder is made and removed

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "journal/tables/tables.h"
#include "net/admin/sql/query.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/local_log.h"
#include "storage/rocks_store.h"

namespace holdfast {
namespace {

using Steady = std::chrono::steady_clock;

double millis_since(Steady::time_point start) {
  return std::chrono::duration<double, std::milli>(Steady::now() - start).count();
}

class NoFacts final : public net::sql::Facts {
 public:
  std::vector<net::sql::ServiceFact> services() const override { return {}; }
  std::vector<net::sql::DeploymentFact> deployments() const override { return {}; }
  std::string server_of(std::string_view) const override { return {}; }
  std::int64_t started_at() const override { return 0; }
};

bool fill(storage::Store& store, std::size_t invocations) {
  SeededRandom random(1);
  constexpr journal::Status kStatuses[] = {journal::Status::kCompleted, journal::Status::kCompleted,
                                           journal::Status::kSuspended, journal::Status::kPaused};
  storage::Batch batch;
  for (std::size_t i = 0; i < invocations; ++i) {
    journal::Invocation row;
    const std::string service = "Service" + std::to_string(i % 10);
    row.id = journal::fresh_id(service, std::nullopt, 1'795'180'212'960, random);
    row.target = {journal::ServiceKind::kService, journal::HandlerKind::kPlain, service, "", "do"};
    row.status = kStatuses[i % 4];
    row.created_at = row.modified_at = row.running_at = 1'795'180'212'960;
    row.completion_retention_ms = row.journal_retention_ms = 86'400'000;
    row.journal_entries = row.journal_commands = 2;
    journal::put_invocation(batch, row);
    if (i % 10'000 != 9'999 && i + 1 != invocations) continue;
    if (!storage::write_one(store, batch, storage::Sync::kNo).has_value()) return false;
    batch.clear();
  }
  return store.compact().has_value();
}

void ask(const storage::Store& store, const char* query) {
  const journal::Tables tables(store);
  const NoFacts facts;
  const std::atomic<bool> stopping = false;
  const auto abandoned = std::make_shared<const std::atomic<bool>>(false);
  double best = 1e12;
  for (int i = 0; i < 3; ++i) {
    const auto start = Steady::now();
    net::sql::QueryWatch watch(Millis(600'000), stopping, abandoned);
    const auto answer =
        net::sql::run_query(query, net::sql::AnswerFormat::kJson, {tables, facts, watch}, {}, 0);
    if (!answer.has_value()) {
      std::printf("%s\n", answer.error().message().c_str());
      return;
    }
    best = std::min(best, millis_since(start));
  }
  std::printf("%12.2f  %s\n", best, query);
}

void ask_all(const storage::Store& store, const char* what) {
  std::printf("\n%s, ms, best of 3\n", what);
  ask(store, "select status, count(*) from sys_invocation group by status");
  ask(store, "select target_service_name, status, count(*) from sys_invocation group by 1, 2");
  ask(store, "select count(*) from sys_invocation where status = 'paused'");
  ask(store, "select count(*) from sys_invocation");
  ask(store, "select target_handler_name, count(*) from sys_invocation group by 1");
}

int measure(std::size_t invocations, const std::string& folder) {
  const auto opened = storage::RocksStore::open(folder, {});
  if (!opened.has_value() || !fill(**opened, invocations)) {
    std::fprintf(stderr, "the store cannot be filled\n");
    return 1;
  }
  storage::Store& store = **opened;
  std::printf("%zu invocations\n", invocations);
  ask_all(store, "without counters");

  const SystemClock clock;
  const auto start = Steady::now();
  const auto log = storage::LocalLog::open(store, {}, clock, journal::recount_invocations);
  if (!log.has_value()) return 1;
  std::printf("\n%12.2f  ms to count them once\n", millis_since(start));
  ask_all(store, "with counters");
  return 0;
}

}  // namespace
}  // namespace holdfast

int main(int argc, char** argv) {
  const std::size_t invocations = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::string folder = argc > 2 ? argv[2] : "holdfast-query-bench";
  const int code = holdfast::measure(invocations, folder);
  std::filesystem::remove_all(folder);
  return code;
}
