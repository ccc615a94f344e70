#pragma once
// EmbeddedAttempt: one attempt of a handler in this process; see embedded_handlers.h.

#include <optional>
#include <string>
#include <vector>

#include "actors/handler.h"
#include "sdk/runtime/session.h"

namespace holdfast::net {

class EmbeddedAttempt final : public actors::Attempt, private runtime::SessionHost {
 public:
  // Both outlive the attempt.
  EmbeddedAttempt(const HandlerDefinition& handler, actors::AttemptHost& host)
      : host_(host), session_(handler, *this) {}

  actors::AttemptState start(actors::AttemptStart start) override;
  actors::AttemptState notify(const journal::Notification& notification) override;
  actors::AttemptState step_done(journal::CompletionId completion,
                                 actors::StepOutcome outcome) override;
  journal::WaitSet waiting() const override;
  actors::AttemptError error() const override;

 private:
  void on_command(protocol::Command command) override;
  void on_proposal(protocol::CompletionId completion, protocol::Outcome outcome) override;
  void on_step(runtime::Step step) override;
  void on_log(int level, const std::string& line) override;
  Lookup read_state(BytesView key, Bytes* value) override;
  bool read_state_keys(std::vector<Bytes>* keys) override;
  std::int64_t now_unix_ms() override;

  actors::AttemptState state(runtime::SessionState session_state) const;

  actors::AttemptHost& host_;
  std::optional<actors::AttemptError> refused_;  // Set for good by the first bad command.
  std::uint32_t commands_ = 0;                   // In the journal; the index of the next one.
  runtime::Session session_;                     // Last: calls the above.
};

}  // namespace holdfast::net
