#include "actors/waiters.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::actors {
namespace {

journal::InvocationId id_of(std::uint64_t number) {
  journal::InvocationId id;
  id.partition_key = number;
  id.uuid[15] = static_cast<std::uint8_t>(number);
  return id;
}

Finished finished(const journal::InvocationId& id) {
  Finished result;
  result.id = id;
  result.outcome = Bytes("done");
  return result;
}

BOOST_AUTO_TEST_SUITE(waiters)

BOOST_AUTO_TEST_CASE(a_waiter_is_taken_out_once) {
  Waiters waiters;
  int calls = 0;
  const std::uint64_t number = waiters.add(id_of(1), [&](Result<Finished>) { ++calls; });

  const Waiters::Callback first = waiters.take(id_of(1), number);
  const Waiters::Callback second = waiters.take(id_of(1), number);

  BOOST_REQUIRE(first != nullptr);
  BOOST_TEST((second == nullptr));
  first(finished(id_of(1)));
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(numbers_are_not_0_and_not_given_twice) {
  Waiters waiters;

  const std::uint64_t one = waiters.add(id_of(1), [](Result<Finished>) {});
  const std::uint64_t two = waiters.add(id_of(1), [](Result<Finished>) {});
  const std::uint64_t three = waiters.add(id_of(2), [](Result<Finished>) {});

  BOOST_TEST(one != 0u);
  BOOST_TEST((one != two && two != three && one != three));
}

BOOST_AUTO_TEST_CASE(a_forgotten_waiter_is_gone_and_the_others_stay) {
  Waiters waiters;
  const std::uint64_t gone = waiters.add(id_of(1), [](Result<Finished>) {});
  const std::uint64_t stays = waiters.add(id_of(1), [](Result<Finished>) {});

  waiters.forget(id_of(1), gone);
  waiters.forget(id_of(1), gone);
  waiters.forget(id_of(9), 12345);

  BOOST_TEST((waiters.take(id_of(1), gone) == nullptr));
  BOOST_TEST((waiters.take(id_of(1), stays) != nullptr));
}

BOOST_AUTO_TEST_CASE(a_number_of_another_invocation_takes_nothing) {
  Waiters waiters;
  const std::uint64_t number = waiters.add(id_of(1), [](Result<Finished>) {});

  BOOST_TEST((waiters.take(id_of(2), number) == nullptr));
  BOOST_TEST((waiters.take(id_of(1), number) != nullptr));
}

BOOST_AUTO_TEST_CASE(take_all_gives_everybody_who_waits_for_one_invocation) {
  Waiters waiters;
  std::vector<int> called;
  for (int i = 0; i < 3; ++i) {
    waiters.add(id_of(1), [&called, i](Result<Finished>) { called.push_back(i); });
  }
  const std::uint64_t other = waiters.add(id_of(2), [](Result<Finished>) {});

  for (const Waiters::Callback& callback : waiters.take_all(id_of(1))) {
    callback(finished(id_of(1)));
  }

  BOOST_TEST(called.size() == 3u);
  BOOST_TEST(waiters.take_all(id_of(1)).empty());
  BOOST_TEST((waiters.take(id_of(2), other) != nullptr));
}

BOOST_AUTO_TEST_CASE(fail_all_tells_everybody_once) {
  Waiters waiters;
  int failed = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    waiters.add(id_of(i % 40), [&](Result<Finished> result) {
      BOOST_REQUIRE(!result.has_value());
      BOOST_TEST((result.error().code() == ErrorCode::kShuttingDown));
      ++failed;
    });
  }

  waiters.fail_all(Error(ErrorCode::kShuttingDown, "the process ends"));
  waiters.fail_all(Error(ErrorCode::kShuttingDown, "the process ends"));

  BOOST_TEST(failed == 100);
}

BOOST_AUTO_TEST_CASE(a_callback_of_fail_all_may_use_the_waiters) {
  Waiters waiters;
  bool called = false;
  waiters.add(id_of(1), [&](Result<Finished>) {
    waiters.forget(id_of(1), 77);
    called = true;
  });

  waiters.fail_all(Error(ErrorCode::kShuttingDown, "the process ends"));

  BOOST_TEST(called);
}

BOOST_AUTO_TEST_CASE(under_contention_each_callback_comes_out_exactly_once) {
  Waiters waiters;
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;

  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (std::uint64_t i = 0; i < 2000; ++i) {
        const std::uint64_t number = waiters.add(id_of(i % 8), [&](Result<Finished>) { ++taken; });
        if (i % 3 == 0) {
          for (const auto& callback : waiters.take_all(id_of(i % 8))) callback(finished(id_of(1)));
        } else if (i % 3 == 1) {
          if (const auto callback = waiters.take(id_of(i % 8), number)) {
            callback(finished(id_of(1)));
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  waiters.fail_all(Error(ErrorCode::kShuttingDown, "the process ends"));

  BOOST_TEST(taken.load() == 8000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::actors
