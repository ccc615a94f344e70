#include "net/protocol/restate/future.h"

#include <boost/test/unit_test.hpp>
#include <map>

namespace holdfast::protocol::restate {
namespace {

constexpr Settled kPending = Settled::kPending;
constexpr Settled kSucceeded = Settled::kSucceeded;
constexpr Settled kFailed = Settled::kFailed;

class Known : public Settlements {
 public:
  Settled completion(CompletionId id) const override { return find(completions, id); }
  Settled signal(std::uint32_t index) const override { return find(signals, index); }
  Settled named_signal(const std::string& name) const override { return find(names, name); }

  std::map<CompletionId, Settled> completions;
  std::map<std::uint32_t, Settled> signals;
  std::map<std::string, Settled> names;

 private:
  template <class Map, class Key>
  static Settled find(const Map& map, const Key& key) {
    const auto found = map.find(key);
    return found == map.end() ? kPending : found->second;
  }
};

// Whether a future of completions 1, 2 ... in these states is ready.
bool ready(Combinator combinator, const std::vector<Settled>& states) {
  Known known;
  Future future;
  future.combinator = combinator;
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto id = static_cast<CompletionId>(i + 1);
    future.completions.push_back(id);
    known.completions[id] = states[i];
  }
  return is_ready(future, known);
}

// The same of one nested future: what a parent makes of a child.
bool nested_ready(Combinator parent, Combinator child, const std::vector<Settled>& states,
                  Settled sibling) {
  Known known;
  Future inner;
  inner.combinator = child;
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto id = static_cast<CompletionId>(i + 1);
    inner.completions.push_back(id);
    known.completions[id] = states[i];
  }
  known.signals[17] = sibling;
  Future outer;
  outer.combinator = parent;
  outer.signals = {17};
  outer.nested = {inner};
  return is_ready(outer, known);
}

BOOST_AUTO_TEST_SUITE(restate_future)

BOOST_AUTO_TEST_CASE(any_settled_child_wakes_the_first_and_the_unknown) {
  for (const Combinator combinator : {Combinator::kUnknown, Combinator::kFirstCompleted}) {
    BOOST_TEST(!ready(combinator, {}));
    BOOST_TEST(!ready(combinator, {kPending, kPending}));
    BOOST_TEST(ready(combinator, {kPending, kFailed}));
    BOOST_TEST(ready(combinator, {kSucceeded, kPending}));
  }
}

BOOST_AUTO_TEST_CASE(all_completed_waits_for_the_last_whatever_it_came_to) {
  BOOST_TEST(!ready(Combinator::kAllCompleted, {kSucceeded, kPending, kFailed}));
  BOOST_TEST(ready(Combinator::kAllCompleted, {kSucceeded, kFailed}));
}

BOOST_AUTO_TEST_CASE(first_succeeded_is_not_woken_by_failures_until_all_failed) {
  const auto combinator = Combinator::kFirstSucceededOrAllFailed;

  BOOST_TEST(!ready(combinator, {kFailed, kPending}));
  BOOST_TEST(ready(combinator, {kPending, kSucceeded}));
  BOOST_TEST(ready(combinator, {kFailed, kFailed}));
}

BOOST_AUTO_TEST_CASE(all_succeeded_is_not_woken_by_successes_until_all_succeeded) {
  const auto combinator = Combinator::kAllSucceededOrFirstFailed;

  BOOST_TEST(!ready(combinator, {kSucceeded, kPending}));
  BOOST_TEST(ready(combinator, {kPending, kFailed}));
  BOOST_TEST(ready(combinator, {kSucceeded, kSucceeded}));
}

BOOST_AUTO_TEST_CASE(a_child_that_cannot_be_decided_wakes_a_parent_that_asks_for_its_result) {
  for (const Combinator parent :
       {Combinator::kFirstSucceededOrAllFailed, Combinator::kAllSucceededOrFirstFailed}) {
    BOOST_TEST(!nested_ready(parent, Combinator::kUnknown, {kPending}, kPending));
    BOOST_TEST(nested_ready(parent, Combinator::kUnknown, {kSucceeded}, kPending));
    BOOST_TEST(nested_ready(parent, Combinator::kUnknown, {kFailed}, kPending));
    // Which of the two was first is not known here.
    BOOST_TEST(nested_ready(parent, Combinator::kFirstCompleted, {kSucceeded, kFailed}, kPending));
  }
  BOOST_TEST(!nested_ready(Combinator::kAllCompleted, Combinator::kUnknown, {kFailed}, kPending));
}

BOOST_AUTO_TEST_CASE(a_child_that_is_decided_counts_as_what_it_came_to) {
  const auto first = Combinator::kFirstSucceededOrAllFailed;
  const auto all = Combinator::kAllSucceededOrFirstFailed;

  BOOST_TEST(!nested_ready(all, Combinator::kFirstCompleted, {kSucceeded, kPending}, kPending));
  BOOST_TEST(nested_ready(all, Combinator::kFirstCompleted, {kFailed, kPending}, kPending));
  BOOST_TEST(!nested_ready(first, Combinator::kFirstCompleted, {kFailed}, kPending));
  BOOST_TEST(nested_ready(first, Combinator::kFirstCompleted, {kFailed}, kFailed));
  // All completed is a success, whatever they came to.
  BOOST_TEST(nested_ready(first, Combinator::kAllCompleted, {kFailed}, kPending));
  BOOST_TEST(!nested_ready(all, Combinator::kAllCompleted, {kFailed}, kPending));
  BOOST_TEST(!nested_ready(all, first, {kSucceeded, kFailed}, kPending));
  BOOST_TEST(nested_ready(all, first, {kFailed, kFailed}, kPending));
  BOOST_TEST(nested_ready(first, all, {kSucceeded}, kPending));
}

BOOST_AUTO_TEST_CASE(signals_and_names_are_children_like_completions) {
  Future future;
  future.combinator = Combinator::kAllCompleted;
  future.completions = {1};
  future.signals = {17};
  future.named_signals = {"go"};
  Known known;
  known.completions[1] = kSucceeded;
  known.signals[17] = kFailed;

  BOOST_TEST(!is_ready(future, known));
  known.names["go"] = kSucceeded;
  BOOST_TEST(is_ready(future, known));
}

BOOST_AUTO_TEST_CASE(flattening_gives_every_leaf_once_in_order) {
  Future inner;
  inner.completions = {2, 9};
  inner.signals = {17, 1};
  inner.named_signals = {"b", "a"};
  Future outer;
  outer.completions = {9, 1};
  outer.signals = {1};
  outer.nested = {inner, Future(), inner};

  const WaitSet waits = flatten(outer);

  BOOST_TEST(waits.completions == (std::vector<CompletionId>{1, 2, 9}),
             boost::test_tools::per_element());
  BOOST_TEST(waits.signals == (std::vector<std::uint32_t>{1, 17}),
             boost::test_tools::per_element());
  BOOST_TEST(waits.named_signals == (std::vector<std::string>{"a", "b"}),
             boost::test_tools::per_element());
  BOOST_TEST(!is_empty(outer));
}

BOOST_AUTO_TEST_CASE(nested_futures_without_a_leaf_are_empty) {
  Future future;
  future.nested = {Future(), Future()};
  future.nested[1].nested = {Future()};

  BOOST_TEST(is_empty(future));
  BOOST_TEST(depth_of(future) == 3u);
  BOOST_TEST(depth_of(Future()) == 1u);
}

BOOST_AUTO_TEST_CASE(the_depth_limit_is_no_danger_to_the_stack) {
  Future future;
  future.completions = {1};
  future.combinator = Combinator::kFirstCompleted;
  for (std::size_t depth = 1; depth < kFutureDepthMax; ++depth) {
    Future parent;
    parent.combinator = Combinator::kAllSucceededOrFirstFailed;
    parent.nested.push_back(std::move(future));
    future = std::move(parent);
  }
  Known known;

  BOOST_TEST(depth_of(future) == kFutureDepthMax);
  BOOST_TEST(!is_ready(future, known));
  known.completions[1] = kFailed;
  BOOST_TEST(is_ready(future, known));
  BOOST_TEST(flatten(future).completions.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::protocol::restate
