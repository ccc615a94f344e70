#pragma once
// Replay: the recorded commands of an invocation, walked beside the handler that issues them again.
//
// INV-2: a command passes match() before its outcome is given out; one that differs from what is
// recorded is refused with a text that names the entry, what was recorded and what came instead.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/protocol/message.h"

namespace holdfast::runtime {

class Replay {
 public:
  // Takes the commands of a journal in order; `entry` is the index in the journal, notifications
  // included.
  void add(protocol::Command command, std::size_t entry);

  bool replaying() const { return next_ < recorded_.size(); }
  // Commands passed; the index of the next one. Input is command 0.
  std::uint32_t passed() const { return static_cast<std::uint32_t>(next_); }
  // REQUIRES: replaying().
  protocol::Command& next() { return recorded_[next_].command; }
  void pass() { ++next_; }

  // Passes the next recorded command when `issued` is the same, else tells how they differ.
  // REQUIRES: replaying().
  std::optional<std::string> match(const protocol::Command& issued);
  // The text of a mismatch at the next recorded command: `what` says what came instead.
  // REQUIRES: replaying().
  std::string mismatch(const std::string& what) const;
  // The same when the handler does `what` where it issued a command before.
  std::string mismatch_instead(const std::string& what) const;

 private:
  struct Recorded {
    protocol::Command command;
    std::size_t entry;
  };
  std::vector<Recorded> recorded_;
  std::size_t next_ = 0;  // Never decreases.
};

}  // namespace holdfast::runtime
