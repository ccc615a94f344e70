#include "actors/steps/local_runner.h"

#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/send.hpp>
#include <optional>

#include "actors/caf_types.h"
#include "actors/resume_once.h"
#include "actors/steps/step_pool.h"

namespace holdfast::actors {

namespace {
thread_local LocalRunner* innermost = nullptr;
}  // namespace

LocalRunner::LocalRunner(caf::actor_system& system, storage::Committer& committer)
    : caf::execution_unit(&system), committer_(committer), outer_(innermost) {
  innermost = this;
}

LocalRunner::~LocalRunner() {
  for (caf::resumable* job : jobs_) system().scheduler().enqueue(job);
  innermost = outer_;
}

LocalRunner* LocalRunner::of_this_thread() { return innermost; }

void LocalRunner::send(const caf::actor& to, InvocationMail mail) {
  to->eq_impl(caf::make_message_id(), nullptr, this, std::move(mail));
}

void send_here(const caf::actor& to, InvocationMail mail) {
  if (LocalRunner* const here = LocalRunner::of_this_thread()) {
    here->send(to, std::move(mail));
  } else {
    caf::anon_send(to, std::move(mail));
  }
}

void LocalRunner::exec_later(caf::resumable* job) { jobs_.push_back(job); }

void LocalRunner::run(const std::function<bool()>& lends_hand) {
  for (bool first = true; !jobs_.empty(); first = false) {
    if (!first) StepPool::going_on();
    caf::resumable* const job = jobs_.front();
    jobs_.pop_front();
    // One mail at a time: the hand must not be kept over what a second one might take.
    std::optional<storage::Committer::Hand> hand;
    if (lends_hand()) hand.emplace(committer_);
    if (resume_once(job, this)) system().scheduler().enqueue(job);
  }
}

}  // namespace holdfast::actors
