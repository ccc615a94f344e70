#include "tests/simulation/life.h"

#include <map>
#include <memory>
#include <utility>

#include "net/egress/embedded_handlers.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/elsewhere.h"
#include "tests/simulation/rare_ways.h"
#include "tests/simulation/services.h"
#include "tests/support/engine_fixture.h"

namespace holdfast::simulation {

namespace {

using journal::Status;

testing::EngineFixture::Options options_from(Random& chance, actors::Catalog& catalog,
                                             testing::Neighbour* neighbour, bool is_rough,
                                             bool has_loop) {
  testing::EngineFixture::Options options;
  constexpr std::int64_t kParkAfter[] = {0, 1, 50, 1000};
  options.engine.park_after_ms = kParkAfter[chance.next() % 4];
  // Crowded at once, soon, or never.
  constexpr std::size_t kBeginAtOnce[] = {1, 3, 20'000};
  options.engine.begin_at_once_max = kBeginAtOnce[chance.next() % 3];
  // From one batch at a time to all at once.
  constexpr std::size_t kAppend[] = {1, 500, 4 << 20};
  options.append_bytes_max = kAppend[chance.next() % 3];
  options.catalog = &catalog;
  options.neighbour = neighbour;
  options.is_rough = is_rough;
  options.has_loop = has_loop;
  return options;
}

std::vector<actors::ServiceInfo> kept_for_years(std::vector<actors::ServiceInfo> services) {
  for (auto& service : services) {
    for (auto& handler : service.handlers) {
      handler.idempotency_retention_ms = handler.workflow_retention_ms = kKeptForMs;
    }
  }
  return services;
}

// In every fourth life all handlers are in the process, and what it draws is what such lives have
// always drawn: their seeds keep their meaning.
Elsewhere::Where where_of(std::uint64_t seed) {
  return seed % 4 == 3 ? Elsewhere::Where::kAllHere : Elsewhere::Where::kMixed;
}

// In every other stretch of 32 seeds, where some of the handlers are elsewhere, the code goes rare
// ways, and commits and crashes are rough. So some of the lives that are lived twice do.
bool goes_rare_ways(std::uint64_t seed) {
  return where_of(seed) == Elsewhere::Where::kMixed && seed / 32 % 2 == 1;
}

// In every other stretch of 64 seeds owners run where they do in the program.
bool has_loop(std::uint64_t seed) {
  return where_of(seed) == Elsewhere::Where::kMixed && seed / 64 % 2 == 1;
}

// In every other stretch of 128 seeds many wait for the same thing.
bool has_crowds(std::uint64_t seed) {
  return where_of(seed) == Elsewhere::Where::kMixed && seed / 128 % 2 == 1;
}

// In every other stretch of 12 seeds handlers elsewhere are deployed again while they work,
// removed, and what has begun there moved.
bool changes_deployments(std::uint64_t seed) {
  return where_of(seed) == Elsewhere::Where::kMixed && seed / 12 % 2 == 1;
}

class Life {
 public:
  Life(std::uint64_t seed, bool verbose)
      : chance_(seed ^ 0x9E3779B97F4A7C15),
        far_chance_(seed ^ 0x2545F4914F6CDD1D),
        outside_(clock_, seed),
        rare_ways_(goes_rare_ways(seed)
                       ? std::make_unique<RareWays>(seed ^ 0xD1B54A32D192ED03, rare_ways_taken_)
                       : nullptr),
        definitions_(services(
            outside_, [this](const std::string& id) { told(id); }, has_crowds(seed))),
        elsewhere_(where_of(seed), definitions_, far_chance_, outside_, clock_),
        deployments_change_(changes_deployments(seed) && !elsewhere_.is_empty()),
        catalog_(kept_for_years(net::catalog_of(definitions_))),
        embedded_(std::move(definitions_)),
        remote_(elsewhere_.attempt_clock(), elsewhere_.wire(), catalog_, nullptr, clock_, "here"),
        handlers_(catalog_, embedded_, remote_),
        world_(handlers_, {}, seed,
               options_from(chance_, catalog_, elsewhere_.neighbour(), goes_rare_ways(seed),
                            has_loop(seed)),
               clock_),
        clients_(world_, outside_, chance_, has_crowds(seed)) {
    if (verbose) outside_.be_verbose();
    elsewhere_.register_with(catalog_);
    if (!elsewhere_.is_empty()) ++outside_.counts["lives with handlers behind HTTP"];
    if (has_loop(seed)) ++outside_.counts["lives with a loop"];
  }

  Verdict live() {
    const int rounds = 6 + draw(14);
    for (int round = 0; round < rounds; ++round) {
      for (int i = draw(3); i > 0; --i) clients_.ask_something();
      if (draw(2) == 0) clients_.meddle();
      if (deployments_change_) change();
      go_on();
      if (draw(3) == 0) harm();
      revive();
    }
    heal();
    judge();
    for (const auto& [way, times] : rare_ways_taken_) {
      outside_.counts["rare ways taken"] += times;
      outside_.counts["rare: " + way] += times;
    }
    return {outside_.broken(), outside_.trace(), std::move(outside_.counts)};
  }

 private:
  int draw(int below) {
    return static_cast<int>(chance_.next() % static_cast<std::uint64_t>(below));
  }

  void told(const std::string& awakeable) { told_.push_back(awakeable); }

  // Some steps, or some time.
  void go_on() {
    if (draw(3) > 0) {
      for (int steps = draw(80); steps > 0 && world_.step(); --steps) {
      }
    } else {
      world_.advance(Millis(draw(4) == 0 ? draw(60'000) : draw(300)));
    }
    for (const std::string& id : std::exchange(told_, {})) clients_.complete_awakeable(id);
  }

  void change() {
    if (draw(3) == 0) elsewhere_.change_deployments();
    if (draw(3) == 0) clients_.move_something();
  }

  void crash() {
    elsewhere_.engine_dies();
    world_.crash();
  }

  void harm() {
    if (!elsewhere_.is_empty() && draw(3) == 0) return elsewhere_.harm();
    switch (draw(4)) {
      case 0:
        outside_.note("power cut");
        ++outside_.counts["power cuts"];
        return crash();
      case 1:
        outside_.note("a write will fail");
        world_.store().fail_write(1 + static_cast<std::uint64_t>(draw(10)),
                                  draw(2) == 0 ? testing::FaultyStore::Failure::kLost
                                               : testing::FaultyStore::Failure::kStored);
        return;
      case 2: {
        const int by = draw(3) == 0 ? draw(86'400'000) : draw(2'000);
        outside_.note("the clock is set back");
        ++outside_.counts["clocks set back"];
        clock_.set(clock_.now() - Millis(by));
        return;
      }
      default:
        outside_.note("the clock leaps");
        ++outside_.counts["clock leaps"];
        clock_.advance(Millis(draw(3) == 0 ? draw(86'400'000) : draw(2'000)));
    }
  }

  void revive() {
    for (int tries = 0; world_.disk_failed() || !world_.running(); ++tries) {
      if (world_.running()) {
        outside_.note("a write failed");
        ++outside_.counts["failed writes"];
        crash();
      }
      if (!healing_ && !elsewhere_.is_empty()) elsewhere_.go_on(draw(20));
      if (draw(3) == 0) clock_.advance(Millis(draw(10'000)));
      world_.start();
      outside_.note("start");
      ++outside_.counts["starts"];
      if (tries == 50) {
        outside_.expect(false, "I14: the engine does not start");
        return;
      }
      clients_.ask_again();
    }
  }

  // Nothing is harmed any more: everything must come to its end.
  void heal() {
    outside_.note("heal");
    healing_ = true;
    elsewhere_.heal();
    clock_.set(from_unix_millis(outside_.latest_unix_ms()));
    for (int round = 0; round < 30; ++round) {
      revive();
      clients_.settle_affairs();
      clients_.ask_again();
      // Once for longer than a clock that has leapt is not looked at.
      world_.advance(Millis(round == 0 ? 3'700'000 : 30'000));
      for (const std::string& id : std::exchange(told_, {})) clients_.complete_awakeable(id);
      world_.settle();
      if (!world_.disk_failed() && clients_.all_answered() && is_at_rest()) return;
    }
  }

  bool is_at_rest() {
    if (world_.engine().counts().active != 0) return false;
    bool done = true;
    (void)world_.tables().each_invocation(std::nullopt, [&](Result<journal::Invocation> row) {
      done &= row.has_value() && row->status == Status::kCompleted;
      return done;
    });
    return done;
  }

  void judge() {
    clients_.judge();
    outside_.expect(world_.engine().counts().active == 0, "I14: somebody stays in memory");
    const auto& tables = world_.tables();
    (void)tables.each_invocation(std::nullopt, [&](Result<journal::Invocation> row) {
      if (!row) {
        outside_.expect(false, "I13: an invocation cannot be read: " + row.error().message());
        return true;
      }
      ++outside_.counts["rows checked"];
      outside_.note("row " + row->target.text() + " " + row->id.text());
      outside_.expect(row->status == Status::kCompleted, "I14: " + row->target.text() + " " +
                                                             row->id.text() + " stays " +
                                                             journal::status_text(row->status));
      outside_.expect(tables.wake_ups(row->id)->empty(),
                      "I13: " + row->id.text() + " is done and has wake-ups");
      return true;
    });
    judge_state();
  }

  void judge_state() {
    int sum = 0;
    for (int i = 0; i < 5; ++i) sum += number("Account", i, "balance", kFirstBalance);
    outside_.expect(sum == 5 * kFirstBalance,
                    "I10: the accounts hold " + std::to_string(sum) + " together");
    for (int i = 0; i < 3; ++i) {
      const int n = number("Counter", i, "n", 0);
      const int holders = outside_.holders("Counter/" + std::to_string(i));
      outside_.expect(n == holders, "I10: " + std::to_string(holders) + " added to Counter/" +
                                        std::to_string(i) + ", which is at " + std::to_string(n));
    }
    const auto timers = world_.tables().timers(std::nullopt, 10'000);
    for (const auto& timer : *timers) {
      outside_.expect(timer.kind == journal::TimerKind::kExpire ||
                          timer.kind == journal::TimerKind::kExpireJournal,
                      "I13: a timer of " + timer.invocation.text() + " is left");
    }
  }

  int number(const std::string& service, int key, const std::string& name, int otherwise) {
    const auto stored = world_.tables().state(service, std::to_string(key), name);
    return stored && *stored ? std::atoi((**stored).c_str()) : otherwise;
  }

  testing::ManualClock clock_;
  SeededRandom chance_;
  SeededRandom far_chance_;  // Of what is elsewhere.
  Outside outside_;
  std::map<std::string, std::uint64_t> rare_ways_taken_;
  std::unique_ptr<RareWays> rare_ways_;
  std::vector<std::string> told_;
  std::vector<ServiceDefinition> definitions_;
  Elsewhere elsewhere_;  // Outlives the engine; takes its services from the definitions.
  const bool deployments_change_;
  actors::Catalog catalog_;
  net::EmbeddedHandlers embedded_;
  net::RemoteHandlers remote_;
  net::AllHandlers handlers_;
  testing::EngineFixture world_;
  Clients clients_;
  bool healing_ = false;
};

}  // namespace

Verdict live(std::uint64_t seed, bool verbose) { return Life(seed, verbose).live(); }

}  // namespace holdfast::simulation
