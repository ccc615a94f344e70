#include "tests/support/engine_fixture.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "tests/support/verified.h"

namespace holdfast::testing {

class EngineFixture::Config : public caf::actor_system_config {
 public:
  Config() {
    set("scheduler.policy", caf::atom("testing"));
    set("scheduler.max-throughput", std::size_t{1});
  }
};

namespace {

caf::scheduler::test_coordinator& scheduler(caf::actor_system& system) {
  return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
}

}  // namespace

EngineFixture::EngineFixture(actors::Handlers& handlers, std::vector<actors::ServiceInfo> services,
                             std::uint64_t seed)
    : EngineFixture(handlers, std::move(services), seed, {}, own_clock_) {}

EngineFixture::EngineFixture(actors::Handlers& handlers, std::vector<actors::ServiceInfo> services,
                             std::uint64_t seed, Options options, ManualClock& clock)
    : handlers_(handlers),
      options_(options),
      is_rough_(options.is_rough.value_or(seed % 2 == 0)),
      has_loop_(options.has_loop.value_or(seed % 4 >= 2)),
      clock_(clock),
      random_(seed),
      schedule_(seed ^ 0x5DEECE66D),
      own_catalog_(std::move(services)),
      catalog_(options.catalog != nullptr ? *options.catalog : own_catalog_),
      tables_(store_) {
  start();
}

EngineFixture::~EngineFixture() {
  if (running()) crash();
}

void EngineFixture::start() {
  disk_failed_ = false;
  auto log = storage::LocalLog::open(store_, {0, UINT64_MAX}, clock_, journal::recount_invocations);
  if (!log) {
    disk_failed_ = true;
    return;
  }
  log_ = std::move(*log);
  storage::Committer::Options options;
  options.drive = storage::Committer::Drive::kManual;
  options.append_bytes_max = options_.append_bytes_max;
  options.on_fatal = [this](const auto&) { disk_failed_ = true; };
  committer_ = std::make_unique<storage::Committer>(*log_, log_->epoch(), options);
  config_ = std::make_unique<Config>();
  system_ = std::make_unique<caf::actor_system>(*config_);
  engine_ = std::make_unique<actors::EngineImpl>(
      *system_,
      actors::Engine::Parts{store_, *committer_, clock_, random_, catalog_, handlers_,
                            has_loop_ ? &loop_ : nullptr},
      options_.engine, actors::StepPool::Drive::kInline);
  engine_->recover();
}

void EngineFixture::crash() {
  if (engine_) {
    engine_->end();
    loop_.end();
    auto& jobs = scheduler(*system_);
    while (jobs.try_run_once()) {
    }
  }
  if (is_rough_ && committer_) committer_->abandon();
  if (engine_) engine_->release();
  committer_.reset();
  system_.reset();
  engine_.reset();
  log_.reset();
  store_.restart();
  if (!damage_expected_) check_store(store_, Pins::kMadeUp);
}

bool EngineFixture::step() {
  if (disk_failed_ || !engine_) return false;
  Neighbour* const neighbour = options_.neighbour;
  if (neighbour != nullptr && schedule_.next() % 4 == 0 && neighbour->step()) return true;
  const bool commit_first = schedule_.next() % 4 == 0;
  if (commit_first && commit()) return true;
  if (run_somebody()) return true;
  // The disk is mostly slower than the neighbour.
  if (neighbour != nullptr && schedule_.next() % 4 > 0 && neighbour->step()) return true;
  return commit() || (neighbour != nullptr && neighbour->step());
}

bool EngineFixture::TurnByTurn::turn() {
  if (turns_.empty()) return false;
  const auto turn = std::move(turns_.front());
  turns_.pop_front();
  turn();
  return true;
}

bool EngineFixture::run_somebody() {
  auto& coordinator = scheduler(*system_);
  auto& jobs = coordinator.jobs;
  if (has_loop_ && schedule_.next() % 4 == 0 && loop_.turn()) return true;
  if (jobs.empty()) return loop_.turn();
  const auto chosen = static_cast<std::ptrdiff_t>(schedule_.next() % jobs.size());
  std::rotate(jobs.begin(), jobs.begin() + chosen, jobs.begin() + chosen + 1);
  coordinator.run_once();
  return true;
}

bool EngineFixture::commit() { return is_rough_ ? committer_->step_part() : committer_->step(); }

void EngineFixture::settle() {
  while (step()) {
  }
}

void EngineFixture::advance(Millis by) {
  settle();
  const WallTime until = clock_.now() + by;
  while (!disk_failed_ && clock_.now() < until) {
    auto& coordinator = scheduler(*system_);
    auto& actor_clock = coordinator.clock();
    Millis leap = until - clock_.now();
    if (!actor_clock.schedule().empty()) {
      const auto next = actor_clock.schedule().begin()->first - actor_clock.now();
      const auto rounded = std::chrono::ceil<Millis>(next);
      leap = std::clamp(rounded, Millis(1), leap);
    }
    if (Neighbour* const neighbour = options_.neighbour) {
      if (const auto next = neighbour->next()) leap = std::clamp(*next, Millis(1), leap);
      neighbour->advance(leap);
    }
    clock_.advance(leap);
    coordinator.advance_time(leap);
    settle();
  }
}

std::size_t EngineFixture::messages_to_come() {
  return scheduler(*system_).clock().schedule().size();
}

actors::Accepted EngineFixture::send(actors::InvokeRequest request) {
  std::optional<Result<actors::Accepted>> answer;
  engine_->send(std::move(request), [&](Result<actors::Accepted> accepted) { answer = accepted; });
  settle();
  BOOST_REQUIRE(answer.has_value());
  BOOST_REQUIRE_MESSAGE(answer->has_value(),
                        (answer->has_value() ? "" : answer->error().message()));
  return **answer;
}

std::optional<journal::Outcome> EngineFixture::output(const journal::InvocationId& id) {
  const auto row = tables_.invocation(id);
  BOOST_REQUIRE(row.has_value());
  if (!*row) return std::nullopt;
  return (*row)->result;
}

journal::Status EngineFixture::status(const journal::InvocationId& id) {
  const auto row = tables_.invocation(id);
  BOOST_REQUIRE(row.has_value());
  BOOST_REQUIRE(row->has_value());
  return (*row)->status;
}

actors::InvokeRequest request(std::string service, std::string handler, Bytes body) {
  actors::InvokeRequest one;
  one.service = std::move(service);
  one.handler = std::move(handler);
  one.body = std::move(body);
  return one;
}

actors::InvokeRequest request(std::string service, std::string key, std::string handler,
                              Bytes body) {
  actors::InvokeRequest one = request(std::move(service), std::move(handler), std::move(body));
  one.key = std::move(key);
  return one;
}

}  // namespace holdfast::testing
