// Beginning: when an attempt may begin, and how it does.

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include "actors/caf_types.h"
#include "actors/invocation/attempt_link.h"
#include "actors/invocation/invocation_actor.h"
#include "storage/base/rare.h"

namespace holdfast::actors {

using journal::Status;

// Whether what must be durable before an attempt is; if not, it is seen to.
// REQUIRES: nothing outstanding, no attempt.
bool InvocationActor::may_start() {
  const bool elsewhere = world_.handlers.is_elsewhere(state_.row);
  if (!decision_.empty() && (elsewhere || !journal_)) {
    decision_.urgent = true;  // Without a journal in memory it is read again, with all of this.
    return false;
  }
  if (elsewhere && world_.committer.durable_through() < seen_through_) {
    send_out({}, {}, {});  // A barrier; its receipt brings us back.
    return false;
  }
  return true;
}

// With few at work each commit round is time that somebody waits; so an attempt is made ready
// during the round that makes its cause durable. With many it would cost more than it saves.
bool InvocationActor::may_start_ahead() const {
  constexpr std::size_t kFewAtWork = 4;
  return journal_ && !refused_ahead_ && decision_.empty() && waiting_acts_.empty() &&
         world_.handlers.starts_ahead() && world_.handlers.is_elsewhere(state_.row) &&
         (world_.committer.at_work() < kFewAtWork || rare("a start ahead in a crowd"));
}

// INV-1: the handler begins when all that was decided before its attempt was opened is durable, and
// what it saw of its key.
void InvocationActor::release_attempt() {
  if (world_.committer.durable_through() < std::max(current_.held_until, seen_through_)) return;
  current_.held = false;
  current_.attempt->release();
}

// The result, if an earlier attempt has recorded one. REQUIRES: the journal as loaded.
void InvocationActor::recall_output() {
  output_recorded_ = false;
  for (const journal::Entry& entry : *journal_) {
    const auto* output = std::get_if<journal::Output>(&entry.body);
    if (output == nullptr) continue;
    output_ = output->result;
    output_recorded_ = true;
  }
}

// REQUIRES: no attempt, and nothing outstanding or kAhead.
void InvocationActor::start_attempt(Start how) {
  want_attempt_ = false;
  if (presence_ != Presence::kPresent || state_.row.status != Status::kRunning) return;
  if (!journal_) {
    CHECK(decision_.empty(), "a journal is read again only when all of it is stored");
    load(journal::Reading::kWhole);
    if (presence_ != Presence::kPresent) return;
    // Its mail is dropped as known when it comes.
    if (state_.row.status != Status::kCompleted && has_kill_signal()) return kill_now();
  }
  output_.reset();
  broken_.reset();
  current_ = {};
  current_.number = ++attempts_;
  current_.held = how == Start::kAhead;
  current_.held_until = submitted_;
  current_.link = std::make_unique<AttemptLink>(*this);
  const journal::Target& target = state_.row.target;
  auto opened = world_.handlers.open(
      state_.row, *current_.link, [self = address(), number = current_.number, loop = world_.loop] {
        // Weak: the actor owns the attempt.
        const auto actor = caf::actor_cast<caf::actor>(self);
        if (!actor) return;
        InvocationMail mail{AttemptWoken{number}};
        if (loop != nullptr) {
          loop->send(actor, std::move(mail));
        } else {
          caf::anon_send(actor, std::move(mail));
        }
      });
  if (!opened && how == Start::kAhead) {
    current_ = {};
    // What follows from that is for when its own rows are known.
    want_attempt_ = refused_ahead_ = true;
    return;
  }
  refused_ahead_ = false;
  if (!opened) {
    break_attempt(404, opened.error().message());
    fail_attempt();
    return;
  }
  current_.attempt = std::move(opened->attempt);
  world_.committer.begin_work();
  if (state_.row.deployment_id != opened->deployment_id ||
      state_.row.protocol_version != opened->protocol_version) {
    // Stored with whatever is stored next: until then another attempt may go elsewhere.
    current_.pinned = state_.row.deployment_id.empty();
    state_.row.deployment_id = std::move(opened->deployment_id);
    state_.row.protocol_version = opened->protocol_version;
    decision_.row_changed = true;
  }
  if (target.keyed() && !object_state_) {
    object_state_ =
        std::make_shared<ObjectState>(world_.journal.tables(), target.service, target.key);
  }
  if (journal_->empty()) {
    break_attempt(500, "the journal has no input");
    return;
  }
  recall_output();
  ask_again();
  const journal::Invocation& row = state_.row;
  std::vector<journal::Entry> entries = std::move(*journal_);
  journal_.reset();
  drive(current_.attempt->start(
      AttemptStart{row, std::move(entries), row.retry_count,
                   row.retrying_since == 0 ? 0 : now() - row.retrying_since, current_.held}));
}

}  // namespace holdfast::actors
