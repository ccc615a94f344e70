#pragma once
// Arrivals: every notification of one attempt, in order, and the slots they arrive in.
//
// A notification may come before what it completes has been asked for: recorded ones are all given
// at the start, and signals come when they like. The n-th signal of a name belongs to the n-th who
// asks.
//
// Invariant: the position of a notification is its rank among all that were given and not ignored.
// The journal keeps that order (INV-6), so positions compare alike in every attempt.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/protocol/message.h"
#include "sdk/include/holdfast/runtime/slot.h"

namespace holdfast::runtime {

class Arrivals {
 public:
  // Completions 1 to `last` are awaited from now on. Slots never move.
  void expect_completions(protocol::CompletionId last);
  // False when it was ignored: unknown, reserved, or a completion that has come before.
  bool add(protocol::Notification notification);

  // The slot of a completion; expects it from now on. REQUIRES: ids are asked for in order, from 1.
  Slot& completion(protocol::CompletionId id);
  Slot& signal(std::uint32_t index);
  Slot& next_signal(const std::string& name);
  // A slot that no notification completes.
  Slot& lone_slot();

  // Positions of the cancel signals.
  const std::vector<Position>& cancellations() const { return cancellations_; }

 private:
  struct NamedSignals {
    std::shared_ptr<const std::string> name;
    std::vector<Slot*> slots;
    std::size_t arrived = 0, asked = 0;
  };

  NamedSignals& named(const std::string& name);
  Slot& nth(NamedSignals& signals, std::size_t index);
  // Where it goes; null when it goes nowhere.
  Slot* slot_for(const protocol::Notification& notification);
  void complete(Slot& slot, protocol::Notification notification);

  Position last_position_ = kAtOnce;
  std::deque<Slot> completions_;  // Id - 1 is the index.
  std::deque<Slot> others_;
  std::unordered_map<std::uint32_t, Slot*> signals_;
  std::unordered_map<std::string, NamedSignals> named_signals_;
  std::vector<Position> cancellations_;
};

}  // namespace holdfast::runtime
