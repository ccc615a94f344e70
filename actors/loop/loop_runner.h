#pragma once
// LoopRunner: runs actors on the thread of a Loop. Whoever has mail for an actor that lives there
// sends it here, from any thread; an idle actor then runs in the loop's next turn, together with
// all others that have got mail by then.
//
// What they submit in one turn goes to the committer together. When it is little and nobody else has
// any, the loop commits it itself, in a turn of its own, so that what was to be sent has
// been sent before (storage::Committer::Hand): a lone client's call then needs one thread.
//
// An actor here must not wait for anything and not run code of a handler. One that has much to read
// asks to be handed over to the workers.
//
// Threads: any, but turn().

#include <atomic>
#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "actors/loop/loop.h"
#include "storage/committer.h"

namespace holdfast::actors {

// Where an owner runs when it gets mail.
enum class Home { kWorkers, kLoop };

class LoopRunner final : public caf::execution_unit {
 public:
  // All outlive the runner.
  LoopRunner(caf::actor_system& system, storage::Committer& committer, Loop& loop);

  template <class Mail>
  void send(const caf::actor& to, Mail mail) {
    to->eq_impl(caf::make_message_id(), nullptr, this, std::move(mail));
  }

  // For the actor that is running here: what is still in its mailbox, it does on a worker.
  void hand_over() { handed_over_ = true; }

  // What waits, and whatever comes from now on, goes to the workers. REQUIRES: the loop has ended,
  // or calls nobody any more.
  void close();

  void exec_later(caf::resumable* job) override;

 private:
  bool on_loop() const {
    return loop_thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }
  void call();
  void turn();
  void run_jobs();

  storage::Committer& committer_;
  Loop& loop_;
  std::atomic<std::thread::id> loop_thread_{};  // Known from its first turn on.

  std::mutex mutex_;
  // By mutex_.
  std::vector<caf::resumable*> arrived_;  // From other threads; each holds a reference.
  bool called_ = false;                   // A turn will come for them.
  bool closed_ = false;

  // The loop's thread only.
  std::deque<caf::resumable*> jobs_;  // Each holds a reference.
  bool turn_comes_ = false;           // For them, or this is it.
  std::size_t owed_ = 0;              // Batches wait that only the next turn sees to.
  bool handed_over_ = false;
};

}  // namespace holdfast::actors
