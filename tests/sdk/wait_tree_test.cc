// What a handler waits for, as a tree: it is settled when the handler would go on, never later, and
// not before but where only the handler can know.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "storage/base/random.h"
#include "tests/sdk/support/scripted_host.h"

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using protocol::WaitSet;
using runtime::SessionState;
using testing::TestRun;
using testing::text_handler;
using Combinator = WaitSet::Combinator;

// Call n (from 0) has the result completion 2n + 2, unless a timer came before.
CallFuture<int> ask(Context& ctx) { return ctx.call<int>("S", "h", 0); }

// A completion, or a named signal.
using Leaf = std::variant<protocol::CompletionId, std::string>;

// --- An own judge of trees, plain and slow.

enum class State { kPending, kSucceeded, kFailed, kUnknown };

// What `set` comes to by an outcome; what is settled is taken out of it.
State settle(WaitSet& set, const Leaf& leaf, bool failed) {
  std::size_t pending = 0, good = 0, bad = 0, unknown = 0;
  const auto add = [&](State state) {
    ++(state == State::kPending     ? pending
       : state == State::kSucceeded ? good
       : state == State::kFailed    ? bad
                                    : unknown);
    return state != State::kPending;
  };
  const auto of_leaf = [&](const Leaf& one) {
    return add(one != leaf ? State::kPending : failed ? State::kFailed : State::kSucceeded);
  };
  std::erase_if(set.completions, [&](auto id) { return of_leaf(id); });
  std::erase_if(set.named_signals, [&](const auto& name) { return of_leaf(name); });
  std::erase_if(set.nested, [&](WaitSet& one) { return add(settle(one, leaf, failed)); });
  const bool any = good + bad + unknown > 0;
  switch (set.combinator) {
    case Combinator::kAny:
      if (!any) return State::kPending;
      return unknown > 0 || (good > 0 && bad > 0) ? State::kUnknown
             : good > 0                           ? State::kSucceeded
                                                  : State::kFailed;
    case Combinator::kAll:
      return pending > 0 ? State::kPending : State::kSucceeded;
    case Combinator::kFirstSuccess:
      if (good > 0) return State::kSucceeded;
      if (unknown > 0) return State::kUnknown;
      return pending > 0 ? State::kPending : State::kFailed;
    case Combinator::kFirstFailure:
      if (bad > 0) return State::kFailed;
      if (unknown > 0) return State::kUnknown;
      return pending > 0 ? State::kPending : State::kSucceeded;
    case Combinator::kUnknown:
      return any ? State::kUnknown : State::kPending;
  }
  return State::kUnknown;
}

void leaves_of(const WaitSet& set, std::vector<Leaf>& to) {
  to.insert(to.end(), set.completions.begin(), set.completions.end());
  to.insert(to.end(), set.named_signals.begin(), set.named_signals.end());
  for (const WaitSet& nested : set.nested) leaves_of(nested, to);
}

// --- What is awaited.

template <class F>
Task<std::string> ended(F awaited) {
  const auto how = co_await settled(std::move(awaited));
  co_return how ? "good" : "bad";
}

using Shape = std::function<Task<std::string>(Context&)>;

const std::vector<Shape> kShapes = {
    [](Context& c) { return ended(all(ask(c), ask(c), ask(c))); },
    [](Context& c) { return ended(any(ask(c), ask(c), ask(c))); },
    [](Context& c) { return ended(race(ask(c), ask(c), ask(c))); },
    [](Context& c) { return ended(all_settled(ask(c), ask(c), ask(c))); },
    [](Context& c) { return ended(all(any(ask(c), ask(c)), race(ask(c), ask(c)), ask(c))); },
    [](Context& c) { return ended(any(all(ask(c), ask(c)), all_settled(ask(c), ask(c)), ask(c))); },
    [](Context& c) { return ended(race(all(ask(c), ask(c)), any(ask(c), ask(c)))); },
    [](Context& c) { return ended(all_settled(all(ask(c), ask(c)), any(ask(c), ask(c)), ask(c))); },
    [](Context& c) {
      return ended(all(with_timeout(ask(c), 1s), ask(c), with_timeout(any(ask(c), ask(c)), 1s)));
    },
    [](Context& c) { return ended(any(with_timeout(all(ask(c), ask(c)), 1s), ask(c))); },
    [](Context& c) { return ended(with_timeout(all(ask(c), ask(c), ask(c)), 1s)); },
    [](Context& c) {
      return ended(all(all(ask(c), ask(c)), all(ask(c), any(ask(c), ask(c))), ask(c)));
    },
    [](Context& c) { return ended(all(ask(c), all_settled(ask(c)), any(ask(c)))); },
};
// Woken too early at times: with a part that is never decided, and with named signals, of which
// only the handler knows which one it means.
const std::vector<Shape> kShapesWokenEarly = {
    [](Context& c) { return ended(any(ask(c), ask(c), Future<int>())); },
    [](Context& c) { return ended(all(ask(c), ask(c), Future<int>())); },
    [](Context& c) { return ended(race(ask(c), c.signal<int>("x"))); },
    [](Context& c) { return ended(any(c.signal<int>("x"), c.signal<int>("x"), ask(c))); },
    [](Context& c) { return ended(all(c.signal<int>("x"), c.signal<int>("x"), ask(c))); },
    [](Context& c) { return ended(any(ask(c), race(c.signal<int>("x"), ask(c)))); },
    [](Context& c) { return ended(all_settled(ask(c), any(c.signal<int>("x"), ask(c)))); },
    [](Context& c) {
      auto first = c.signal<int>("x");  // Takes the first of them, and is not awaited.
      return ended(any(c.signal<int>("x"), ask(c)));
    },
    [](Context& c) {
      auto first = c.signal<int>("x");
      return ended(all(c.signal<int>("x"), ask(c)));
    },
};

// A row keeps the tree while outcomes come in a drawn order, and is woken when it is settled. Who
// is woken too early parks again.
void live(const Shape& shape, std::uint64_t seed, bool is_exact) {
  SeededRandom random(seed);
  const auto draw = [&](std::size_t below) { return random.next() % below; };
  TestRun run(text_handler([&shape](Context& ctx) { return shape(ctx); }));
  BOOST_REQUIRE((run.start() == SessionState::kBlocked));
  WaitSet row = run.session->waiting();
  std::vector<Leaf> open;
  leaves_of(row, open);
  const bool has_signals =
      std::any_of(open.begin(), open.end(), [](const Leaf& one) { return one.index() == 1; });
  if (has_signals) open.insert(open.end(), 2, Leaf("x"));
  while (run.session->state() == SessionState::kBlocked && !open.empty()) {
    const auto one = open.begin() + static_cast<std::ptrdiff_t>(draw(open.size()));
    const Leaf leaf = *one;
    open.erase(one);
    const bool fails = draw(2) == 0;  // A timer too; here it does not matter.
    const State state = settle(row, leaf, fails);

    std::visit(
        [&](const auto& of) {
          using Of = std::decay_t<decltype(of)>;
          using Key = std::conditional_t<std::is_same_v<Of, std::string>, std::string,
                                         protocol::CompletionRef>;
          fails ? run.notify(Key{of}, protocol::Failure{400, "no", {}})
                : run.notify(Key{of}, Bytes("1"));
        },
        leaf);

    const bool goes_on = run.session->state() != SessionState::kBlocked;
    BOOST_TEST((!goes_on || state != State::kPending), "the row would have let it sleep");
    BOOST_TEST((goes_on || !is_exact || state == State::kPending || state == State::kUnknown),
               "the row would have woken it for nothing");
    if (!goes_on && state != State::kPending) row = run.session->waiting();
  }
  if (run.session->state() != SessionState::kBlocked) return;
  BOOST_TEST(!is_exact, "all has come");
  row = run.session->waiting();
  const State of_nothing = settle(row, Leaf("nothing of it"), false);
  BOOST_TEST((of_nothing == State::kPending), "it would be woken again and again");
}

BOOST_AUTO_TEST_SUITE(wait_tree)

BOOST_AUTO_TEST_CASE(is_settled_when_the_handler_goes_on_and_not_before) {
  for (const bool is_exact : {true, false}) {
    const auto& shapes = is_exact ? kShapes : kShapesWokenEarly;
    for (std::size_t shape = 0; shape < shapes.size(); ++shape) {
      for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        BOOST_TEST_CONTEXT("shape " << shape << (is_exact ? "" : " early") << " " << seed) {
          live(shapes[shape], seed, is_exact);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_decided_is_left_out_and_a_single_leaf_is_plain) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    co_await all(ask(ctx), any(ask(ctx), ask(ctx)), all_settled(ask(ctx), ask(ctx)));
    co_return "";
  }));
  run.start();
  const WaitSet both{{4, 6}, {}, {}, Combinator::kFirstSuccess, {}};
  const WaitSet settled{{8, 10}, {}, {}, Combinator::kAll, {}};
  BOOST_TEST(
      (run.session->waiting() == WaitSet{{2}, {}, {}, Combinator::kFirstFailure, {both, settled}}));

  run.complete(4, "1");
  run.complete(8, "1");
  const WaitSet last{{10}, {}, {}, Combinator::kAll, {}};
  BOOST_TEST((run.session->waiting() == WaitSet{{2}, {}, {}, Combinator::kFirstFailure, {last}}));

  run.complete(10, "1");
  BOOST_TEST((run.session->waiting() == WaitSet{{2}, {}, {}, Combinator::kAny, {}}));
}

// However deep, it is not later than the handler: at the depth where nodes become one, any wakes.
BOOST_AUTO_TEST_CASE(a_tree_that_is_too_deep_is_folded_and_wakes_early_not_late) {
  for (const int timeouts : {46, 47, 48, 49, 50, 51, 60}) {
    const Shape deep = [timeouts](Context& c) {
      std::vector<Future<int>> leaves;
      leaves.push_back(ask(c));
      leaves.push_back(ask(c));
      Future<Winner<int>> future = any(std::move(leaves));
      for (int i = 0; i < timeouts; ++i) future = with_timeout(std::move(future), 1s);
      return ended(std::move(future));
    };
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      BOOST_TEST_CONTEXT(timeouts << " timeouts, seed " << seed) { live(deep, seed, false); }
    }
    TestRun run(text_handler([&deep](Context& ctx) { return deep(ctx); }));
    BOOST_REQUIRE((run.start() == SessionState::kBlocked));
    std::size_t depth = 1;
    const WaitSet waits = run.session->waiting();
    for (const WaitSet* at = &waits; !at->nested.empty(); at = &at->nested[0]) ++depth;
    BOOST_TEST(depth > 40u);
    BOOST_TEST(depth <= 51u);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast
