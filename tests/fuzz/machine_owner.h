#pragma once
// MachineOwner: one invocation as its owner in the engine lives it, without actors, threads and
// handlers. It calls the machine as InvocationActor does, with the same checks before each call;
// what the handler does and when is for the caller to choose.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "journal/journal.h"

namespace holdfast::testing {

class MachineWorld;

// What owners hear; see actors/mail.h for what each is.
struct Begin {
  journal::Invocation invocation;
  journal::Entry input;
  bool id_determined = false;
};
struct Started {
  journal::Created created;
};
struct Arrived {
  journal::Entry entry;
  journal::Stamp chunk = 0, wake_up = 0;
};
struct Asked {
  journal::InvocationId from;
  journal::Request request;
};
struct AskTaken {
  std::uint32_t number = 0;
  std::uint32_t life = 0;
};
struct TimerFired {
  journal::Timer timer;
};
struct Committed {
  std::optional<journal::Stamp> born, chunk, wake_up, queue;
  std::vector<journal::Notification> notifications;
};
struct Wake {};
using Mail = std::variant<Begin, Started, Arrived, Asked, AskTaken, TimerFired, Committed, Wake>;

enum class Act { kCancel, kKill, kPurge, kPurgeJournal, kPause, kResume };

// The handler at work. What it has said and heard is all it knows.
struct MachineAttempt {
  std::vector<journal::Notification> heard;
  std::vector<journal::CompletionId> open_runs;  // Not proposed.
  std::vector<journal::CompletionId> asked;      // Of all its commands.
  journal::CompletionId next = 1;
  bool has_output = false;
};

class MachineOwner {
 public:
  MachineOwner(MachineWorld& world, const journal::InvocationId& id);

  void receive(Mail mail);
  void act(Act act);
  void signal(journal::Notification signal);
  // It holds its key from now on. REQUIRES: it is the first of the queue.
  void grant(journal::Stamp place);
  void copy_as_new(std::size_t from);
  // After any of the above, but for several commands in one go.
  void settle();

  // --- The attempt. REQUIRES, of the rest: attempt() != nullptr.
  MachineAttempt* attempt() { return attempt_ && !broken_ ? &*attempt_ : nullptr; }
  const journal::Target& target() const { return state_.row.target; }
  void command(journal::Entry entry);
  void propose(journal::CompletionId completion, journal::Outcome outcome);
  // Whether it may end or leave: nothing it has done or asked is on its way.
  bool may_close() const { return outstanding_ == 0 && open_asks_.empty(); }
  bool news_pending() const;
  // REQUIRES: may_close().
  void park(journal::WaitSet waits);
  void fail(std::optional<std::int64_t> delay_ms);
  void finish(journal::Outcome outcome, bool recorded);

  // Nothing decided or on its way, in or out. What is stored is what it holds then: see
  // check_replay().
  bool is_quiet() const;
  bool may_leave() const;
  // REQUIRES: is_quiet(), and nothing is on its way here.
  void check_replay() const;

 private:
  enum class Presence { kUnknown, kAbsent, kPresent, kQuarantined };

  // machine_owner.cc: how it comes to be, and what brings it back.
  void on(Begin& mail);
  void on(Started& mail);
  void on(Arrived& mail);
  void on(TimerFired& mail);
  void on(Committed& mail);
  void on(Wake&) { load_if_unknown(); }
  void load(journal::Reading reading);
  void load_if_unknown();
  void find_place();
  void resume_if_due();
  bool has_kill_signal() const;
  bool is_woken_by_news() const;
  void hear(std::span<const journal::Notification> news);
  void learn_sleep(const journal::Timer& timer);
  void hear_early();
  void drop_told(journal::Stamp chunk, journal::Stamp wake_up);
  void tell_again(Arrived mail);
  void adopt_early();
  void create(journal::Invocation row, journal::Entry input);
  bool may_start();
  void start_attempt();
  void ask_again();
  void flush();
  void check_parked(const std::vector<journal::StampedEntry>& entries) const;

  // machine_asked.cc: what others want of it.
  void on(Asked& mail);
  void on(AskTaken& mail) {
    if (mail.life == state_.row.life) open_asks_.erase(mail.number);
  }
  void serve(const Asked& mail, const journal::Request::StartCall& start);
  void serve(const Asked& mail, const journal::Request::AttachTo& attach);
  void serve(const Asked& mail, const journal::Request::PromiseAct& act);
  void tell_failure(const Asked& mail, std::uint16_t code);
  void take_signal(journal::Notification signal);
  void cancel();
  void kill();
  void pause();
  void resume();
  void remove(bool row_too);
  void drop_promises();
  void end(journal::Outcome outcome);
  void end_attempt();
  void check_waiters() const;

  MachineWorld& world_;
  const journal::InvocationId id_;

  Presence presence_ = Presence::kUnknown;
  journal::InvocationState state_;
  journal::OwnRows rows_;
  journal::Stamp last_stamp_ = 0, born_ = 0;
  std::vector<Arrived> early_;
  std::set<journal::Stamp> told_again_;
  std::optional<std::vector<journal::Entry>> journal_;
  std::vector<journal::Notification> news_;
  std::set<journal::Timer> learned_sleeps_;
  std::map<std::string, journal::PromiseState> promises_;

  journal::Decision decision_;
  std::vector<std::pair<journal::InvocationId, AskTaken>> acks_;  // For the next receipt.
  std::size_t outstanding_ = 0;
  std::set<std::uint32_t> open_asks_;

  std::optional<MachineAttempt> attempt_;
  bool broken_ = false;
  bool want_attempt_ = false;
  std::deque<Act> waiting_acts_;
};

}  // namespace holdfast::testing
