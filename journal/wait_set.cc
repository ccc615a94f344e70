#include "journal/wait_set.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace holdfast::journal {
namespace {

using Combinator = WaitSet::Combinator;

// How the children of one node stand.
struct Tally {
  std::size_t pending = 0, succeeded = 0, failed = 0, undecidable = 0;

  void add(Settled settled) {
    switch (settled) {
      case Settled::kPending:
        ++pending;
        return;
      case Settled::kSucceeded:
        ++succeeded;
        return;
      case Settled::kFailed:
        ++failed;
        return;
      case Settled::kUndecidable:
        ++undecidable;
        return;
    }
  }
};

Settled combine(Combinator combinator, const Tally& tally) {
  const bool any = tally.succeeded + tally.failed + tally.undecidable > 0;
  switch (combinator) {
    case Combinator::kAny:
      // Which of several was first, nobody can tell here; it matters only when they differ.
      if (!any) return Settled::kPending;
      if (tally.failed + tally.undecidable == 0) return Settled::kSucceeded;
      if (tally.succeeded + tally.undecidable == 0) return Settled::kFailed;
      return Settled::kUndecidable;
    case Combinator::kAll:
      return tally.pending > 0 ? Settled::kPending : Settled::kSucceeded;
    case Combinator::kFirstSuccess:
      if (tally.succeeded > 0) return Settled::kSucceeded;
      if (tally.undecidable > 0) return Settled::kUndecidable;
      return tally.pending > 0 ? Settled::kPending : Settled::kFailed;
    case Combinator::kFirstFailure:
      if (tally.failed > 0) return Settled::kFailed;
      if (tally.undecidable > 0) return Settled::kUndecidable;
      return tally.pending > 0 ? Settled::kPending : Settled::kSucceeded;
    case Combinator::kUnknown:
      return any ? Settled::kUndecidable : Settled::kPending;
  }
  return Settled::kUndecidable;
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

bool depends_on_order(const WaitSet& set, bool asked) {
  using enum WaitSet::Combinator;
  if (asked && (set.combinator == kAny || set.combinator == kUnknown)) return true;
  const bool asks = asked || set.combinator == kFirstSuccess || set.combinator == kFirstFailure;
  return std::any_of(set.nested.begin(), set.nested.end(),
                     [&](const WaitSet& one) { return depends_on_order(one, asks); });
}

void collect(const WaitSet& set, WaitSet& to) {
  append(to.completions, set.completions);
  append(to.signals, set.signals);
  append(to.named_signals, set.named_signals);
  for (const WaitSet& nested : set.nested) collect(nested, to);
}

}  // namespace

Settled settled_by(const Notification& notification) {
  return std::holds_alternative<Failure>(notification.result) ? Settled::kFailed
                                                              : Settled::kSucceeded;
}

Settled WaitSet::reduce(const std::function<Settled(const Leaf&)>& look) {
  Tally tally;
  const auto is_settled = [&tally](Settled settled) {
    tally.add(settled);
    return settled != Settled::kPending;
  };
  std::erase_if(completions, [&](CompletionId id) {
    return is_settled(look(Leaf(Notification::Completion{id})));
  });
  std::erase_if(signals, [&](std::uint32_t index) { return is_settled(look(Leaf(index))); });
  std::erase_if(named_signals,
                [&](const std::string& name) { return is_settled(look(Leaf(name))); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < nested.size(); ++i) {
    if (is_settled(nested[i].reduce(look))) continue;
    if (kept != i) nested[kept] = std::move(nested[i]);
    ++kept;
  }
  nested.resize(kept);
  return combine(combinator, tally);
}

bool WaitSet::settle(const Notification& notification) {
  const Settled settled = reduce([&, by = settled_by(notification)](const Leaf& leaf) {
    return leaf == notification.of ? by : Settled::kPending;
  });
  return settled != Settled::kPending || notification.of == Leaf(kCancelSignal);
}

bool WaitSet::depends_on_order() const { return journal::depends_on_order(*this, false); }

bool WaitSet::empty() const {
  return completions.empty() && signals.empty() && named_signals.empty() &&
         std::all_of(nested.begin(), nested.end(), [](const WaitSet& one) { return one.empty(); });
}

WaitSet WaitSet::leaves() const {
  WaitSet all;
  collect(*this, all);
  sort_unique(all.completions);
  sort_unique(all.signals);
  sort_unique(all.named_signals);
  return all;
}

}  // namespace holdfast::journal
