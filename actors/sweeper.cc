#include "actors/sweeper.h"

#include <algorithm>
#include <caf/send.hpp>

#include "actors/caf_types.h"
#include "actors/last_resort.h"
#include "actors/router/router.h"

namespace holdfast::actors {

void WaitNotes::add(Note note) {
  const std::lock_guard lock(mutex_);
  notes_.push_back(std::move(note));
  if (!asleep_ || !sweeper_) return;
  asleep_ = false;
  caf::anon_send(sweeper_, SweepNow{});
}

std::vector<WaitNotes::Note> WaitNotes::take(std::int64_t until_ms,
                                             std::optional<std::int64_t>* next_since_ms) {
  std::vector<Note> taken;
  const std::lock_guard lock(mutex_);
  while (!notes_.empty() && notes_.front().since_ms <= until_ms) {
    taken.push_back(std::move(notes_.front()));
    notes_.pop_front();
  }
  next_since_ms->reset();
  if (!notes_.empty()) *next_since_ms = notes_.front().since_ms;
  asleep_ = notes_.empty();
  return taken;
}

void WaitNotes::set_sweeper(caf::actor sweeper) {
  const std::lock_guard lock(mutex_);
  sweeper_ = std::move(sweeper);
}

SweeperActor::SweeperActor(caf::actor_config& config, WaitNotes& notes, const Clock& clock,
                           Router& router, std::int64_t park_after_ms)
    : caf::event_based_actor(config),
      notes_(notes),
      clock_(clock),
      router_(router),
      park_after_ms_(park_after_ms) {
  end_process_on_exception(*this);
}

caf::behavior SweeperActor::make_behavior() {
  return {[this](const SweepNow&) { sweep(); }};
}

void SweeperActor::sweep() {
  const std::int64_t now = to_unix_millis(clock_.now());
  std::optional<std::int64_t> next_since;
  for (const WaitNotes::Note& note : notes_.take(now - park_after_ms_, &next_since)) {
    if (const auto* id = std::get_if<journal::InvocationId>(&note.who)) {
      router_.deliver_if_present(*id, InvocationMail{ParkIfWaiting{note.number}});
    } else {
      router_.deliver_if_present(std::get<KeyName>(note.who), KeyMail{LeaveIfQuiet{note.number}});
    }
  }
  if (!next_since) return;
  // A quarter more, so that a busy stretch is swept in a few rounds.
  const std::int64_t wait =
      std::max<std::int64_t>(1, *next_since + park_after_ms_ - now + park_after_ms_ / 4);
  caf::delayed_anon_send(caf::actor(this), std::chrono::milliseconds(wait), SweepNow{});
}

}  // namespace holdfast::actors
