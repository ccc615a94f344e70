#pragma once
// Handler: the one door from the engine to handler code. An attempt is one run of a handler for one
// invocation; who carries it (a coroutine in this process, a connection to another) is behind these
// classes, which net/egress implements.
//
// An attempt carried elsewhere keeps what comes for it until its actor asks: it calls the `wake` it
// was opened with, and woken() then acts on it.
//
// Threads: an attempt and its host are used by the invocation's actor only; just a step's `run`,
// the `done` it calls, and `wake` go elsewhere.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "journal/entry.h"
#include "journal/invocation.h"

namespace holdfast::actors {

// How a closure of the handler's ended: a value, or a failure that may be final.
struct StepFailure {
  journal::Failure failure;
  bool terminal = false;
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;  // Instead of the policy's.
};
using StepOutcome = std::variant<Bytes, StepFailure>;

// A closure of the handler's, ready to be executed; may block for minutes.
struct Step {
  journal::CompletionId completion = 0;
  // Executes it and calls `done` exactly once, on any thread, maybe after having returned.
  std::function<void(std::function<void(StepOutcome)> done)> run;
};

// What a handler's code needs from its invocation. Called inside calls of Attempt.
class AttemptHost {
 public:
  virtual ~AttemptHost() = default;
  // A command the journal does not hold yet, in order. Stored with the next batch that somebody
  // waits for; `at_once` is for who waits for Attempt::all_durable().
  virtual void on_command(journal::Entry command, bool at_once = false) = 0;
  // The outcome of a Run command.
  virtual void on_proposal(journal::CompletionId completion, journal::Outcome outcome) = 0;
  // To be executed once all that was sent before it is durable (INV-1).
  virtual void on_step(Step step) = 0;
  // Level: 0 debug, 1 info, 2 warning, 3 error.
  virtual void on_log(int level, const std::string& line) = 0;
  // The object's state as of now; none: not set.
  virtual std::optional<Bytes> read_state(BytesView key) = 0;
  virtual std::vector<Bytes> list_state() = 0;
  virtual std::int64_t now_unix_ms() = 0;
};

struct AttemptStart {
  const journal::Invocation& invocation;
  std::vector<journal::Entry> journal;  // At least the Input.
  std::uint32_t retry_count = 0;
  std::int64_t retrying_for_ms = 0;
  // Not all of it is durable yet: everything is made ready, but the handler cannot begin before
  // Attempt::release(). See Handlers::starts_ahead().
  bool hold = false;
};

struct AttemptError {
  journal::AttemptFailure failure;
  std::optional<std::int64_t> next_retry_delay_ms;  // Replaces the policy's next interval.
  enum class Then { kRetry, kPause, kFail };
  Then then = Then::kRetry;  // kFail: the invocation ends with the failure.
};

enum class AttemptState {
  kBlocked,
  kEnded,
  kFailed,
  kSuspended,  // It has ended by itself, to be done again when waiting() is met.
};

class Attempt {
 public:
  virtual ~Attempt() = default;
  // Each runs the handler as far as it goes.
  virtual AttemptState start(AttemptStart start) = 0;
  virtual AttemptState notify(const journal::Notification& notification) = 0;
  virtual AttemptState step_done(journal::CompletionId completion, StepOutcome outcome) = 0;
  // What was held back since start() may go. Nothing if it was not held.
  virtual void release() {}
  // Acts on what has come since the last call.
  virtual AttemptState woken() { return AttemptState::kBlocked; }
  // All commands and proposals given so far are durable.
  virtual void all_durable() {}
  // REQUIRES: kBlocked or kSuspended.
  virtual journal::WaitSet waiting() const = 0;
  // REQUIRES: kSuspended. What it waits for has been notified already.
  virtual bool is_ready() const { return false; }
  // Whether it can be dropped while blocked, to be done again later. Where not, it is asked to
  // suspend itself, which changes nothing yet.
  virtual bool droppable() const { return true; }
  // Whether asking makes a difference: it is known to wait, and has not been asked.
  virtual bool can_be_asked() const { return false; }
  // Nothing if it cannot be asked.
  virtual void ask_to_suspend() {}
  // The process is about to end: whatever it does, it should suspend itself as soon as it can.
  virtual void wind_up() {}
  // REQUIRES: kFailed.
  virtual AttemptError error() const = 0;
};

struct OpenedAttempt {
  std::unique_ptr<Attempt> attempt;
  // What the invocation is pinned to from here on; empty for code of this process.
  std::string deployment_id;
  std::uint8_t protocol_version = 0;
};

// Opens attempts. Any thread.
class Handlers {
 public:
  virtual ~Handlers() = default;
  // By the invocation's target and the deployment it is pinned to. `host` outlives the attempt;
  // `wake` may be called on any thread and at any time, also when the attempt has gone. kNotFound
  // when nothing serves the target (any more).
  virtual Result<OpenedAttempt> open(const journal::Invocation& invocation, AttemptHost& host,
                                     std::function<void()> wake) = 0;
  // Whether this invocation's handler is somewhere else, where it acts on the world without being
  // held back: nothing that it is shown may be lost again (INV-1).
  virtual bool is_elsewhere(const journal::Invocation& invocation) const {
    static_cast<void>(invocation);
    return false;
  }
  // Whether attempts of handlers elsewhere can be started on hold, to be made ready while what they
  // will see is on its way to the disk.
  virtual bool starts_ahead() const { return false; }
};

}  // namespace holdfast::actors
