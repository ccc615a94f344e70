#pragma once
// Session: one attempt of one handler. Messages in, messages out; the coroutine in between.
//
// It replays the journal beside the handler (INV-2: a command is compared with its entry before its
// outcome is given out; a difference ends the attempt with code 570 and names the entry, what was
// recorded and what came instead), then runs live. It owns no thread and no clock, and does no I/O,
// so the same session serves a handler inside the engine and one behind a connection.
//
// Threads: one at a time; the host serialises all calls. Only Step::run may be called elsewhere.
// Lifetime: closures may refer to the handler's frame, so a session must outlive its steps in
// flight; see steps_in_flight().

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/protocol/message.h"
#include "sdk/include/holdfast/service.h"

namespace holdfast::runtime {

// A failed closure: final (TerminalError) or worth another try.
struct StepFailure {
  protocol::Failure failure;
  bool terminal = false;
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;  // Instead of the policy's.
};
using StepOutcome = std::variant<Bytes, StepFailure>;

// A closure that is ready to be executed. May block for minutes: never run it on an engine thread.
struct Step {
  protocol::CompletionId completion = 0;
  std::string name;
  // Executes the closure; calls `done` exactly once, on any thread, maybe after run() has returned
  // (a closure that is a coroutine). Never throws.
  std::function<void(std::function<void(StepOutcome)> done)> run;
};

// What the session needs from whoever carries its messages. Called inside the session's own calls.
class SessionHost {
 public:
  virtual ~SessionHost() = default;

  // A new command, in order. Never called during replay (INV-3).
  virtual void on_command(protocol::Command command) = 0;
  // The outcome of a Run command. Becomes a notification once it is durable. (For values that need
  // no closure, such as now(), the session goes on at once and ignores the notification.)
  virtual void on_proposal(protocol::CompletionId completion, protocol::Outcome outcome) = 0;
  // A closure may run as soon as everything sent before it is durable; report with step_done().
  virtual void on_step(Step step) = 0;
  // A line the handler logged outside replay.
  virtual void on_log(int level, const std::string& line) = 0;

  // State as of now, without waiting. kUnknown makes the session ask with a lazy command instead.
  enum class Lookup { kPresent, kAbsent, kUnknown };
  virtual Lookup read_state(BytesView key, Bytes* value) = 0;
  // False when unknown.
  virtual bool read_state_keys(std::vector<Bytes>* keys) = 0;
  // Wall clock, milliseconds since the epoch.
  virtual std::int64_t now_unix_ms() = 0;
};

enum class SessionState {
  kBlocked,  // Waits for waiting(), or for steps in flight.
  kEnded,    // The OutputCommand has been sent; nothing more comes.
  kFailed,   // error() says why; nothing more comes.
};

class Session {
 public:
  // `handler` and `host` outlive the session.
  Session(const HandlerDefinition& handler, SessionHost& host);
  ~Session();

  // Replays the journal and runs until blocked, ended or failed. Called once.
  SessionState start(protocol::Start start);
  // Gives one notification and runs on. Unknown or duplicate completions are ignored.
  SessionState notify(protocol::Notification notification);
  // Tells how a step ended. By the step's retry policy it becomes a proposal, or ends the attempt
  // with an error that carries the delay.
  SessionState step_done(protocol::CompletionId completion, StepOutcome outcome);

  SessionState state() const;
  // REQUIRES: kBlocked.
  protocol::WaitSet waiting() const;
  // REQUIRES: kFailed.
  const protocol::AttemptError& error() const;
  // Steps given to the host and not yet reported done (also after the end of the attempt).
  std::size_t steps_in_flight() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::runtime
