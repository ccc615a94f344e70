#pragma once
// Sweeper: reminds owners that wait in memory for long to leave it. Whoever begins a wait notes it
// here; the note costs one entry in a queue, and the sweeper sleeps while there is none.

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <deque>
#include <mutex>
#include <variant>

#include "actors/mail.h"
#include "storage/base/clock.h"

namespace holdfast::actors {

class Router;

// Any thread.
class WaitNotes {
 public:
  struct Note {
    std::int64_t since_ms = 0;
    std::variant<journal::InvocationId, KeyName> who;
    std::uint64_t number = 0;  // Of the wait.
  };

  void add(Note note);
  // Those that began at or before `until_ms`; and when the next one began, if there is one.
  std::vector<Note> take(std::int64_t until_ms, std::optional<std::int64_t>* next_since_ms);
  // The sweeper to wake when the first note comes.
  void set_sweeper(caf::actor sweeper);

 private:
  std::mutex mutex_;
  std::deque<Note> notes_;  // By mutex_.
  caf::actor sweeper_;      // By mutex_.
  bool asleep_ = true;      // By mutex_: the sweeper has nothing scheduled.
};

struct SweepNow {};

class SweeperActor : public caf::event_based_actor {
 public:
  SweeperActor(caf::actor_config& config, WaitNotes& notes, const Clock& clock, Router& router,
               std::int64_t park_after_ms);
  caf::behavior make_behavior() override;

 private:
  void sweep();

  WaitNotes& notes_;
  const Clock& clock_;
  Router& router_;
  const std::int64_t park_after_ms_;
};

}  // namespace holdfast::actors
