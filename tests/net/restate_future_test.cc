#include "net/protocol/restate/future.h"

#include <boost/test/unit_test.hpp>

namespace holdfast::protocol::restate {
namespace {

BOOST_AUTO_TEST_SUITE(restate_future)

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
  future.combinator = WaitSet::Combinator::kAny;
  for (std::size_t depth = 1; depth < kFutureDepthMax; ++depth) {
    Future parent;
    parent.combinator = WaitSet::Combinator::kFirstFailure;
    parent.nested.push_back(std::move(future));
    future = std::move(parent);
  }

  BOOST_TEST(depth_of(future) == kFutureDepthMax);
  BOOST_TEST(flatten(future).completions.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::protocol::restate
