#include "net/protocol/restate/future.h"

#include <algorithm>

namespace holdfast::protocol::restate {
namespace {

enum class State { kPending, kSucceeded, kFailed, kUndecidable };

// How the children of one node stand.
struct Tally {
  std::size_t pending = 0, succeeded = 0, failed = 0, undecidable = 0;

  void add(State state) {
    switch (state) {
      case State::kPending:
        ++pending;
        break;
      case State::kSucceeded:
        ++succeeded;
        break;
      case State::kFailed:
        ++failed;
        break;
      case State::kUndecidable:
        ++undecidable;
        break;
    }
  }
  void add(Settled settled) {
    add(settled == Settled::kPending     ? State::kPending
        : settled == Settled::kSucceeded ? State::kSucceeded
                                         : State::kFailed);
  }
};

State combine(Combinator combinator, const Tally& tally) {
  const bool any_ready = tally.succeeded + tally.failed + tally.undecidable > 0;
  switch (combinator) {
    case Combinator::kUnknown:
      return any_ready ? State::kUndecidable : State::kPending;
    case Combinator::kFirstCompleted:
      // Which of several was first, nobody can tell here; it matters only when they differ.
      if (!any_ready) return State::kPending;
      if (tally.failed + tally.undecidable == 0) return State::kSucceeded;
      if (tally.succeeded + tally.undecidable == 0) return State::kFailed;
      return State::kUndecidable;
    case Combinator::kAllCompleted:
      return tally.pending > 0 ? State::kPending : State::kSucceeded;
    case Combinator::kFirstSucceededOrAllFailed:
      if (tally.succeeded > 0) return State::kSucceeded;
      if (tally.undecidable > 0) return State::kUndecidable;
      return tally.pending > 0 ? State::kPending : State::kFailed;
    case Combinator::kAllSucceededOrFirstFailed:
      if (tally.failed > 0) return State::kFailed;
      if (tally.undecidable > 0) return State::kUndecidable;
      return tally.pending > 0 ? State::kPending : State::kSucceeded;
  }
  return State::kUndecidable;
}

State evaluate(const Future& future, const Settlements& settlements) {
  Tally tally;
  for (const CompletionId id : future.completions) tally.add(settlements.completion(id));
  for (const std::uint32_t index : future.signals) tally.add(settlements.signal(index));
  for (const std::string& name : future.named_signals) tally.add(settlements.named_signal(name));
  for (const Future& nested : future.nested) tally.add(evaluate(nested, settlements));
  return combine(future.combinator, tally);
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

template <class T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

void collect(const Future& future, WaitSet& to) {
  append(to.completions, future.completions);
  append(to.signals, future.signals);
  append(to.named_signals, future.named_signals);
  for (const Future& nested : future.nested) collect(nested, to);
}

std::size_t depth_of(const Future& future, std::size_t level) {
  std::size_t deepest = level;
  if (level > kFutureDepthMax) return deepest;
  for (const Future& nested : future.nested) {
    deepest = std::max(deepest, depth_of(nested, level + 1));
  }
  return deepest;
}

}  // namespace

bool is_ready(const Future& future, const Settlements& settlements) {
  return evaluate(future, settlements) != State::kPending;
}

WaitSet flatten(const Future& future) {
  WaitSet waits;
  collect(future, waits);
  sort_unique(waits.completions);
  sort_unique(waits.signals);
  sort_unique(waits.named_signals);
  return waits;
}

bool is_empty(const Future& future) {
  return future.completions.empty() && future.signals.empty() && future.named_signals.empty() &&
         std::all_of(future.nested.begin(), future.nested.end(), is_empty);
}

std::size_t depth_of(const Future& future) { return depth_of(future, 1); }

}  // namespace holdfast::protocol::restate
