#pragma once
// RemoteAttempt: one attempt spoken over a pair of byte streams: frames in, frames out, a
// runtime::Session in between. The other host of a session is net/egress/embedded_attempt.
//
// It reads Start and the whole journal before the handler runs, then lives on notifications until
// one of these is sent, after which it sends nothing: Output and End; Suspension; Error.
//
//   - Suspension: the handler is blocked, no closure of its is executed, and the engine has ended
//     its stream or suspend() was called. Versions 5 and 6 list what is waited for, 7 wraps the
//     list in a Future of which the first to be completed counts.
//   - Error: the attempt failed; sent when no closure is executed any more, so that the next
//   attempt
//     does not execute one beside it.
//
// Proposals. Version 7: sent with the wish for an ack, the outcome is kept and is given to the
// handler when the ack comes. Versions 5 and 6: the engine sends the outcome back.
//
// INV-2 and INV-3 are the session's. INV-1: a closure is executed when its command has been sent;
// see holdfast/endpoint.h for what that promises.
// INV-11: bytes that are no frames, or frames out of place, end the attempt with Error 571.
//
// Threads: one at a time (the strand of Surroundings). Lifetime: whoever calls holds it shared;
// closures that are executed keep it, and may be the last to let it go.

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/protocol/restate/frame.h"
#include "net/protocol/restate/from_handler.h"
#include "net/protocol/restate/to_handler.h"
#include "net/protocol/restate/version.h"
#include "sdk/runtime/session.h"
#include "storage/base/clock.h"

namespace holdfast::runtime {

// Where the bytes of one attempt go.
class AttemptOutput {
 public:
  virtual ~AttemptOutput() = default;
  virtual void write(BytesView bytes) = 0;
  // Nothing more comes.
  virtual void finish() = 0;
  // Instead of finish(): what was written is not to be trusted to be whole.
  virtual void reset() = 0;
  // Bytes written that nobody has taken yet.
  virtual std::size_t unsent() const = 0;
};

class RemoteAttempt final : public std::enable_shared_from_this<RemoteAttempt>,
                            private SessionHost {
 public:
  // What all attempts of an endpoint share. `run_step` executes a closure on another thread, or
  // drops it at the end of the process. `post` gets a task onto the strand of the attempts, from
  // any thread; after the end it may drop it.
  struct Surroundings {
    std::function<void(std::function<void()>)> run_step;
    std::function<void(std::function<void()>)> post;
    const Clock* clock = nullptr;
    std::size_t journal_bytes_max = 512u << 20;  // Of all attempts together.
    std::size_t unsent_max = 64u << 20;          // Of one attempt; above it the attempt is reset.
    std::atomic<std::size_t> journal_bytes{0};   // Held now.
  };

  // `handler` is kept, and with it what it is part of.
  RemoteAttempt(std::shared_ptr<const HandlerDefinition> handler,
                protocol::restate::Version version, std::shared_ptr<Surroundings> surroundings,
                std::shared_ptr<AttemptOutput> output);
  ~RemoteAttempt() override;

  // Bytes of the engine's stream, cut anywhere.
  void receive(BytesView bytes);
  // The engine's stream has ended.
  void receive_end();
  // As soon as the handler is blocked it is to be suspended. Before the journal is whole the engine
  // gets an Error that may be retried at once.
  void suspend();
  // The engine is gone: nothing is sent any more.
  void abandon();

  bool over() const { return stage_ == Stage::kOver; }

 private:
  enum class Stage {
    kStart,    // Start is awaited.
    kJournal,  // Its entries are.
    kRunning,
    kFailing,  // error_ is to be sent when no closure is executed any more.
    kOver,
  };

  void on_command(protocol::Command command) override;
  void on_proposal(protocol::CompletionId completion, protocol::Outcome outcome) override;
  void on_step(Step step) override;
  void on_log(int level, const std::string& line) override;
  Lookup read_state(BytesView key, Bytes* value) override;
  bool read_state_keys(std::vector<Bytes>* keys) override;
  std::int64_t now_unix_ms() override { return to_unix_millis(surroundings_->clock->now()); }

  struct Closure;

  // One message of the engine, by the stage.
  void take(protocol::restate::Frame frame);
  void take_start(protocol::restate::ToHandler message);
  void take_entry(protocol::restate::ToHandler message);
  void take_news(protocol::restate::ToHandler message);
  void begin();
  void step_done(protocol::CompletionId completion, StepOutcome outcome);

  // Looks where a call of the session has led, and says so.
  void settle();
  void settle_blocked();
  void advise(const protocol::WaitSet& waits);
  bool awaits_only_runs(const protocol::WaitSet& waits) const;

  void send(const protocol::restate::FromHandler& message);
  // Whether the frame appended to out_ at `began` is within the limit; else it is taken back, and
  // the attempt is going to fail.
  bool is_sendable(std::size_t began, const std::string& what);
  void fail(std::uint16_t code, std::string message);
  void fail(protocol::AttemptError error);
  // Writes the frames, then lets closures go.
  void flush();
  void end();  // After a last frame.
  void leave();
  void release_journal();

  const std::shared_ptr<const HandlerDefinition> handler_;
  const protocol::restate::Version version_;
  const std::shared_ptr<Surroundings> surroundings_;
  const std::shared_ptr<AttemptOutput> output_;

  Stage stage_ = Stage::kStart;
  bool suspending_ = false;  // The engine's stream has ended, or suspend() was called.
  protocol::restate::FrameReader reader_;
  std::size_t received_ = 0;  // Counted in surroundings_->journal_bytes.

  std::string invocation_;
  protocol::Start start_;  // Until the session has it.
  std::uint32_t entries_awaited_ = 0;
  std::unordered_map<Bytes, Bytes> state_;
  bool state_is_partial_ = true;

  // Runs whose outcome has not come. Version 7: with what was proposed, for the ack.
  std::unordered_map<protocol::CompletionId, std::optional<protocol::Outcome>> runs_;
  std::optional<protocol::CompletionId> ended_step_;  // Whose outcome the session is given.
  std::uint32_t commands_ = 0;                        // Of the journal; the index of the next one.
  // The last AwaitingOn, if nothing was told since: engines forget it then, as it may be over.
  struct Advice {
    protocol::WaitSet waits;
    bool closures = false;  // Some are executing.
  };
  std::optional<Advice> advised_;
  std::optional<protocol::AttemptError> error_;

  Bytes out_;  // Frames of the call that goes on.
  std::unique_ptr<Session> session_;
  // To be executed when out_ has been written (INV-1). Last: they refer to the session's frame.
  std::vector<Step> steps_;
};

}  // namespace holdfast::runtime
