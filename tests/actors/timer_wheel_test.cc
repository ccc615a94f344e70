// TimerWheel against a std::multiset that is asked the same questions. The random cases print their
// seed.

#include "actors/timer/timer_wheel.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <set>
#include <vector>

#include "storage/base/random.h"

namespace holdfast::actors {
namespace {

using journal::Timer;
using journal::TimerKind;

constexpr std::int64_t kNow = 1'700'000'000'000;

Timer timer_at(std::int64_t due, std::uint64_t number = 0) {
  Timer timer;
  timer.due_unix_ms = due;
  timer.invocation.partition_key = number;
  timer.completion = static_cast<std::uint32_t>(number);
  return timer;
}

std::vector<std::int64_t> times(const std::vector<Timer>& timers) {
  std::vector<std::int64_t> result;
  for (const Timer& timer : timers) result.push_back(timer.due_unix_ms);
  return result;
}

bool in_order_of_time(const std::vector<Timer>& timers) {
  return std::is_sorted(timers.begin(), timers.end(), [](const Timer& a, const Timer& b) {
    return a.due_unix_ms < b.due_unix_ms;
  });
}

// The wheel and what it should hold.
class Pair {
 public:
  explicit Pair(std::int64_t now) : now_(now), wheel_(now) {}

  std::int64_t now() const { return now_; }
  TimerWheel& wheel() { return wheel_; }
  const std::multiset<Timer>& reference() const { return reference_; }

  void insert(const Timer& timer) {
    wheel_.insert(timer);
    reference_.insert(timer);
    check_view();
  }

  // Moves time on; what comes out must be exactly what is due.
  void advance(std::int64_t now) {
    std::vector<Timer> due;
    wheel_.advance(now, due);
    now_ = now;

    std::vector<Timer> expected;
    while (!reference_.empty() && reference_.begin()->due_unix_ms <= now) {
      expected.push_back(*reference_.begin());
      reference_.erase(reference_.begin());
    }
    BOOST_TEST(in_order_of_time(due));
    std::sort(due.begin(), due.end());
    BOOST_TEST((due == expected), "at " << now << ": " << due.size() << " came out, "
                                        << expected.size() << " were due");
    check_view();
  }

  // Follows next_ms() alone until the wheel is empty; each stop must bring it forward.
  void follow_to_the_end() {
    std::size_t stops = 0;
    while (const std::optional<std::int64_t> next = wheel_.next_ms()) {
      const std::size_t left = wheel_.size();
      const std::int64_t to = std::max(*next, now_);
      const bool moved = to > now_;
      advance(to);
      BOOST_REQUIRE_MESSAGE(moved || wheel_.size() < left, "a stop without progress at " << to);
      BOOST_REQUIRE_MESSAGE(++stops < 1'000'000, "next_ms() leads nowhere");
    }
    BOOST_TEST(reference_.empty());
  }

 private:
  void check_view() {
    BOOST_TEST(wheel_.size() == reference_.size());
    const std::optional<std::int64_t> next = wheel_.next_ms();
    BOOST_REQUIRE(next.has_value() == !reference_.empty());
    if (!next.has_value()) return;
    const std::int64_t earliest = reference_.begin()->due_unix_ms;
    BOOST_TEST(*next <= std::max(earliest, now_));
  }

  std::int64_t now_;
  TimerWheel wheel_;
  std::multiset<Timer> reference_;
};

// Any distance, with those at the edges of slots and levels more often than chance would have it.
std::int64_t some_distance(Random& random) {
  const auto below = [&](std::uint64_t limit) {
    return static_cast<std::int64_t>(random.next() % limit);
  };
  const std::int64_t power = std::int64_t{1} << below(42);
  switch (below(6)) {
    case 0:
      return -below(100'000);
    case 1:
      return below(70);
    case 2:
      return power + below(3) - 1;
    case 3:
      return power * (1 + below(63)) + below(3) - 1;
    case 4:
      return below(static_cast<std::uint64_t>(power)) + 1;
    default:
      return below(10'000);
  }
}

BOOST_AUTO_TEST_SUITE(timer_wheel)

BOOST_AUTO_TEST_CASE(an_empty_wheel_has_nothing_next) {
  TimerWheel wheel(kNow);
  std::vector<Timer> due;

  wheel.advance(kNow + 1'000'000, due);

  BOOST_TEST(due.empty());
  BOOST_TEST(wheel.size() == 0u);
  BOOST_TEST(!wheel.next_ms().has_value());
  BOOST_TEST(wheel.drain().empty());
}

BOOST_AUTO_TEST_CASE(inv_7_a_timer_never_comes_out_early) {
  for (const std::int64_t distance : {1, 63, 64, 65, 4095, 4096, 4097, 262'143, 262'144}) {
    TimerWheel wheel(kNow);
    std::vector<Timer> due;
    wheel.insert(timer_at(kNow + distance));

    wheel.advance(kNow + distance - 1, due);
    BOOST_TEST(due.empty(), "early by 1 ms at distance " << distance);
    wheel.advance(kNow + distance, due);

    BOOST_TEST(due.size() == 1u, "not there at distance " << distance);
  }
}

BOOST_AUTO_TEST_CASE(inv_7_a_timer_comes_out_once) {
  TimerWheel wheel(kNow);
  std::vector<Timer> due;
  wheel.insert(timer_at(kNow + 5000));

  for (std::int64_t now = kNow; now < kNow + 20'000; now += 7) wheel.advance(now, due);

  BOOST_TEST(due.size() == 1u);
  BOOST_TEST(wheel.size() == 0u);
}

BOOST_AUTO_TEST_CASE(an_overdue_timer_comes_out_at_the_next_advance_even_without_time_passing) {
  TimerWheel wheel(kNow);
  std::vector<Timer> due;
  wheel.insert(timer_at(kNow - 1'000'000));
  wheel.insert(timer_at(kNow));

  BOOST_REQUIRE(wheel.next_ms().has_value());
  BOOST_TEST(*wheel.next_ms() <= kNow);
  wheel.advance(kNow, due);

  BOOST_TEST(times(due) == (std::vector<std::int64_t>{kNow - 1'000'000, kNow}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(overdue_and_due_timers_come_out_in_order_of_time) {
  TimerWheel wheel(kNow);
  std::vector<Timer> due;
  for (const std::int64_t distance : {300, -5, 20, -900, 64, 0, 5000}) {
    wheel.insert(timer_at(kNow + distance));
  }

  wheel.advance(kNow + 10'000, due);

  BOOST_TEST(due.size() == 7u);
  BOOST_TEST(in_order_of_time(due));
}

BOOST_AUTO_TEST_CASE(many_timers_of_one_moment_all_come_out) {
  Pair pair(kNow);
  for (std::uint64_t number = 0; number < 1000; ++number) {
    pair.insert(timer_at(kNow + 70'000, number));
  }

  pair.advance(kNow + 69'999);
  pair.advance(kNow + 70'000);

  BOOST_TEST(pair.wheel().size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_timer_beyond_the_top_level_comes_out_at_its_time) {
  constexpr std::int64_t kTop = std::int64_t{1} << 36;
  for (const std::int64_t distance : {kTop - 1, kTop, kTop + 1, 5 * kTop, 100 * kTop + 17}) {
    Pair pair(kNow);
    pair.insert(timer_at(kNow + distance));

    pair.follow_to_the_end();

    BOOST_TEST(pair.now() == kNow + distance);
  }
}

BOOST_AUTO_TEST_CASE(one_jump_over_all_levels_takes_out_everything) {
  Pair pair(kNow);
  for (int bit = 0; bit < 45; ++bit) {
    pair.insert(timer_at(kNow + (std::int64_t{1} << bit), static_cast<std::uint64_t>(bit)));
  }

  pair.advance(kNow + (std::int64_t{1} << 46));

  BOOST_TEST(pair.wheel().size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_wheel_that_starts_on_a_boundary_finds_its_slots) {
  for (const int level_bits : {6, 12, 18, 24, 30, 36}) {
    const std::int64_t boundary = (kNow >> level_bits) << level_bits;
    for (const std::int64_t start : {boundary - 1, boundary, boundary + 1}) {
      Pair pair(start);
      for (const std::int64_t other : {6, 12, 18, 24, 30, 36}) {
        for (const std::int64_t around : {-1, 0, 1}) {
          pair.insert(timer_at(start + (std::int64_t{1} << other) + around));
          pair.insert(timer_at(boundary + (std::int64_t{1} << other) + around));
        }
      }
      pair.follow_to_the_end();
    }
  }
}

BOOST_AUTO_TEST_CASE(draining_gives_everything_in_order_of_the_table_and_empties_the_wheel) {
  SeededRandom random(7);
  TimerWheel wheel(kNow);
  std::vector<Timer> expected;
  for (std::uint64_t number = 0; number < 500; ++number) {
    Timer timer = timer_at(kNow + some_distance(random), random.next() % 20);
    timer.kind = number % 2 == 0 ? TimerKind::kSleep : TimerKind::kRetry;
    wheel.insert(timer);
    expected.push_back(timer);
  }
  std::sort(expected.begin(), expected.end());

  const std::vector<Timer> drained = wheel.drain();

  BOOST_TEST((drained == expected));
  BOOST_TEST(wheel.size() == 0u);
  BOOST_TEST(!wheel.next_ms().has_value());
  std::vector<Timer> due;
  wheel.advance(kNow + (std::int64_t{1} << 45), due);
  BOOST_TEST(due.empty());
}

BOOST_AUTO_TEST_CASE(a_drained_wheel_works_on) {
  Pair pair(kNow);
  pair.wheel().insert(timer_at(kNow + 100));
  pair.wheel().drain();

  pair.insert(timer_at(kNow + 200));

  pair.follow_to_the_end();
  BOOST_TEST(pair.now() == kNow + 200);
}

BOOST_AUTO_TEST_CASE(random_timers_and_times_agree_with_a_sorted_set) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      SeededRandom random(seed);
      Pair pair(seed % 3 == 0 ? static_cast<std::int64_t>(seed) : kNow);
      for (int step = 0; step < 400; ++step) {
        if (random.next() % 3 != 0) {
          pair.insert(timer_at(pair.now() + some_distance(random), random.next() % 50));
        } else if (random.next() % 2 == 0 && pair.wheel().next_ms().has_value()) {
          pair.advance(std::max(pair.now(), *pair.wheel().next_ms()));
        } else {
          pair.advance(pair.now() + std::max<std::int64_t>(0, some_distance(random)));
        }
      }
      pair.follow_to_the_end();
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::actors
