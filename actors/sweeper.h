#pragma once
// Sweeper: reminds owners that wait in memory for long to leave it. Whoever begins a wait notes it
// here, with its patience; the note costs one entry in a queue, and the sweeper sleeps while there
// is none.

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
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

  // `patience_ms`: how long the waits of most may last.
  explicit WaitNotes(std::int64_t patience_ms) : patience_ms_(patience_ms) {}

  void add(Note note) { add(std::move(note), patience_ms_); }
  void add(Note note, std::int64_t patience_ms);
  // Those that have lasted for their patience; and when to look again, if there are more.
  std::vector<Note> take(std::int64_t now_ms, std::optional<std::int64_t>* look_again_at_ms);
  // The sweeper to wake when the first note comes.
  void set_sweeper(caf::actor sweeper);

 private:
  std::int64_t look_at(std::int64_t until_ms, std::int64_t patience_ms) const;

  const std::int64_t patience_ms_;
  std::mutex mutex_;
  // By mutex_.
  std::deque<Note> notes_;                     // Of the common patience, in order.
  std::multimap<std::int64_t, Note> special_;  // Of another, by when it ends.
  caf::actor sweeper_;
  std::int64_t look_again_at_ms_ = INT64_MAX;  // When the sweeper comes by itself.
};

// `round` 0: now; else unless the sweeper has been there since.
struct SweepNow {
  std::uint64_t round = 0;
};

class SweeperActor : public caf::event_based_actor {
 public:
  SweeperActor(caf::actor_config& config, WaitNotes& notes, const Clock& clock, Router& router);
  caf::behavior make_behavior() override;

 private:
  void sweep();

  WaitNotes& notes_;
  const Clock& clock_;
  Router& router_;
  std::uint64_t round_ = 0;
};

}  // namespace holdfast::actors
