#pragma once
// NaiveWaits: what a WaitSet must come to, computed from the whole history each time. Slow and
// plain, to hold the clever one against.

#include <algorithm>
#include <utility>
#include <vector>

#include "journal/wait_set.h"
#include "storage/base/random.h"

namespace holdfast::testing {

using History = std::vector<journal::Notification>;  // In the order of the journal.

// What `set` is after the first `count` of `history`: what it was first settled as.
inline journal::Settled naive_state(const journal::WaitSet& set, const History& history,
                                    std::size_t count) {
  using journal::Settled;
  using Combinator = journal::WaitSet::Combinator;
  const auto of_leaf = [&](const journal::WaitSet::Leaf& leaf, std::size_t known) {
    for (std::size_t i = 0; i < known; ++i) {
      if (history[i].of == leaf) return journal::settled_by(history[i]);
    }
    return Settled::kPending;
  };
  for (std::size_t known = 0; known <= count; ++known) {
    std::vector<Settled> children;
    for (const auto id : set.completions) {
      children.push_back(of_leaf(journal::Notification::Completion{id}, known));
    }
    for (const auto index : set.signals) children.push_back(of_leaf(index, known));
    for (const auto& name : set.named_signals) children.push_back(of_leaf(name, known));
    for (const auto& nested : set.nested) {
      children.push_back(naive_state(nested, history, known));
    }
    const auto has = [&](Settled settled) {
      return std::find(children.begin(), children.end(), settled) != children.end();
    };
    const bool one_pending = has(Settled::kPending);
    const bool one_settled =
        has(Settled::kSucceeded) || has(Settled::kFailed) || has(Settled::kUndecidable);
    switch (set.combinator) {
      case Combinator::kUnknown:
        if (one_settled) return Settled::kUndecidable;
        break;
      case Combinator::kAny:
        if (!one_settled) break;
        if (!has(Settled::kFailed) && !has(Settled::kUndecidable)) return Settled::kSucceeded;
        if (!has(Settled::kSucceeded) && !has(Settled::kUndecidable)) return Settled::kFailed;
        return Settled::kUndecidable;
      case Combinator::kAll:
        if (!one_pending) return Settled::kSucceeded;
        break;
      case Combinator::kFirstSuccess:
        if (has(Settled::kSucceeded)) return Settled::kSucceeded;
        if (has(Settled::kUndecidable)) return Settled::kUndecidable;
        if (!one_pending) return Settled::kFailed;
        break;
      case Combinator::kFirstFailure:
        if (has(Settled::kFailed)) return Settled::kFailed;
        if (has(Settled::kUndecidable)) return Settled::kUndecidable;
        if (!one_pending) return Settled::kSucceeded;
        break;
    }
  }
  return Settled::kPending;
}

inline bool naively_ready(const journal::WaitSet& set, const History& history) {
  return naive_state(set, history, history.size()) != journal::Settled::kPending;
}

// A tree over `leaves`, of which some may be left out and some come twice.
inline journal::WaitSet random_tree(SeededRandom& random,
                                    const std::vector<journal::WaitSet::Leaf>& leaves, int levels) {
  journal::WaitSet set;
  set.combinator = static_cast<journal::WaitSet::Combinator>(random.next() % 5);
  for (auto n = random.next() % 4; n > 0; --n) {
    const auto& leaf = leaves[random.next() % leaves.size()];
    if (const auto* completion = std::get_if<journal::Notification::Completion>(&leaf)) {
      set.completions.push_back(completion->id);
    } else if (const auto* index = std::get_if<std::uint32_t>(&leaf)) {
      set.signals.push_back(*index);
    } else {
      set.named_signals.push_back(std::get<std::string>(leaf));
    }
  }
  if (levels == 0) return set;
  for (auto n = random.next() % 4; n > 0; --n) {
    set.nested.push_back(random_tree(random, leaves, levels - 1));
  }
  return set;
}

}  // namespace holdfast::testing
