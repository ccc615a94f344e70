#pragma once
// WaitSet: what the handler of a suspended invocation waits for, as a tree. The leaves are
// completions and signals; a node says which of its children must be settled for it to be so.
//
// | combinator     | settled when                          | as                |
// | kAny           | one child is                          | what it came to   |
// | kAll           | every child is                        | a success         |
// | kFirstSuccess  | one child succeeded or all failed     | the same          |
// | kFirstFailure  | one child failed or all succeeded     | the same          |
// | kUnknown       | one child is                          | undecidable       |
//
// Whether an undecidable child succeeded only the handler knows. A parent that asks for it is
// undecidable too: the handler is woken, looks, and waits again.
//
// What is settled is taken out of the tree, so that all in it is pending and a row needs to say no
// more than the tree: what has come since is not looked up in the journal again.
//
// Depth: the functions here recurse; kWaitDepthMax levels at most.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "journal/entry.h"

namespace holdfast::journal {

inline constexpr std::size_t kWaitDepthMax = 1000;  // A set without nested ones has depth 1.

// What has become of a part of the tree. A failure is what has Failure as its result.
enum class Settled : std::uint8_t { kPending, kSucceeded, kFailed, kUndecidable };

Settled settled_by(const Notification& notification);

struct WaitSet {
  // Numbers are stored.
  enum class Combinator : std::uint8_t {
    kAny = 0,
    kAll = 1,
    kFirstSuccess = 2,
    kFirstFailure = 3,
    kUnknown = 4,
  };
  using Leaf = decltype(Notification::of);

  std::vector<CompletionId> completions = {};
  std::vector<std::uint32_t> signals = {};
  std::vector<std::string> named_signals = {};
  Combinator combinator = Combinator::kAny;
  std::vector<WaitSet> nested = {};

  // Takes out what `look` says is settled, and says what the whole is. Without a child kAny and
  // kUnknown stay pending, and the others are settled. Once the whole is settled, what is left of
  // the tree means nothing.
  Settled reduce(const std::function<Settled(const Leaf&)>& look);
  // The same for one notification: whether it wakes the invocation. The cancel signal always does.
  // REQUIRES: reduced before, and pending.
  bool settle(const Notification& notification);

  // Whether it may matter which of two leaves came first: a race, or what cannot be decided, below
  // a node that asks for results.
  bool depends_on_order() const;
  // Whether any leaf wakes it.
  bool is_flat() const { return combinator == Combinator::kAny && nested.empty(); }
  // Whether there is no leaf.
  bool empty() const;
  // All leaves, each once, in ascending order; any of them. Nothing else can settle the whole.
  WaitSet leaves() const;

  bool operator==(const WaitSet&) const = default;
};

}  // namespace holdfast::journal
