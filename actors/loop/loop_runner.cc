#include "actors/loop/loop_runner.h"

#include <caf/logger.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include "actors/resume_once.h"

namespace holdfast::actors {

namespace {
// Then sockets get their turn.
constexpr int kMailsPerTurn = 256;
}  // namespace

LoopRunner::LoopRunner(caf::actor_system& system, storage::Committer& committer, Loop& loop)
    : caf::execution_unit(&system), committer_(committer), loop_(loop) {}

void LoopRunner::exec_later(caf::resumable* job) {
  if (on_loop()) {
    jobs_.push_back(job);
    if (!turn_comes_) call();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      system().scheduler().enqueue(job);
      return;
    }
    arrived_.push_back(job);
    if (std::exchange(called_, true)) return;
  }
  loop_.call([this] { turn(); });
}

// REQUIRES: on the loop's thread.
void LoopRunner::call() {
  turn_comes_ = true;
  loop_.call([this] { turn(); });
}

void LoopRunner::turn() {
  loop_thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  // A spawn on this thread has set it, and then CAF notes down, under a lock, whose mail is read.
  caf::logger::set_current_actor_system(nullptr);
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    called_ = false;
    jobs_.insert(jobs_.end(), arrived_.begin(), arrived_.end());
    arrived_.clear();
  }
  turn_comes_ = true;  // What is sent from here on is seen to below.
  if (jobs_.empty() && owed_ > 0) {
    // The receipt brings mail.
    const storage::Committer::Hand hand(committer_, std::exchange(owed_, 0));
  }
  run_jobs();
  turn_comes_ = false;
  if (!jobs_.empty() || owed_ > 0) call();
}

void LoopRunner::run_jobs() {
  storage::Committer::Hand hand(committer_, owed_);
  for (int left = kMailsPerTurn; !jobs_.empty() && left > 0; --left) {
    caf::resumable* const job = jobs_.front();
    jobs_.pop_front();
    handed_over_ = false;
    // One mail at a time: after it the actor may be handed over.
    if (!resume_once(job, this)) continue;
    if (handed_over_) {
      system().scheduler().enqueue(job);
    } else {
      jobs_.push_back(job);
    }
  }
  owed_ = hand.leave();
}

void LoopRunner::close() {
  std::vector<caf::resumable*> left;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    left.swap(arrived_);
  }
  loop_thread_.store({}, std::memory_order_relaxed);
  left.insert(left.end(), jobs_.begin(), jobs_.end());
  jobs_.clear();
  for (caf::resumable* const job : left) system().scheduler().enqueue(job);
}

}  // namespace holdfast::actors
