// Waiting: other invocations that wait for an outcome or a promise, how they are noted down and how
// they are told.

#include "journal/machine/waiting.h"

#include <algorithm>
#include <utility>

#include "journal/machine/machine.h"

namespace holdfast::journal {

namespace {

// Returns whether the record is to be written again. One that waits already is not added twice.
bool add_waiter(const WaitedFor& of, std::vector<Waiter>& first, LaterWaiters& later,
                const Waiter& waiter, Decision& decision) {
  if (std::find(first.begin(), first.end(), waiter) != first.end()) return false;
  if (first.size() < kWaitersInRecord) {
    first.push_back(waiter);
    return true;
  }
  if (later.known.insert(waiter).second) decision.facts.push_back(AddWaiter{of, waiter});
  return false;
}

Tell tell(const Waiter& waiter, const Outcome& outcome) {
  decltype(Notification::result) result;
  std::visit([&](const auto& value) { result = value; }, outcome);
  return answer(waiter, std::move(result));
}

void drop_later(const WaitedFor& of, LaterWaiters& later, Decision& decision) {
  if (!later.known.empty()) {
    decision.facts.push_back(DropWaiters{of, {later.known.begin(), later.known.end()}});
  }
  later = {};
}

}  // namespace

void tell_waiters(const WaitedFor& of, std::vector<Waiter>& first, LaterWaiters& later,
                  const Outcome& outcome, Decision& decision) {
  decision.facts.reserve(decision.facts.size() + first.size() + later.known.size() + 1);
  for (const Waiter& waiter : first) decision.facts.push_back(tell(waiter, outcome));
  for (const Waiter& waiter : later.known) decision.facts.push_back(tell(waiter, outcome));
  first.clear();
  drop_later(of, later, decision);
}

Tell answer(const Waiter& waiter, decltype(Notification::result) result) {
  return Tell{waiter.invocation, Entry{{},
                                       Notification{Notification::Completion{waiter.completion},
                                                    std::move(result), waiter.life}}};
}

void attach(InvocationState& state, const Waiter& waiter, bool wait, Decision& decision) {
  Invocation& row = state.row;
  decision.urgent = true;
  if (row.status == Status::kCompleted) {
    decision.facts.push_back(tell(waiter, *row.result));
    return;
  }
  if (!wait) {
    decision.facts.push_back(answer(waiter, Empty{}));
    return;
  }
  decision.row_changed |= add_waiter(row.id, row.waiters, state.later_waiters, waiter, decision);
}

void promise_act(PromiseState& state, const Waiter& asker, const Request::PromiseAct& act,
                 Decision& decision) {
  const Promise& promise = act.promise;
  const PromiseName name{act.service, act.key, promise.key};
  PromiseRecord& record = state.record;
  const auto save = [&] {
    decision.facts.push_back(SetPromise{act.service, act.key, promise.key, record});
  };
  decision.urgent = true;
  switch (promise.act) {
    case Promise::Act::kPeek:
      decision.facts.push_back(record.result ? tell(asker, *record.result)
                                             : answer(asker, Empty{}));
      return;
    case Promise::Act::kGet:
      if (record.result) {
        decision.facts.push_back(tell(asker, *record.result));
        return;
      }
      if (add_waiter(name, record.waiters, state.later_waiters, asker, decision)) save();
      return;
    case Promise::Act::kComplete:
      if (record.result) {
        decision.facts.push_back(
            answer(asker, Failure{409, "the promise was completed already", {}}));
        return;
      }
      record.result = promise.result.value_or(Outcome{Bytes{}});
      tell_waiters(name, record.waiters, state.later_waiters, *record.result, decision);
      save();
      decision.facts.push_back(answer(asker, Empty{}));
      return;
  }
}

void drop_promise(PromiseState& state, const PromiseName& name, Decision& decision) {
  decision.facts.push_back(DropPromise{name.name});
  drop_later(name, state.later_waiters, decision);
  state = {};
}

}  // namespace holdfast::journal
