#pragma once
// KeyActor: the queue of one object key. It lets one exclusive invocation in at a time, in the
// order of the stamps of their places (INV-5), and hands the object's state from one to the next.
//
// The queue is the table; what is here is its beginning. The first place holds the key, also while
// its invocation is suspended and nobody is in memory. The next one is let in as soon as the last
// one's leaving is staged: whatever it does outside waits for the receipt of that batch
// (Grant::after).

#include <caf/event_based_actor.hpp>
#include <deque>
#include <memory>

#include "actors/mail.h"

namespace holdfast::actors {

struct Surroundings;

class KeyActor : public caf::event_based_actor {
 public:
  KeyActor(caf::actor_config& config, const Surroundings& world, KeyName name);
  caf::behavior make_behavior() override;

 private:
  void on(Expected& mail);
  void on(Enqueued& mail);
  void on(Left& mail);
  void on(LookAgain& mail);
  void on(ReplaceState& mail);
  void on(ReplaceDurable& mail);
  void on(LeaveIfQuiet& mail);
  void on(Leave& mail);

  void load_more();
  void let_in();
  void hurry_if_free();
  bool all_durable() const;
  void note_quiet();

  const Surroundings& world_;
  const KeyName name_;
  const std::size_t in_memory_max_;  // Places of the queue.

  std::deque<journal::Tables::Queued> queue_;
  journal::Stamp seen_ = 0;    // The queue is known up to this stamp.
  bool more_in_store_ = true;  // There may be places after seen_ that are not in queue_.
  std::optional<journal::Tables::Queued> inside_;  // Has been let in.
  storage::Ticket after_{};  // What the next one must wait for before it acts outside.
  std::shared_ptr<ObjectState> state_;
  bool expected_ = false;  // Somebody waits for his place to be stored with what is stored next.
  std::size_t replacing_ = 0;  // Replacements not durable yet.
  bool barrier_ = false;       // Waits for the last one's batch; LookAgain comes with its receipt.
  std::uint64_t activity_ = 0;
  bool quiet_noted_ = false;
  bool leaving_ = false;
};

}  // namespace holdfast::actors
