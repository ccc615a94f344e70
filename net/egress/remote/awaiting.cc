#include "net/egress/remote/awaiting.h"

#include <utility>

namespace holdfast::net {

namespace {

using protocol::restate::Combinator;

static_assert(protocol::restate::kFutureDepthMax <= journal::kWaitDepthMax);

journal::WaitSet::Combinator to_journal(Combinator combinator) {
  switch (combinator) {
    case Combinator::kUnknown:
      return journal::WaitSet::Combinator::kUnknown;
    case Combinator::kFirstCompleted:
      return journal::WaitSet::Combinator::kAny;
    case Combinator::kAllCompleted:
      return journal::WaitSet::Combinator::kAll;
    case Combinator::kFirstSucceededOrAllFailed:
      return journal::WaitSet::Combinator::kFirstSuccess;
    case Combinator::kAllSucceededOrFirstFailed:
      return journal::WaitSet::Combinator::kFirstFailure;
  }
  return journal::WaitSet::Combinator::kUnknown;
}

}  // namespace

journal::WaitSet to_wait_set(protocol::restate::Future future) {
  journal::WaitSet set;
  set.completions = std::move(future.completions);
  set.signals = std::move(future.signals);
  set.named_signals = std::move(future.named_signals);
  set.combinator = to_journal(future.combinator);
  set.nested.reserve(future.nested.size());
  for (auto& nested : future.nested) set.nested.push_back(to_wait_set(std::move(nested)));
  return set;
}

}  // namespace holdfast::net
