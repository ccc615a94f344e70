#include <boost/test/unit_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>

#include <holdfast/task.h>

namespace holdfast {
namespace {

struct Gate {
  std::coroutine_handle<> waiting;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
  void await_resume() const {}
};

Task<int> add(int a, int b) { co_return a + b; }
Task<int> after(Gate& gate, std::shared_ptr<int> held) {
  co_await gate;
  co_return *held;
}
Task<std::string> nested(Gate& gate, std::shared_ptr<int> held) {
  const int value = co_await after(gate, held);
  co_return std::to_string(value);
}

BOOST_AUTO_TEST_SUITE(task)

BOOST_AUTO_TEST_CASE(it_does_not_begin_before_it_is_awaited) {
  bool begun = false;
  auto body = [&]() -> Task<> {
    begun = true;
    co_return;
  };

  const Task<> task = body();

  BOOST_TEST(!begun);
  task.start();
  BOOST_TEST(begun);
  BOOST_TEST(task.done());
}

BOOST_AUTO_TEST_CASE(it_hands_back_its_value_through_other_tasks) {
  Gate gate;
  const Task<std::string> task = nested(gate, std::make_shared<int>(7));

  task.start();
  BOOST_TEST(!task.done());
  gate.waiting.resume();

  BOOST_REQUIRE(task.done());
  BOOST_TEST(task.take() == "7");
}

BOOST_AUTO_TEST_CASE(it_hands_back_its_exception) {
  auto thrower = []() -> Task<int> {
    throw std::runtime_error("broken");
    co_return 1;
  };
  auto catcher = [&]() -> Task<std::string> {
    try {
      co_await thrower();
    } catch (const std::runtime_error& error) {
      co_return std::string(error.what());
    }
    co_return "nothing";
  };

  const Task<std::string> task = catcher();
  task.start();

  BOOST_TEST(task.take() == "broken");
}

BOOST_AUTO_TEST_CASE(a_suspended_task_that_is_destroyed_destroys_what_it_waits_for) {
  Gate gate;
  auto held = std::make_shared<int>(7);
  {
    const Task<std::string> task = nested(gate, held);
    task.start();
    BOOST_TEST(held.use_count() > 1);
  }

  BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(many_awaits_do_not_grow_the_stack) {
  auto sum = []() -> Task<int> {
    int total = 0;
    for (int i = 0; i < 1'000'000; ++i) total = co_await add(total, 1);
    co_return total;
  };

  const Task<int> task = sum();
  task.start();

  BOOST_TEST(task.take() == 1'000'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast
