#pragma once
// RemoteScript: handlers elsewhere that do what a test says, call by call.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/handler.h"
#include "journal/wait_set.h"

namespace holdfast::testing {

using actors::AttemptState;

// What the test does in an attempt's place.
struct Script {
  std::function<AttemptState(const actors::AttemptStart&, actors::AttemptHost&,
                             const std::function<void()>& wake)>
      start;
  std::function<AttemptState(actors::AttemptHost&, const std::function<void()>& wake)> woken;
  std::function<void()> all_durable;
  std::function<void()> release;
  std::function<void()> asked_to_suspend;
  journal::WaitSet waits;
  bool computes = true;  // And is not known to wait.
};

class RemoteAttempt final : public actors::Attempt {
 public:
  RemoteAttempt(const Script& script, actors::AttemptHost& host, std::function<void()> wake)
      : script_(script), host_(host), wake_(std::move(wake)) {}

  AttemptState start(actors::AttemptStart start) override {
    return script_.start(start, host_, wake_);
  }
  AttemptState notify(const journal::Notification&) override {
    is_told_ = true;
    return state_;
  }
  AttemptState step_done(journal::CompletionId, actors::StepOutcome) override {
    return AttemptState::kBlocked;
  }
  AttemptState woken() override { return state_ = script_.woken(host_, wake_); }
  bool is_ready() const override { return is_told_; }
  void release() override {
    if (script_.release) script_.release();
  }
  void all_durable() override {
    if (script_.all_durable) script_.all_durable();
  }
  journal::WaitSet waiting() const override { return script_.waits; }
  bool droppable() const override { return false; }
  actors::AttemptError error() const override { return {}; }
  bool can_be_asked() const override { return !script_.computes && !is_asked_; }
  void ask_to_suspend() override {
    if (!can_be_asked()) return;
    is_asked_ = true;
    if (script_.asked_to_suspend) script_.asked_to_suspend();
  }

 private:
  const Script& script_;
  actors::AttemptHost& host_;
  const std::function<void()> wake_;
  AttemptState state_ = AttemptState::kBlocked;
  bool is_told_ = false;
  bool is_asked_ = false;
};

class RemoteHandlers final : public actors::Handlers {
 public:
  Result<actors::OpenedAttempt> open(const journal::Invocation& invocation,
                                     actors::AttemptHost& host,
                                     std::function<void()> wake) override {
    if (refuses) {
      refuses(invocation.id);
      return Error(ErrorCode::kNotFound, "nothing serves it");
    }
    pins.push_back(invocation.deployment_id);
    return actors::OpenedAttempt{
        std::make_unique<RemoteAttempt>(script, host, std::move(wake)),
        invocation.deployment_id.empty() ? deployment : invocation.deployment_id, 6};
  }
  bool is_elsewhere(const journal::Invocation&) const override { return true; }

  bool starts_ahead() const override { return ahead; }

  Script script;
  bool ahead = false;
  std::function<void(const journal::InvocationId&)> refuses;
  std::string deployment = "dp_1";
  std::vector<std::string> pins;  // Of the invocation, as each attempt was opened.
};

}  // namespace holdfast::testing
