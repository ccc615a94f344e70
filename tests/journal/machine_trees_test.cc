// The machine: what comes for an invocation that is parked on a tree.

#include "journal/machine/machine.h"

#include <boost/test/unit_test.hpp>
#include <utility>
#include <vector>

#include "tests/journal/machine_samples.h"

namespace holdfast::journal {
namespace {

BOOST_AUTO_TEST_SUITE(machine_trees)

// Asleep until kNow + 5000 under completion 7, and parked on that and more.
InvocationState parked_on(WaitSet waits) {
  InvocationState state = asleep();
  Decision decision;
  park(state, std::move(waits), kNow, decision);
  return state;
}

BOOST_AUTO_TEST_CASE(what_is_settled_is_in_the_row_in_the_batch_of_its_entry) {
  InvocationState state = parked_on({{7, 8}, {}, {}, WaitSet::Combinator::kAll, {}});
  Decision decision;

  BOOST_TEST(!timer_fired(state, sleep_timer(), kNow + 5000, decision));

  BOOST_TEST((state.row.status == Status::kSuspended));
  BOOST_TEST(decision.row_changed);
  BOOST_TEST((state.row.waits.completions == std::vector<CompletionId>{8}));
  BOOST_TEST((decision.wake_up == WakeUp::kKeep));
  BOOST_TEST(entries_of<Notification>(decision).size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_last_one_wakes) {
  InvocationState state = parked_on({{7}, {}, {}, WaitSet::Combinator::kAll, {}});
  Decision decision;

  BOOST_TEST(timer_fired(state, sleep_timer(), kNow + 5000, decision));

  BOOST_TEST((state.row.status == Status::kRunning));
  BOOST_TEST((decision.wake_up == WakeUp::kPut));
}

BOOST_AUTO_TEST_CASE(where_order_matters_its_own_entry_is_judged_when_it_has_its_place) {
  const WaitSet race{{7, 9}, {}, {}, WaitSet::Combinator::kAny, {}};
  InvocationState state = parked_on({{8}, {}, {}, WaitSet::Combinator::kFirstFailure, {race}});
  const WaitSet before = state.row.waits;
  Decision decision;

  BOOST_TEST(!timer_fired(state, sleep_timer(), kNow + 5000, decision));

  BOOST_TEST((state.row.waits == before));
  // It brings the invocation back to look, also after a restart.
  BOOST_TEST((decision.wake_up == WakeUp::kPut));
  BOOST_TEST((state.row.status == Status::kSuspended));
  BOOST_TEST(!told(state, completed(7)));
  BOOST_TEST((state.row.waits == WaitSet{{8}, {}, {}, WaitSet::Combinator::kFirstFailure, {}}));
}

BOOST_AUTO_TEST_CASE(a_flat_wait_costs_no_row_for_what_it_does_not_name) {
  InvocationState state = parked_on({{8}, {}, {}});
  Decision decision;

  BOOST_TEST(!timer_fired(state, sleep_timer(), kNow + 5000, decision));

  BOOST_TEST(!decision.row_changed);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::journal
