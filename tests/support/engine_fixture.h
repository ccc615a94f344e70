#pragma once
// EngineFixture: the whole engine in one thread, on virtual time and a store that forgets what was
// not synced. Actors run on CAF's deterministic scheduler; which of those that are ready goes next
// is drawn from a seed. crash() ends the process as a power cut would, start() begins the next one.
//
// What each process leaves behind is verified wholly: its rows, and whether they agree with each
// other.
//
// What else there is in the world may share thread and time with the engine: a Neighbour.

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "actors/engine_impl.h"
#include "storage/base/random.h"
#include "storage/committer.h"
#include "storage/local_log.h"
#include "tests/support/faulty_store.h"
#include "tests/support/manual_clock.h"

namespace holdfast::testing {

// Goes on while the engine does, and when that is not running.
class Neighbour {
 public:
  virtual ~Neighbour() = default;
  // One step; false: nothing is to be done at the present time.
  virtual bool step() = 0;
  // Until there is something to be done; none: never, by time alone.
  virtual std::optional<Millis> next() const = 0;
  virtual void advance(Millis by) = 0;
};

class EngineFixture {
 public:
  struct Options {
    actors::EngineOptions engine = {};
    std::size_t append_bytes_max = storage::Committer::Options().append_bytes_max;
    actors::Catalog* catalog = nullptr;  // Null: one of its own, of the services.
    Neighbour* neighbour = nullptr;      // May be null.
    // Others find what was appended before its receipts are given out, one by one; and a crash
    // loses what waits for the disk, and receipts. Otherwise both are one step. Unset: with every
    // even seed.
    std::optional<bool> is_rough;
    // Owners of handlers elsewhere run on a loop, as in the program. Its turns are steps, too.
    // Unset: with every other pair of seeds.
    std::optional<bool> has_loop;
  };

  EngineFixture(actors::Handlers& handlers, std::vector<actors::ServiceInfo> services,
                std::uint64_t seed = 1);
  // With a clock of the caller's.
  EngineFixture(actors::Handlers& handlers, std::vector<actors::ServiceInfo> services,
                std::uint64_t seed, Options options, ManualClock& clock);
  ~EngineFixture();

  // The next process, on what the last one left in the store.
  void start();
  void crash();
  // From now on nobody minds what the store holds: the test damages it.
  void expect_damage() { damage_expected_ = true; }
  bool running() const { return engine_ != nullptr; }
  // The store has refused a write, and the process would have ended.
  bool disk_failed() const { return disk_failed_; }

  actors::EngineImpl& engine() { return *engine_; }
  FaultyStore& store() { return store_; }
  storage::Committer& committer() { return *committer_; }
  ManualClock& clock() { return clock_; }
  const journal::Tables& tables() { return tables_; }

  // Runs until nobody has anything to do at the present time.
  void settle();
  // One step of whoever is drawn; false: nobody has anything to do.
  bool step();
  // Moves time on, from timer to timer.
  void advance(Millis by);
  // Messages of actors that wait for their time; who is at rest has sent none.
  std::size_t messages_to_come();

  // Conveniences: they settle, and fail the test when the answer has not come.
  actors::Accepted send(actors::InvokeRequest request);
  // None: not finished.
  std::optional<journal::Outcome> output(const journal::InvocationId& id);
  journal::Status status(const journal::InvocationId& id);

 private:
  class Config;
  // Its thread is the one that steps.
  class TurnByTurn final : public actors::Loop {
   public:
    void call(std::function<void()> turn) override { turns_.push_back(std::move(turn)); }
    // False: nobody has called.
    bool turn();
    void end() { turns_.clear(); }

   private:
    std::deque<std::function<void()>> turns_;
  };

  bool commit();
  // One of an actor on a worker, or of the loop; false: neither has anything to do.
  bool run_somebody();

  actors::Handlers& handlers_;
  const Options options_;
  const bool is_rough_;
  const bool has_loop_;
  FaultyStore store_;
  ManualClock own_clock_;
  ManualClock& clock_;
  SeededRandom random_;
  SeededRandom schedule_;
  actors::Catalog own_catalog_;
  actors::Catalog& catalog_;
  const journal::Tables tables_;
  bool disk_failed_ = false;
  bool damage_expected_ = false;

  TurnByTurn loop_;
  std::unique_ptr<storage::LocalLog> log_;
  std::unique_ptr<storage::Committer> committer_;
  std::unique_ptr<Config> config_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<actors::EngineImpl> engine_;
};

// A request for a handler of an unkeyed service; set `key` for others.
actors::InvokeRequest request(std::string service, std::string handler, Bytes body = {});
actors::InvokeRequest request(std::string service, std::string key, std::string handler,
                              Bytes body);

}  // namespace holdfast::testing
