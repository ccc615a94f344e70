#pragma once
// Future: what a handler waits for, as a tree. The leaves are completions and signals; a node says
// which of its children must be settled for it to be so.
//
// | combinator                   | ready when                            | its result       |
// | kUnknown                     | any child is ready                    | undecidable      |
// | kFirstCompleted              | any child is ready                    | that child's     |
// | kAllCompleted                | every child is ready                  | success          |
// | kFirstSucceededOrAllFailed   | one child succeeded or all failed     | the same         |
// | kAllSucceededOrFirstFailed   | all children succeeded or one failed  | the same         |
//
// Of an undecidable child nobody but the handler knows whether it succeeded. Where that matters the
// parent counts as ready: a handler woken too early looks, and waits again. What is settled already
// the SDK has left out of a Suspension.
//
// Depth: the functions here recurse, kFutureDepthMax levels at most. Decoding keeps to that.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "net/protocol/message.h"

namespace holdfast::protocol::restate {

inline constexpr std::size_t kFutureDepthMax = 1000;  // A future without nested ones has depth 1.

enum class Combinator : std::uint8_t {  // Numbers of the wire.
  kUnknown = 0,
  kFirstCompleted = 1,
  kAllCompleted = 2,
  kFirstSucceededOrAllFailed = 3,
  kAllSucceededOrFirstFailed = 4,
};

struct Future {
  std::vector<CompletionId> completions;
  std::vector<std::uint32_t> signals;
  std::vector<std::string> named_signals;
  std::vector<Future> nested;
  Combinator combinator = Combinator::kUnknown;
};

// All leaves, each once, in ascending order: nothing else can make the future ready.
// REQUIRES: no deeper than kFutureDepthMax, like the next.
WaitSet flatten(const Future& future);

// Whether there is no leaf at all.
bool is_empty(const Future& future);

// Levels, 1 without nested futures. Stops counting at kFutureDepthMax + 1.
std::size_t depth_of(const Future& future);

}  // namespace holdfast::protocol::restate
