#include "journal/wait_set.h"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "journal/codec/codec.h"
#include "journal/invocation.h"
#include "tests/support/naive_waits.h"

namespace holdfast::journal {
namespace {

using Combinator = WaitSet::Combinator;
using Leaf = WaitSet::Leaf;

constexpr Settled kPending = Settled::kPending;
constexpr Settled kSucceeded = Settled::kSucceeded;
constexpr Settled kFailed = Settled::kFailed;

// Completions 1, 2 ... in these states, and the others pending.
std::function<Settled(const Leaf&)> known(std::vector<Settled> states, Settled signal = kPending) {
  return [states = std::move(states), signal](const Leaf& leaf) {
    const auto* completion = std::get_if<Notification::Completion>(&leaf);
    if (completion == nullptr) return signal;
    return completion->id <= states.size() ? states[completion->id - 1] : kPending;
  };
}

WaitSet of_completions(Combinator combinator, std::size_t count) {
  WaitSet set;
  set.combinator = combinator;
  for (std::size_t i = 1; i <= count; ++i) {
    set.completions.push_back(static_cast<CompletionId>(i));
  }
  return set;
}

bool ready(Combinator combinator, const std::vector<Settled>& states) {
  return of_completions(combinator, states.size()).reduce(known(states)) != kPending;
}

// The same of one nested set: what a parent makes of a child.
bool nested_ready(Combinator parent, Combinator child, const std::vector<Settled>& states,
                  Settled sibling) {
  WaitSet outer;
  outer.combinator = parent;
  outer.signals = {17};
  outer.nested = {of_completions(child, states.size())};
  return outer.reduce(known(states, sibling)) != kPending;
}

Notification done(CompletionId id, bool fails = false) {
  if (fails) return {Notification::Completion{id}, Failure{500, "no", {}}};
  return {Notification::Completion{id}, Empty{}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wait_set)

BOOST_AUTO_TEST_CASE(any_settled_child_settles_any_and_unknown) {
  for (const Combinator combinator : {Combinator::kUnknown, Combinator::kAny}) {
    BOOST_TEST(!ready(combinator, {}));
    BOOST_TEST(!ready(combinator, {kPending, kPending}));
    BOOST_TEST(ready(combinator, {kPending, kFailed}));
    BOOST_TEST(ready(combinator, {kSucceeded, kPending}));
  }
}

BOOST_AUTO_TEST_CASE(all_waits_for_the_last_whatever_it_came_to) {
  BOOST_TEST(!ready(Combinator::kAll, {kSucceeded, kPending, kFailed}));
  BOOST_TEST(ready(Combinator::kAll, {kSucceeded, kFailed}));
}

BOOST_AUTO_TEST_CASE(first_success_is_not_woken_by_failures_until_all_failed) {
  BOOST_TEST(!ready(Combinator::kFirstSuccess, {kFailed, kPending}));
  BOOST_TEST(ready(Combinator::kFirstSuccess, {kPending, kSucceeded}));
  BOOST_TEST(ready(Combinator::kFirstSuccess, {kFailed, kFailed}));
}

BOOST_AUTO_TEST_CASE(first_failure_is_not_woken_by_successes_until_all_succeeded) {
  BOOST_TEST(!ready(Combinator::kFirstFailure, {kSucceeded, kPending}));
  BOOST_TEST(ready(Combinator::kFirstFailure, {kPending, kFailed}));
  BOOST_TEST(ready(Combinator::kFirstFailure, {kSucceeded, kSucceeded}));
}

BOOST_AUTO_TEST_CASE(a_child_that_cannot_be_decided_wakes_a_parent_that_asks_for_its_result) {
  for (const Combinator parent : {Combinator::kFirstSuccess, Combinator::kFirstFailure}) {
    BOOST_TEST(!nested_ready(parent, Combinator::kUnknown, {kPending}, kPending));
    BOOST_TEST(nested_ready(parent, Combinator::kUnknown, {kSucceeded}, kPending));
    BOOST_TEST(nested_ready(parent, Combinator::kUnknown, {kFailed}, kPending));
    // Which of the two was first is not known here.
    BOOST_TEST(nested_ready(parent, Combinator::kAny, {kSucceeded, kFailed}, kPending));
  }
  BOOST_TEST(!nested_ready(Combinator::kAll, Combinator::kUnknown, {kFailed}, kPending));
}

BOOST_AUTO_TEST_CASE(a_child_that_is_decided_counts_as_what_it_came_to) {
  const auto first = Combinator::kFirstSuccess;
  const auto all = Combinator::kFirstFailure;

  BOOST_TEST(!nested_ready(all, Combinator::kAny, {kSucceeded, kPending}, kPending));
  BOOST_TEST(nested_ready(all, Combinator::kAny, {kFailed, kPending}, kPending));
  BOOST_TEST(!nested_ready(first, Combinator::kAny, {kFailed}, kPending));
  BOOST_TEST(nested_ready(first, Combinator::kAny, {kFailed}, kFailed));
  // All is a success, whatever they came to.
  BOOST_TEST(nested_ready(first, Combinator::kAll, {kFailed}, kPending));
  BOOST_TEST(!nested_ready(all, Combinator::kAll, {kFailed}, kPending));
  BOOST_TEST(!nested_ready(all, first, {kSucceeded, kFailed}, kPending));
  BOOST_TEST(nested_ready(all, first, {kFailed, kFailed}, kPending));
  BOOST_TEST(nested_ready(first, all, {kSucceeded}, kPending));
}

BOOST_AUTO_TEST_CASE(signals_and_names_are_children_like_completions) {
  WaitSet set{{1}, {17}, {"go"}, Combinator::kAll, {}};

  BOOST_TEST(!set.settle(done(1)));
  BOOST_TEST(!set.settle({17u, Failure{500, "no", {}}}));
  BOOST_TEST(!set.settle({"stop", Empty{}}));
  BOOST_TEST(!set.settle({18u, Empty{}}));
  BOOST_TEST(set.settle({"go", Empty{}}));
}

BOOST_AUTO_TEST_CASE(a_flat_set_wakes_for_what_it_names_and_any_set_for_cancellation) {
  const auto wakes = [](Leaf of) {
    return WaitSet{{1, 3}, {17}, {"stop"}}.settle(Notification{std::move(of), Empty{}});
  };

  BOOST_TEST(wakes(Notification::Completion{3}));
  BOOST_TEST(!wakes(Notification::Completion{2}));
  BOOST_TEST(!wakes(Notification::Completion{17}));
  BOOST_TEST(wakes(17u));
  BOOST_TEST(!wakes(3u));
  BOOST_TEST(wakes("stop"));
  BOOST_TEST(!wakes("go"));
  BOOST_TEST(wakes(kCancelSignal));
  BOOST_TEST(WaitSet().settle({kCancelSignal, Empty{}}));
  BOOST_TEST(of_completions(Combinator::kAll, 2).settle({kCancelSignal, Empty{}}));
  BOOST_TEST(!WaitSet().settle(done(1)));
}

BOOST_AUTO_TEST_CASE(what_is_settled_leaves_the_tree) {
  WaitSet race{{2, 3}, {}, {}, Combinator::kAny, {}};
  WaitSet all{{1, 4}, {}, {}, Combinator::kFirstFailure, {race}};

  BOOST_TEST(!all.settle(done(3)));  // The race is over; 2 no longer matters.
  BOOST_TEST((all == WaitSet{{1, 4}, {}, {}, Combinator::kFirstFailure, {}}));
  BOOST_TEST(!all.settle(done(2, true)));
  BOOST_TEST(!all.settle(done(4)));
  BOOST_TEST((all == WaitSet{{1}, {}, {}, Combinator::kFirstFailure, {}}));
  BOOST_TEST(all.settle(done(1)));
}

BOOST_AUTO_TEST_CASE(leaves_are_given_once_in_order) {
  const WaitSet inner{{2, 9}, {17, 1}, {"b", "a"}, Combinator::kAll, {}};
  const WaitSet outer{{9, 1}, {1}, {}, Combinator::kUnknown, {inner, WaitSet(), inner}};

  BOOST_TEST((outer.leaves() == WaitSet{{1, 2, 9}, {1, 17}, {"a", "b"}}));
  BOOST_TEST(!outer.empty());
  BOOST_TEST((WaitSet{{}, {}, {}, Combinator::kAll, {WaitSet()}}.empty()));
}

BOOST_AUTO_TEST_CASE(the_depth_limit_is_no_danger_to_the_stack) {
  WaitSet set = of_completions(Combinator::kAny, 1);
  for (std::size_t depth = 1; depth < kWaitDepthMax; ++depth) {
    WaitSet parent;
    parent.combinator = Combinator::kFirstFailure;
    parent.nested.push_back(std::move(set));
    set = std::move(parent);
  }
  Invocation row;
  row.status = Status::kSuspended;
  row.waits = set;
  Bytes record;
  encode_invocation(record, row);

  const auto back = decode_invocation(record);

  BOOST_REQUIRE(back.has_value());
  BOOST_TEST((back->waits == set));
  BOOST_TEST(!set.settle(done(2)));
  BOOST_TEST(set.settle(done(1, true)));
}

BOOST_AUTO_TEST_CASE(inv_11_a_tree_deeper_than_the_limit_is_corruption) {
  WaitSet set = of_completions(Combinator::kAny, 1);
  for (std::size_t depth = 1; depth <= kWaitDepthMax; ++depth) {
    WaitSet parent;
    parent.nested.push_back(std::move(set));
    set = std::move(parent);
  }
  Invocation row;
  row.waits = set;
  Bytes record;
  encode_invocation(record, row);

  BOOST_TEST((decode_invocation(record).error().code() == ErrorCode::kCorruption));
}

// Trees and orders at random, with a row written and read between any two arrivals.
BOOST_AUTO_TEST_CASE(a_tree_is_settled_exactly_when_its_history_says_so) {
  const std::vector<Leaf> leaves = {Notification::Completion{1},
                                    Notification::Completion{2},
                                    Notification::Completion{3},
                                    Notification::Completion{4},
                                    17u,
                                    18u,
                                    std::string("go")};
  std::map<std::size_t, int> woken_at;
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    SeededRandom random(seed);
    const WaitSet tree = testing::random_tree(random, leaves, 3);
    Invocation row;
    row.status = Status::kSuspended;
    row.waits = tree;
    testing::History history;
    bool woken = row.waits.reduce([](const Leaf&) { return kPending; }) != kPending;
    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_TEST(woken == testing::naively_ready(tree, history));
      while (!woken && history.size() < 12) {
        const bool fails = random.next() % 3 == 0;
        Notification one{leaves[random.next() % leaves.size()], Empty{}};
        if (fails) one.result = Failure{500, "no", {}};
        if (random.next() % 2 == 0) {
          Bytes record;
          encode_invocation(record, row);
          row = decode_invocation(record).value();
        }

        woken = row.waits.settle(one);
        history.push_back(std::move(one));

        BOOST_REQUIRE(woken == testing::naively_ready(tree, history));
      }
    }
    if (woken) ++woken_at[history.size()];
  }
  BOOST_TEST(woken_at.size() >= 6u);  // Not only trees that any leaf settles.
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::journal
