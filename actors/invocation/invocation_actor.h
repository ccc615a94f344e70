#pragma once
// InvocationActor: the owner of one invocation while it is in memory. It turns mail into events,
// has the machine decide, the committer store, and only then lets the world hear of it.
//
// It comes to life with its first mail, loads what is stored (unless it is new), replays the
// journal to the handler, and leaves when the invocation is over or waits for long.
//
// Invariants
//   INV-1  What others hear goes out with the receipt of its batch, in the order of the log;
//   closures run
//          only when nothing of this invocation (or of what it has seen) is waiting for a receipt;
//          so do attempts of handlers elsewhere.
//   INV-4  One attempt at a time; what an earlier one still does is ignored (AttemptLink).
//   INV-7  A fired timer is answered when the batch that takes note of it is durable.
//   INV-8  An id determined by its request is created here and nowhere else.
//   INV-11 What cannot be read back quarantines this invocation and nothing else.

#include <caf/event_based_actor.hpp>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "actors/last_resort.h"
#include "actors/mail.h"
#include "actors/object_state.h"
#include "actors/surroundings.h"

namespace holdfast::actors {

class InvocationActor : public caf::event_based_actor {
 public:
  InvocationActor(caf::actor_config& config, const Surroundings& world, journal::InvocationId id);
  ~InvocationActor() override;
  caf::behavior make_behavior() override;
  // Ends its attempt: somebody who holds the end of a closure keeps this object for longer than all
  // around it.
  void on_exit() override;

 private:
  class AttemptLink;
  // An attempt and its end of the line to this actor; kept after its end until its steps are done.
  struct RunningAttempt {
    std::uint64_t number = 0;
    std::unique_ptr<AttemptLink> link;
    std::unique_ptr<Attempt> attempt;
    AttemptState state = AttemptState::kBlocked;
    std::size_t steps_running = 0;  // Closures given away and not reported done.
    bool unread = false;            // It was woken, and is asked when there is room for its news.
    int unsaved_reads = 0;          // Times it was asked since something was last submitted.
    bool wants_all_durable = false;
    bool pinned = false;                        // It chose the deployment.
    bool held = false;                          // What it has been given is not all durable.
    storage::Ticket held_until{};               // The batch that it waits for.
    std::optional<std::int64_t> park_after_ms;  // Of its service; looked up when it first waits.
  };
  enum class Start { kWhenDurable, kAhead };
  enum class Presence { kUnknown, kAbsent, kPresent, kQuarantined };

  // invocation_actor.cc: life in memory
  void on(Committed& mail);
  void on(Rest& mail);
  void on(Leave& mail);
  void on(ParkIfWaiting& mail);
  void load(journal::Reading reading);
  void load_if_unknown();
  // As of last_resort.h, of this invocation.
  template <class T>
  Result<T> read_or_stop(Result<T> read) const {
    return actors::read_or_stop(id_, std::move(read));
  }
  std::shared_ptr<const HandlerInfo> handler_info() const;
  std::int64_t park_after_ms();  // How long this attempt may wait in memory.
  void find_place();
  // Calls `then` when everything decided so far is durable; at once when it is already.
  void when_durable(std::function<void()> then);
  void settle();
  void read_elsewhere();
  void flush();
  // `left`: the place of its key's queue that it leaves, if it does.
  void send_out(storage::Batch batch, journal::Consequences&& consequences,
                std::optional<journal::Stamp> left,
                storage::Committer::Wanted wanted = storage::Committer::Wanted::kNow);
  void leave_if_done();
  std::int64_t now() const;
  // Moves to the loop when its handler is elsewhere. REQUIRES: present.
  void choose_home();

  // starting.cc: how it comes to be and comes back
  void on(Begin& mail);
  void on(Started& mail);
  void on(Wake& mail);
  void on(Grant& mail);
  void on(Arrived& mail);
  void hear_early();
  std::uint32_t next_life() const;
  void drop_told(journal::Stamp chunk, journal::Stamp wake_up);
  void tell_again(Arrived mail);
  void adopt_early();
  void on(TimerFired& mail);
  void resume_if_due();
  bool has_kill_signal() const;
  bool was_taken(journal::Stamp wake_up) const;
  void learn_sleep(const journal::Timer& timer);
  bool is_woken_by_news() const;
  void hear(std::span<const journal::Notification> news);
  void kill_now();

  // beginning.cc: an attempt begins
  bool may_start();
  bool may_start_ahead() const;
  void release_attempt();
  void recall_output();
  void start_attempt(Start how = Start::kWhenDurable);

  // running.cc: the attempt
  void on(StepDone& mail);
  void on(AttemptWoken& mail);
  void on(StateReplaced& mail);
  bool has_room() const;
  void read_attempt();
  void drive(AttemptState state);
  void notify(const journal::Notification& notification);
  void settle_attempt();
  void leave_memory_or_ask();
  void end_attempt();
  void take_command(journal::Entry command, bool at_once);
  void answer_read(const journal::Entry& command);
  void run_waiting_steps();
  void run_step(Step step);
  void finish(journal::Outcome outcome);
  void fail_attempt();
  bool may_close() const { return outstanding_ == 0 && open_asks_.empty(); }
  bool steps_pending() const { return current_.steps_running > 0 || !waiting_steps_.empty(); }
  // Whether it waits, outside itself, for longer than it may stay; notes shorter waits down.
  bool waits_long();
  bool news_pending() const;
  void park();
  void ask_again();
  Result<journal::Resolution> resolve_call(const journal::Call& call) const;
  void break_attempt(std::uint16_t code, std::string message);
  RetryPolicy retry_policy() const;

  // asking.cc: what others ask of it
  void on(Ask& mail);
  void on(AskOutput& mail);
  void on(Asked& mail);
  void on(AskTaken& mail);
  void on(SignalSent& mail);
  void on(ActOn& mail);
  void on(CopyAsNew& mail);
  void serve(const Asked& mail, const journal::Request::StartCall& start);
  void serve(const Asked& mail, const journal::Request::AttachTo& attach);
  void serve(const Asked& mail, const journal::Request::PromiseAct& act);
  void cancel(ActOn& mail);
  void kill(ActOn& mail);
  void purge(ActOn& mail, bool row_too);
  void pause(ActOn& mail);
  void resume(ActOn& mail);
  Result<void> move_to(journal::Invocation& row, std::string_view deployment) const;
  void remove(bool row_too);
  void drop_promises();
  enum class Awaited { kNo, kYes };
  void create(journal::Invocation&& row, journal::Entry&& input, Awaited awaited);
  void join(Begin& mail);
  void answer(std::uint64_t waiter);
  // Before it is added to them; before all are told. False: some could not be read.
  void recall_waiter(const journal::WaitedFor& of, const journal::Waiter& waiter,
                     journal::LaterWaiters& later) const;
  bool recall_waiters(const journal::WaitedFor& of, journal::LaterWaiters& later) const;
  void take_signal(journal::Notification signal);
  Finished finished() const;
  Error unreadable() const;
  Error unknown() const;

  const Surroundings& world_;
  const journal::InvocationId id_;

  // What is stored, plus what is decided and on its way there.
  Presence presence_ = Presence::kUnknown;
  std::string quarantine_reason_;
  journal::InvocationState state_;
  journal::OwnRows rows_;
  journal::Stamp last_stamp_ = 0;  // Of the newest chunk known here.
  // Of its input, which is the first of its journal (INV-6), or what came next when that is in the
  // row: what was told before goes behind it. 1: nothing was, or it stands behind already. 0: not
  // known yet, as its batch is under way.
  journal::Stamp born_ = 0;
  std::vector<Arrived> early_;           // Came before that was known, or before the input.
  std::vector<Grant> early_grants_;      // Came before that was known.
  std::set<journal::Stamp> told_again_;  // Chunks of the latter kind that were seen to.
  std::optional<std::vector<journal::Entry>> journal_;     // As loaded; given to the next attempt.
  std::vector<journal::Notification> news_;                // As loaded, until they are acted on.
  std::set<journal::Timer> learned_sleeps_;                // While it knows its row only.
  std::map<std::string, journal::PromiseState> promises_;  // Of its workflow key, once touched.

  // What is decided and not submitted yet.
  journal::Decision decision_;
  std::vector<std::function<void()>> then_;
  std::size_t outstanding_ = 0;        // Batches without their receipt.
  std::set<std::uint32_t> open_asks_;  // Requests not yet acknowledged, by command number.

  // The attempt.
  RunningAttempt current_;
  std::vector<RunningAttempt> former_;  // Their steps still run.
  std::uint64_t attempts_ = 0;
  std::optional<journal::Outcome> output_;  // The handler has returned.
  bool output_recorded_ = false;            // It is an entry of the journal.
  std::optional<AttemptError> broken_;      // The engine found fault with the attempt.
  // Lists, because they are nearly always empty, and that costs an empty list nothing.
  std::list<Step> waiting_steps_;  // For a receipt.
  std::list<ActOn> waiting_acts_;  // Until nothing is outstanding.
  bool want_attempt_ = false;
  bool refused_ahead_ = false;  // No attempt could be opened ahead.
  std::shared_ptr<ObjectState> object_state_;
  storage::Ticket seen_through_{};  // What it has seen of its key; see Grant.
  storage::Ticket submitted_{};     // The newest batch.
  storage::Ticket left_at_{};       // Of the batch in which it left its key.
  bool state_replaced_ = false;     // By an operator; object_state_ does not know yet.

  Home home_ = Home::kWorkers;
  std::uint64_t wait_ = 0;  // Counts its waits.
  bool wait_noted_ = false;
  bool leaving_ = false;
};

}  // namespace holdfast::actors
