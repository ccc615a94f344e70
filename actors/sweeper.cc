#include "actors/sweeper.h"

#include <algorithm>
#include <caf/send.hpp>
#include <iterator>

#include "actors/caf_types.h"
#include "actors/last_resort.h"
#include "actors/router/router.h"

namespace holdfast::actors {

// A quarter more than the patience, so that a busy stretch is swept in a few rounds.
std::int64_t WaitNotes::look_at(std::int64_t until_ms, std::int64_t patience_ms) const {
  return until_ms + std::min(patience_ms, patience_ms_) / 4;
}

void WaitNotes::add(Note note, std::int64_t patience_ms) {
  const std::int64_t until_ms = note.since_ms + patience_ms;
  const std::int64_t look_at_ms = look_at(until_ms, patience_ms);
  const std::lock_guard lock(mutex_);
  if (patience_ms == patience_ms_) {
    notes_.push_back(std::move(note));
  } else {
    special_.emplace(until_ms, std::move(note));
  }
  if (look_at_ms >= look_again_at_ms_ || !sweeper_) return;
  look_again_at_ms_ = look_at_ms;
  caf::anon_send(sweeper_, SweepNow{});
}

std::vector<WaitNotes::Note> WaitNotes::take(std::int64_t now_ms,
                                             std::optional<std::int64_t>* look_again_at_ms) {
  std::vector<Note> taken;
  const std::lock_guard lock(mutex_);
  // A wait that begins later than now was noted by a clock that has been set back since. It would
  // keep those behind it; its owner is asked at once instead.
  while (!notes_.empty() &&
         (notes_.front().since_ms + patience_ms_ <= now_ms || notes_.front().since_ms > now_ms)) {
    taken.push_back(std::move(notes_.front()));
    notes_.pop_front();
  }
  while (!special_.empty() && special_.rbegin()->second.since_ms > now_ms) {
    const auto latest = std::prev(special_.end());
    taken.push_back(std::move(latest->second));
    special_.erase(latest);
  }
  while (!special_.empty() && special_.begin()->first <= now_ms) {
    taken.push_back(std::move(special_.begin()->second));
    special_.erase(special_.begin());
  }
  look_again_at_ms_ = INT64_MAX;
  if (!notes_.empty()) {
    look_again_at_ms_ = look_at(notes_.front().since_ms + patience_ms_, patience_ms_);
  }
  if (!special_.empty()) {
    const auto& [until_ms, note] = *special_.begin();
    look_again_at_ms_ = std::min(look_again_at_ms_, look_at(until_ms, until_ms - note.since_ms));
  }
  look_again_at_ms->reset();
  if (look_again_at_ms_ != INT64_MAX) *look_again_at_ms = look_again_at_ms_;
  return taken;
}

void WaitNotes::set_sweeper(caf::actor sweeper) {
  const std::lock_guard lock(mutex_);
  sweeper_ = std::move(sweeper);
}

SweeperActor::SweeperActor(caf::actor_config& config, WaitNotes& notes, const Clock& clock,
                           Router& router)
    : caf::event_based_actor(config), notes_(notes), clock_(clock), router_(router) {
  end_process_on_exception(*this);
}

caf::behavior SweeperActor::make_behavior() {
  return {[this](const SweepNow& mail) {
    if (mail.round == 0 || mail.round == round_) sweep();
  }};
}

void SweeperActor::sweep() {
  ++round_;
  const std::int64_t now = to_unix_millis(clock_.now());
  std::optional<std::int64_t> look_again_at;
  for (const WaitNotes::Note& note : notes_.take(now, &look_again_at)) {
    if (const auto* id = std::get_if<journal::InvocationId>(&note.who)) {
      router_.deliver_if_present(*id, InvocationMail{ParkIfWaiting{note.number}});
    } else {
      router_.deliver_if_present(std::get<KeyName>(note.who), KeyMail{LeaveIfQuiet{note.number}});
    }
  }
  if (!look_again_at) return;
  const std::int64_t wait = std::max<std::int64_t>(1, *look_again_at - now);
  caf::delayed_anon_send(caf::actor(this), std::chrono::milliseconds(wait), SweepNow{round_});
}

}  // namespace holdfast::actors
