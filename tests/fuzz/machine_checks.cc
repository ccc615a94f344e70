// What is checked of an owner: that whoever comes after it finds what it knows.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "storage/base/check.h"
#include "tests/fuzz/machine_owner.h"
#include "tests/fuzz/machine_world.h"
#include "tests/journal/record_samples.h"
#include "tests/support/naive_waits.h"

namespace holdfast::testing {

using journal::Status;

namespace {

std::vector<journal::Notification> notifications_of(
    const std::vector<journal::StampedEntry>& entries) {
  std::vector<journal::Notification> found;
  for (const auto& one : entries) {
    const auto* notification = std::get_if<journal::Notification>(&one.entry.body);
    if (notification != nullptr) found.push_back(*notification);
  }
  return found;
}

std::string text_of(const std::vector<journal::Notification>& notifications) {
  std::string text;
  for (const auto& one : notifications) text += describe(journal::Entry{{}, one}) + "\n";
  return text;
}

void require_same(const std::string& live, const std::string& stored, const char* what) {
  if (live == stored) return;
  std::fprintf(stderr, "replay differs from what is live: %s\nlive:   %s\nstored: %s\n", what,
               live.c_str(), stored.c_str());
  std::abort();
}

}  // namespace

bool MachineOwner::is_quiet() const {
  return outstanding_ == 0 && decision_.empty() && early_.empty() && waiting_acts_.empty() &&
         acks_.empty();
}

bool MachineOwner::may_leave() const {
  return is_quiet() && !want_attempt_ && open_asks_.empty() && !attempt_ &&
         (presence_ != Presence::kPresent || state_.row.status != Status::kRunning);
}

void MachineOwner::check_replay() const {
  if (presence_ == Presence::kUnknown || presence_ == Presence::kQuarantined) return;
  const auto loaded = world_.journal().load(id_);
  CHECK(loaded.has_value(), "what is stored can be read");
  CHECK(loaded->has_value() == (presence_ == Presence::kPresent), "it is there or not");
  if (!loaded->has_value()) return;
  const journal::InvocationState& stored = (*loaded)->state;
  const Status status = state_.row.status;
  require_same(describe(state_.row), describe(stored.row), "the row");
  check_waiters();
  const auto as_set = [](const std::vector<journal::Stamp>& stamps) {
    return std::set<journal::Stamp>(stamps.begin(), stamps.end());
  };
  CHECK(as_set(rows_.wake_ups) == as_set((*loaded)->wake_ups), "its wake-ups are those stored");
  CHECK(status != Status::kRunning || attempt_, "a running one has its attempt");
  CHECK(!attempt_ || status == Status::kRunning, "and no other one has any");
  if (status == Status::kCompleted) return;  // Nobody needs its journal any more.

  CHECK(state_.entries == stored.entries, "no entry is lost, none comes twice (INV-6)");
  const auto notifications = notifications_of((*loaded)->entries);
  if (attempt_) {
    require_same(text_of(attempt_->heard), text_of(notifications), "what the attempt was told");
  }
  if (status == Status::kSuspended) check_parked((*loaded)->entries);
  if (state_.row_only) return;
  CHECK(state_.commands == stored.commands, "nor any command");
  const auto in_order = [](std::vector<journal::Timer> timers) {
    std::sort(timers.begin(), timers.end());
    return timers;
  };
  CHECK(in_order(state_.open_sleeps) == in_order(stored.open_sleeps), "the same sleeps are open");
}

void MachineOwner::check_waiters() const {
  const auto check = [this](const journal::WaitedFor& of, const journal::LaterWaiters& later) {
    std::set<journal::Waiter> stored;
    CHECK(world_.tables().later_waiters(of, stored).has_value(), "memory can be read");
    const bool are_there =
        std::includes(stored.begin(), stored.end(), later.known.begin(), later.known.end());
    CHECK(are_there, "who is known to wait has a row");
    CHECK(!later.all || stored.size() == later.known.size(), "and nobody else");
  };
  check(id_, state_.later_waiters);
  for (const auto& [name, promise] : promises_) {
    check(journal::PromiseName{"W", "k", name}, promise.later_waiters);
  }
}

// It is still suspended, so what it waits for has not come: computed from its whole journal.
void MachineOwner::check_parked(const std::vector<journal::StampedEntry>& entries) const {
  const journal::WaitSet* const waits = world_.parked_on(id_);
  const auto history = notifications_of(entries);
  CHECK(waits == nullptr || !naively_ready(*waits, history), "what has come wakes it");
  const auto row = world_.journal().load(id_, journal::Reading::kNewsIfParked);
  CHECK(row.has_value() && row->has_value(), "it can be read in part");
  CHECK((*row)->state.entries == entries.size(), "and is the same then");
}

}  // namespace holdfast::testing
