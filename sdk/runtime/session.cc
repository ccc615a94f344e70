#include "sdk/runtime/session.h"

#include <utility>

#include "sdk/runtime/attempt.h"
#include "storage/base/check.h"

namespace holdfast::runtime {

struct Session::Impl {
  Impl(const HandlerDefinition& handler, SessionHost& host) : attempt(handler, host) {}
  Attempt attempt;
};

Session::Session(const HandlerDefinition& handler, SessionHost& host)
    : impl_(std::make_unique<Impl>(handler, host)) {}

Session::~Session() = default;

SessionState Session::start(protocol::Start start) {
  return impl_->attempt.start(std::move(start));
}

SessionState Session::notify(protocol::Notification notification) {
  return impl_->attempt.notify(std::move(notification));
}

SessionState Session::step_done(protocol::CompletionId completion, StepOutcome outcome) {
  return impl_->attempt.step_done(completion, std::move(outcome));
}

SessionState Session::state() const { return impl_->attempt.state(); }

protocol::WaitSet Session::waiting() const {
  CHECK(state() == SessionState::kBlocked, "only a blocked session waits");
  return impl_->attempt.waiting();
}

const protocol::AttemptError& Session::error() const {
  CHECK(state() == SessionState::kFailed, "only a failed session has an error");
  return impl_->attempt.error();
}

std::size_t Session::steps_in_flight() const { return impl_->attempt.steps_in_flight(); }

}  // namespace holdfast::runtime
