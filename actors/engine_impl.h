#pragma once
// EngineImpl: the parts of an engine, wired together on a given actor system. The program runs it
// on threads (engine.cc); tests run it on CAF's deterministic scheduler and virtual time.
//
// Any thread may call any of it; see engine.h for what the calls mean.

#include <atomic>
#include <caf/actor_system.hpp>
#include <memory>

#include "actors/surroundings.h"

namespace holdfast::actors {

class EngineImpl {
 public:
  EngineImpl(caf::actor_system& system, const Engine::Parts& parts, const EngineOptions& options,
             StepPool::Drive steps);
  ~EngineImpl();

  // Begins to bring back what an earlier process left unfinished.
  void recover();
  // From now on new requests are refused.
  void drain();
  // Nothing is brought to life any more; who still waits is told.
  void close();
  // The last call: actors that are left lose their last references.
  void end();
  // Lets go of them. REQUIRES: all have ended.
  void release();

  void send(InvokeRequest request, std::function<void(Result<Accepted>)> on_accepted);
  WaitHandle call(InvokeRequest request, std::function<void(Result<Finished>)> on_finished);
  WaitHandle attach(const journal::InvocationId& id,
                    std::function<void(Result<Finished>)> on_finished);
  void output(const journal::InvocationId& id,
              std::function<void(Result<std::optional<Finished>>)> on_answer);
  void forget(const WaitHandle& handle);
  void signal(const journal::InvocationId& id, journal::Notification signal,
              std::function<void(Result<ActResult>)> on_done);
  void act(const journal::InvocationId& id, Engine::Act act,
           std::function<void(Result<ActResult>)> on_done);
  void resume_on(const journal::InvocationId& id, std::string deployment,
                 std::function<void(Result<ActResult>)> on_done);
  void restart_as_new(const journal::InvocationId& id, Engine::Restart restart,
                      std::function<void(Result<journal::InvocationId>)> on_done);
  void replace_state(std::string service, std::string key, std::map<Bytes, Bytes> state,
                     std::function<void(Result<void>)> on_done);
  void set_service(std::string service, journal::ServiceSettings settings,
                   std::function<void(Result<void>)> on_done);

  void clock_was_set();

  const journal::Tables& tables() const { return journal_.tables(); }
  Catalog& catalog() { return parts_.catalog; }
  Engine::Counts counts() const;

 private:
  // What begins an invocation, or why it cannot begin.
  Result<std::shared_ptr<Begin>> prepare(InvokeRequest request) const;
  std::optional<Error> refusal() const;
  std::optional<Error> refusal_of_one_more() const;
  Home home_of(const Begin& begin) const;
  void deliver(std::shared_ptr<Begin> begin);

  caf::actor_system& system_;
  const Engine::Parts parts_;
  const EngineOptions options_;
  const journal::Journal journal_;
  StepPool steps_;
  Waiters waiters_;
  WaitNotes wait_notes_{options_.park_after_ms};
  TimerHorizon timer_horizon_;
  ArmedTimers armed_timers_;
  std::unique_ptr<LoopRunner> loop_;  // Null: there is no loop.
  Router router_;
  Surroundings world_;
  caf::actor sweeper_;
  caf::actor recovery_;
  std::atomic<bool> draining_{false};
};

}  // namespace holdfast::actors
