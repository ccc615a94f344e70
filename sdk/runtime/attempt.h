#pragma once
// Attempt: the inside of a Session. It is the ContextCore the handler sees, and keeps what has been
// asked for, what has come, and what the handler waits for.
//
// INV-2 is kept by issue(), through which every command goes; INV-3 by it sending only what is not
// recorded. That replay may know all recorded notifications from the start is argued in
// holdfast/future.h. It rests on two things here: the handler is one chain of awaits (block()
// refuses a second one), and a cancellation is thrown by comparing positions (ready()).
//
// Closures are handed out late: not while recorded commands remain, so that a handler that turns
// out to have changed has executed nothing. One that an await has left behind by then (it was
// cancelled, or another future won) is handed out only if the handler waits for it again: what
// undoes a step must not run beside it.
//
// A closure that fails ends the attempt only when the handler waits for it. Otherwise the failure
// is kept until it does.

#include <atomic>
#include <chrono>
#include <coroutine>
#include <optional>
#include <string>
#include <vector>

#include "sdk/include/holdfast/runtime/context_core.h"
#include "sdk/include/holdfast/task.h"
#include "sdk/runtime/arrivals.h"
#include "sdk/runtime/cancellation.h"
#include "sdk/runtime/replay.h"
#include "sdk/runtime/session.h"
#include "sdk/runtime/state_overlay.h"
#include "sdk/runtime/steps.h"
#include "storage/base/random.h"

namespace holdfast::runtime {

class Attempt final : public ContextCore {
 public:
  Attempt(const HandlerDefinition& handler, SessionHost& host);
  ~Attempt() override;

  // As in Session.
  SessionState start(protocol::Start start);
  SessionState notify(protocol::Notification notification);
  SessionState step_done(protocol::CompletionId completion, StepOutcome outcome);
  SessionState state() const { return state_; }
  protocol::WaitSet waiting() const;
  const protocol::AttemptError& error() const { return *error_; }
  std::size_t steps_in_flight() const { return steps_.in_flight(); }

  Slot* run(std::string name, const std::optional<RunOptions>& options, StepBody body) override;
  Slot* sleep(std::chrono::milliseconds duration, std::string name) override;
  Slot* sleep_until(std::int64_t wake_up_unix_ms, std::string name) override;
  Slot* get_state(Bytes key) override;
  Slot* get_state_keys() override;
  void set_state(Bytes key, Bytes value) override;
  void clear_state(Bytes key) override;
  void clear_all_state() override;
  CallSlots call(CallRequest request) override;
  Slot* send(CallRequest request, std::chrono::milliseconds delay) override;
  Slot* attach(Target target) override;
  Slot* output(Target target) override;
  void send_signal(std::string invocation_id, SignalId signal, Resolution result) override;
  void cancel(std::string invocation_id) override;
  Slot* get_promise(std::string name) override;
  Slot* peek_promise(std::string name) override;
  Slot* complete_promise(std::string name, Resolution result) override;
  AwakeableSlot awakeable() override;
  void complete_awakeable(std::string id, Resolution result) override;
  Slot* signal(std::string name) override;
  std::int64_t now_unix_ms() override;
  std::uint64_t random_bits() override;
  void log(Severity severity, const std::string& line) override;
  const std::string& invocation_id() const override { return start_.invocation_id; }
  const std::string& key() const override { return start_.key; }
  const Headers& headers() const override { return headers_; }
  bool begin_await(const Awaited& awaited) override;
  void block(const Awaited& awaited, std::coroutine_handle<> handle) override;
  void end_await() override;

 private:
  // Thrown where an operation of a failed attempt would have to give a value. Not a std::exception,
  // so that handlers do not take it for an error of theirs.
  struct AttemptOver {};

  enum class Issued { kFailed, kReplayed, kSent };

  // Takes the journal apart. False when it is none.
  bool take_journal();
  // Lets the handler go on by `resume`, then finds out where that has led.
  template <class Resume>
  SessionState drive(Resume&& resume);
  SessionState settle();
  SessionState go_on_if_ready();
  void finish();
  // With a time, the next attempt begins after it instead of when the policy says.
  void fail(std::uint16_t code, std::string message,
            std::optional<std::chrono::milliseconds> retry_after = std::nullopt);
  void fail_mismatch(std::string message);
  void fail_step(const RunStep& step, const StepFailure& failure);

  // Throws std::logic_error outside the handler.
  void require_handler() const;
  Issued issue(protocol::Command command);
  // Issues a command with one completion. `Body` has a member `completion`.
  template <class Body>
  Slot* ask(Body body, std::string name = {});
  Issued issue_now(protocol::CommandBody body);
  Slot* answer(std::optional<Bytes> value);
  Slot* answer_keys(std::vector<Bytes> keys);
  // The handler waits: takes up again what was left behind, fails by what has failed meanwhile.
  void look_after_awaited_steps();

  // Whether it is known how the await of `awaited` ends.
  bool is_decided(const Awaited& awaited) const;
  // Whether it is over; decides whether by a cancellation. One that throws is not over while a
  // closure is in flight, which may refer to what the exception ends.
  bool ready(const Awaited& awaited);
  // Cancels the calls under way. False while the id of one of them is not known.
  bool cancel_calls();

  const HandlerDefinition& handler_;
  SessionHost& host_;
  protocol::Start start_;
  Headers headers_;
  SeededRandom random_;
  Replay replay_;
  Arrivals arrivals_;
  Cancellation cancellation_;
  StateOverlay overlay_;
  Steps steps_;

  protocol::CompletionId last_completion_ = 0;
  std::uint32_t next_signal_ = protocol::kFirstAwakeable;
  std::uint32_t commands_ = 0;  // Issued so far; Input is one.

  SessionState state_ = SessionState::kBlocked;
  std::optional<protocol::AttemptError> error_;
  std::atomic<bool> in_handler_ = false;  // Atomic for the sake of those who break the rule.
  bool ending_ = false;                   // The frame is being destroyed.
  const Awaited* awaited_ = nullptr;
  std::coroutine_handle<> blocked_;

  Task<Bytes> task_;  // Last: its locals may use all of the above while they are destroyed.
};

}  // namespace holdfast::runtime
