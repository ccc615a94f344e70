#include "actors/steps/step_queue.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/random.h"

namespace holdfast::actors {
namespace {

// A queue whose closures say who they are.
struct Fixture {
  StepQueue queue;
  int last = -1;

  void push(int number, const std::string& service, bool awaited) {
    queue.push({service, awaited}, [this, number] { last = number; });
  }
  int pop() {
    queue.pop()();
    return last;
  }
};

BOOST_FIXTURE_TEST_SUITE(step_queue, Fixture)

BOOST_AUTO_TEST_CASE(a_short_queue_is_served_in_order) {
  for (int i = 0; i < static_cast<int>(StepQueue::kInOrderMax); ++i) push(i, "S", true);

  for (int i = 0; i < static_cast<int>(StepQueue::kInOrderMax); ++i) BOOST_TEST(pop() == i);
  BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(a_service_does_not_wait_behind_the_backlog_of_another) {
  for (int i = 0; i < 10'000; ++i) push(i, "Slow", i % 2 == 0);
  push(10'001, "Other", false);
  push(10'002, "Other", true);

  std::vector<int> served;
  for (int i = 0; i < 4; ++i) served.push_back(pop());

  BOOST_TEST(std::count(served.begin(), served.end(), 10'001) == 1);
  BOOST_TEST(std::count(served.begin(), served.end(), 10'002) == 1);
}

BOOST_AUTO_TEST_CASE(who_comes_after_ten_thousand_calls_and_sends_is_served_among_the_next) {
  for (int i = 0; i < 10'000; ++i) push(i, "S", i % 2 == 0);
  for (int turns = 0; turns < 7; ++turns) pop();
  push(10'001, "S", true);

  std::vector<int> served;
  for (int i = 0; i < 3; ++i) served.push_back(pop());

  BOOST_TEST(std::count(served.begin(), served.end(), 10'001) == 1);
}

// Nobody is served twice or not at all; the oldest of each kind of a service is served when each
// service has had three turns, whatever comes meanwhile.
BOOST_AUTO_TEST_CASE(nobody_starves_and_nobody_is_served_twice_in_any_order_of_coming_and_going) {
  using Kind = std::pair<std::string, bool>;
  const std::vector<std::string> services{"A", "B", "C"};
  SeededRandom random(20261129);
  std::map<Kind, std::vector<int>> waiting;  // In order of arrival.
  std::map<int, Kind> kinds;
  std::map<Kind, std::size_t> passed_over;  // Of each kind's oldest, since it is that.
  std::size_t longest = 0;
  int next = 0;

  const auto serve = [&] {
    const int served = pop();
    const auto kind = kinds.find(served);
    BOOST_REQUIRE_MESSAGE(kind != kinds.end(), served << " was served twice");
    for (auto& [other, numbers] : waiting) {
      if (!numbers.empty()) longest = std::max(longest, ++passed_over[other]);
    }
    auto& numbers = waiting[kind->second];
    if (numbers.front() == served) passed_over[kind->second] = 0;
    numbers.erase(std::find(numbers.begin(), numbers.end(), served));
    if (numbers.empty()) passed_over[kind->second] = 0;
    kinds.erase(kind);
  };
  for (int i = 0; i < 20'000; ++i) {
    // At first more come than go.
    if (queue.empty() || random.next() % 100 < (i < 8'000 ? 70u : 40u)) {
      const Kind kind{services[random.next() % services.size()], random.next() % 2 == 0};
      waiting[kind].push_back(next);
      kinds[next] = kind;
      push(next++, kind.first, kind.second);
    } else {
      serve();
    }
    BOOST_REQUIRE(queue.size() == kinds.size());
  }
  while (!queue.empty()) serve();

  BOOST_TEST(kinds.empty());
  BOOST_TEST(longest <= 3 * services.size());
}

BOOST_AUTO_TEST_CASE(the_backlog_of_calls_is_counted_for_each_service) {
  for (int i = 0; i < 30; ++i) push(i, "A", i % 3 == 0);
  push(30, "B", true);

  BOOST_TEST(queue.awaited_of("A") == 10u);
  BOOST_TEST(queue.awaited_of("B") == 1u);
  BOOST_TEST(queue.awaited_of("C") == 0u);
  while (!queue.empty()) pop();
  BOOST_TEST(queue.awaited_of("A") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::actors
