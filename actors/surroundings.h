#pragma once
// Surroundings: what the owners of invocations and keys act upon. Built once by the engine;
// outlives every actor.

#include <atomic>
#include <caf/actor.hpp>
#include <vector>

#include "actors/catalog/catalog.h"
#include "actors/engine.h"
#include "actors/loop/loop_runner.h"
#include "actors/router/router.h"
#include "actors/steps/step_pool.h"
#include "actors/sweeper.h"
#include "actors/timer/armed_timers.h"
#include "actors/timer/timer_horizon.h"
#include "actors/waiters.h"
#include "journal/journal.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/committer.h"

namespace holdfast::actors {

struct Surroundings {
  const journal::Journal& journal;
  storage::Committer& committer;
  const Clock& clock;
  Random& random;
  Catalog& catalog;
  Handlers& handlers;
  Router& router;
  StepPool& steps;
  Waiters& waiters;
  WaitNotes& wait_notes;
  TimerHorizon& timer_horizon;
  ArmedTimers& armed_timers;
  const EngineOptions& options;
  LoopRunner* const loop;  // Null: there is none.
  // Closures given away and not reported done; shared, because one may outlive the engine.
  const std::shared_ptr<std::atomic<std::size_t>> open_steps;
  caf::actor timers;  // Set before any mail is delivered.

  // Tells the timer actor those that it must be told of. REQUIRES: they are stored.
  void arm(std::vector<journal::Timer> armed) const;

  // So many invocations are in memory that what nobody waits for is not to come to life yet.
  bool is_crowded() const { return router.active() >= options.begin_at_once_max; }
  // Whether one that nobody waits for is put off. The order of a key is that of arrival.
  bool puts_off(const journal::Target& target) const {
    return is_crowded() && !target.queued_by_key();
  }
};

}  // namespace holdfast::actors
