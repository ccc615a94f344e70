#include "net/egress/embedded_attempt.h"

#include <fmt/format.h>

#include <utility>

#include "net/egress/translate.h"

namespace holdfast::net {
namespace {

// By the numbering of protocol::CommandBody; for errors about commands that do not translate.
const char* type_of(const protocol::Command& command) {
  if (std::holds_alternative<protocol::CompleteAwakeableCommand>(command.body)) {
    return "CompleteAwakeable";
  }
  if (std::holds_alternative<protocol::SendSignalCommand>(command.body)) return "SendSignal";
  if (std::holds_alternative<protocol::AttachCommand>(command.body)) return "AttachInvocation";
  if (std::holds_alternative<protocol::GetOutputCommand>(command.body)) {
    return "GetInvocationOutput";
  }
  return "";
}

runtime::StepOutcome to_session(actors::StepOutcome outcome) {
  if (auto* value = std::get_if<Bytes>(&outcome)) return std::move(*value);
  auto& failure = std::get<actors::StepFailure>(outcome);
  return runtime::StepFailure{to_protocol(std::move(failure.failure)), failure.terminal,
                              failure.retry_after};
}

actors::StepOutcome from_session(runtime::StepOutcome outcome) {
  if (auto* value = std::get_if<Bytes>(&outcome)) return std::move(*value);
  auto& failure = std::get<runtime::StepFailure>(outcome);
  return actors::StepFailure{to_journal(std::move(failure.failure)), failure.terminal,
                             failure.retry_after};
}

}  // namespace

actors::AttemptState EmbeddedAttempt::start(actors::AttemptStart start) {
  const journal::Invocation& invocation = start.invocation;
  protocol::Start message;
  message.raw_id = invocation.id.bytes();
  message.invocation_id = invocation.id.text();
  message.key = invocation.target.key;
  message.random_seed = journal::random_seed_of(invocation.id);
  message.retry_count = start.retry_count;
  message.retrying_for_ms = start.retrying_for_ms;
  message.journal.reserve(start.journal.size());
  for (journal::Entry& entry : start.journal) {
    if (entry.is_command()) ++commands_;
    message.journal.push_back(to_protocol(std::move(entry)));
  }
  return state(session_.start(std::move(message)));
}

actors::AttemptState EmbeddedAttempt::notify(const journal::Notification& notification) {
  if (refused_.has_value()) return actors::AttemptState::kFailed;
  return state(session_.notify(to_protocol(notification)));
}

actors::AttemptState EmbeddedAttempt::step_done(journal::CompletionId completion,
                                                actors::StepOutcome outcome) {
  return state(session_.step_done(completion, to_session(std::move(outcome))));
}

journal::WaitSet EmbeddedAttempt::waiting() const { return to_journal(session_.waiting()); }

actors::AttemptError EmbeddedAttempt::error() const {
  if (refused_.has_value()) return *refused_;
  return to_journal(session_.error());
}

actors::AttemptState EmbeddedAttempt::state(runtime::SessionState session_state) const {
  if (refused_.has_value()) return actors::AttemptState::kFailed;
  switch (session_state) {
    case runtime::SessionState::kBlocked:
      return actors::AttemptState::kBlocked;
    case runtime::SessionState::kEnded:
      return actors::AttemptState::kEnded;
    case runtime::SessionState::kFailed:
      break;
  }
  return actors::AttemptState::kFailed;
}

void EmbeddedAttempt::on_command(protocol::Command command) {
  if (refused_.has_value()) return;
  const std::uint32_t index = commands_++;
  const char* const type = type_of(command);
  std::string name = command.name;
  Result<journal::Entry> entry = to_journal(std::move(command));
  if (entry.has_value()) {
    host_.on_command(std::move(*entry));
    return;
  }
  actors::AttemptError error;
  error.failure = {protocol::kProtocolViolation,
                   fmt::format("command {} ({}) cannot be carried out: {}", index, type,
                               entry.error().message()),
                   index, std::move(name), type};
  refused_ = std::move(error);
}

void EmbeddedAttempt::on_proposal(protocol::CompletionId completion, protocol::Outcome outcome) {
  if (refused_.has_value()) return;
  host_.on_proposal(completion, to_journal(std::move(outcome)));
}

void EmbeddedAttempt::on_step(runtime::Step step) {
  if (refused_.has_value()) return;
  host_.on_step(
      {step.completion, [run = std::move(step.run)](std::function<void(actors::StepOutcome)> done) {
         run([done = std::move(done)](runtime::StepOutcome outcome) {
           done(from_session(std::move(outcome)));
         });
       }});
}

void EmbeddedAttempt::on_log(int level, const std::string& line) { host_.on_log(level, line); }

runtime::SessionHost::Lookup EmbeddedAttempt::read_state(BytesView key, Bytes* value) {
  std::optional<Bytes> found = host_.read_state(key);
  if (!found.has_value()) return Lookup::kAbsent;
  *value = std::move(*found);
  return Lookup::kPresent;
}

bool EmbeddedAttempt::read_state_keys(std::vector<Bytes>* keys) {
  *keys = host_.list_state();
  return true;
}

std::int64_t EmbeddedAttempt::now_unix_ms() { return host_.now_unix_ms(); }

}  // namespace holdfast::net
