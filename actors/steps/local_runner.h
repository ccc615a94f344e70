#pragma once
// LocalRunner: runs an actor on the thread that has news for it, instead of waking a worker of the
// scheduler. For threads of the step pool only: an actor may run code of a handler, which may take
// long.
//
// While `lends_hand` holds, batches that the actor submits are committed by this same thread, if
// nobody else has submitted any (storage::Committer::Hand), and the mail that their receipts bring
// comes back here. A lone client's run so goes through its steps without one hand-over between
// threads. A busy engine must not do that: the thread has other closures to attend to.
//
// Threads: one runner, one thread.

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>
#include <deque>
#include <functional>

#include "actors/mail.h"
#include "storage/committer.h"

namespace holdfast::actors {

class LocalRunner final : public caf::execution_unit {
 public:
  LocalRunner(caf::actor_system& system, storage::Committer& committer);
  ~LocalRunner() override;
  LocalRunner(const LocalRunner&) = delete;
  LocalRunner& operator=(const LocalRunner&) = delete;

  // The runner this thread is inside of, or null.
  static LocalRunner* of_this_thread();

  // To an actor that is idle or executing here or elsewhere. It runs in run(), if it was idle.
  void send(const caf::actor& to, InvocationMail mail);
  // Until no actor is left that has woken here. `lends_hand` is asked before each.
  void run(const std::function<bool()>& lends_hand);

  void exec_later(caf::resumable* job) override;

 private:
  storage::Committer& committer_;
  LocalRunner* const outer_;
  std::deque<caf::resumable*> jobs_;  // Each holds a reference.
};

// By the runner of this thread if it has one, else by the scheduler.
void send_here(const caf::actor& to, InvocationMail mail);

}  // namespace holdfast::actors
