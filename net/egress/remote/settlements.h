#pragma once
// Settlements: what has become of an invocation's completions and signals, as far as an attempt was
// told.

#include <string>
#include <unordered_map>

#include "journal/entry.h"
#include "journal/wait_set.h"

namespace holdfast::net {

class Settlements {
 public:
  // The first of each counts.
  void settle(const journal::Notification& notification);
  journal::Settled look_up(const journal::WaitSet::Leaf& leaf) const;

 private:
  std::unordered_map<journal::CompletionId, journal::Settled> completions_;
  std::unordered_map<std::uint32_t, journal::Settled> signals_;
  std::unordered_map<std::string, journal::Settled> named_signals_;
};

}  // namespace holdfast::net
