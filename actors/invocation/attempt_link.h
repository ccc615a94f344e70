#pragma once
// AttemptLink: the line from an attempt to its actor. Cut when the attempt is over, so that
// whatever its closures still bring about changes nothing (INV-4).

#include "actors/invocation/invocation_actor.h"

namespace holdfast::actors {

class InvocationActor::AttemptLink final : public AttemptHost {
 public:
  explicit AttemptLink(InvocationActor& actor) : actor_(&actor) {}

  void cut() { actor_ = nullptr; }

  void on_command(journal::Entry command, bool at_once) override {
    if (actor_ != nullptr) actor_->take_command(std::move(command), at_once);
  }
  void on_proposal(journal::CompletionId completion, journal::Outcome outcome) override {
    if (actor_ == nullptr || actor_->broken_) return;
    journal::propose(actor_->state_, completion, std::move(outcome), actor_->decision_);
  }
  void on_step(Step step) override {
    if (actor_ != nullptr && !actor_->broken_) actor_->waiting_steps_.push_back(std::move(step));
  }
  void on_log(int level, const std::string& line) override;
  std::optional<Bytes> read_state(BytesView key) override;
  std::vector<Bytes> list_state() override;
  std::int64_t now_unix_ms() override;

 private:
  InvocationActor* actor_;  // Null: cut.
};

}  // namespace holdfast::actors
