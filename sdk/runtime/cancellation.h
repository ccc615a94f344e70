#pragma once
// Cancellation: which cancel signals the handler has been told of, and the calls it has made, which
// are cancelled before it is told.
//
// A cancel signal ends an await that is decided after it, by position and not by time, so that
// every attempt throws at the same await.

#include <cstddef>
#include <utility>
#include <vector>

#include "sdk/include/holdfast/runtime/context_core.h"
#include "sdk/runtime/arrivals.h"

namespace holdfast::runtime {

class Cancellation {
 public:
  explicit Cancellation(const Arrivals& arrivals) : arrivals_(arrivals) {}

  void add_call(CallSlots call) { calls_.push_back(call); }

  // Whether the next cancel signal has come, and before `position`.
  bool is_before(Position position) const;

  // Of the calls whose result is not before the next cancel signal: the slots of ids that are not
  // known yet, and of those that are. REQUIRES: that signal has come.
  std::vector<const Slot*> unknown_ids() const;
  std::vector<const Slot*> known_ids() const;

  // The await ends by the next cancel signal; take() tells so once.
  void end_await();
  bool take() { return std::exchange(ended_await_, false); }

 private:
  bool open(const CallSlots& call) const;

  const Arrivals& arrivals_;
  std::vector<CallSlots> calls_;
  std::size_t told_ = 0;  // Cancel signals that have ended an await.
  bool ended_await_ = false;
};

}  // namespace holdfast::runtime
