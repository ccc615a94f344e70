#pragma once
// Future: what a handler waits for, as a tree, in the words of the protocol. The leaves are
// completions and signals; a node says which of its children must be settled for it to be so.
//
// | on the wire                   | here          | ready when                | its result   |
// | UNKNOWN                       | kUnknown      | any child is ready        | undecidable  |
// | FIRST_COMPLETED               | kAny          | any child is ready        | that child's |
// | ALL_COMPLETED                 | kAll          | every child is ready      | success      |
// | FIRST_SUCCEEDED_OR_ALL_FAILED | kFirstSuccess | one succeeded, all failed | the same     |
// | ALL_SUCCEEDED_OR_FIRST_FAILED | kFirstFailure | all succeeded, one failed | the same     |
//
// Of an undecidable child nobody but the handler knows whether it succeeded. Where that matters the
// parent counts as ready: a handler woken too early looks, and waits again. What is settled already
// the SDK has left out of a Suspension.
//
// Depth: the functions here recurse, kFutureDepthMax levels at most. Decoding keeps to that.

#include <cstddef>

#include "net/protocol/message.h"

namespace holdfast::protocol::restate {

inline constexpr std::size_t kFutureDepthMax = 1000;  // A future without nested ones has depth 1.

using Future = WaitSet;

// All leaves, each once, in ascending order: nothing else can make the future ready.
// REQUIRES: no deeper than kFutureDepthMax, like the next.
WaitSet flatten(const Future& future);

// Whether there is no leaf at all.
bool is_empty(const Future& future);

// Levels, 1 without nested futures. Stops counting at kFutureDepthMax + 1.
std::size_t depth_of(const Future& future);

}  // namespace holdfast::protocol::restate
