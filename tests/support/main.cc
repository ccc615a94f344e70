// The main of every test program. Beside what Boost.Test does, each test case fails on an error
// line in the log that it did not announce with a LogCapture; and one that takes much too long ends
// the program with its name, where a program that stands still would say nothing.

#include <unistd.h>

#include <boost/test/tree/traverse.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <string>

#include "tests/support/log_capture.h"
#include "tests/support/sanitized.h"

namespace {

namespace ut = boost::unit_test;

// Less than any program may take, in CMakeLists.txt.
constexpr unsigned kSecondsMax = holdfast::testing::kSanitized ? 500 : 100;
char too_long[512];
std::size_t too_long_size = 0;

// By a signal, wherever the threads are.
void end_the_program(int) {
  (void)!::write(STDERR_FILENO, too_long, too_long_size);
  ::_exit(3);
}

class Deadline : public ut::test_unit_fixture {
 public:
  void setup() override {
    const std::string text = "\nthe test case " + ut::framework::current_test_case().full_name() +
                             " has not ended within " + std::to_string(kSecondsMax) + " s\n";
    too_long_size = text.copy(too_long, sizeof(too_long));
    ::alarm(kSecondsMax);
  }
  void teardown() override { ::alarm(0); }
};

class ErrorLineFixture : public ut::test_unit_fixture {
 public:
  void setup() override { holdfast::testing::watch_log(); }
  void teardown() override {
    for (const std::string& line : holdfast::testing::take_unannounced_errors()) {
      BOOST_ERROR("unannounced error line: " + line);
    }
  }
};

class AddFixture : public ut::test_tree_visitor {
 public:
  void visit(const ut::test_case& test) override {
    auto& fixtures = const_cast<ut::test_case&>(test).p_fixtures.value;
    fixtures.push_back(ut::test_unit_fixture_ptr(new Deadline));
    fixtures.push_back(ut::test_unit_fixture_ptr(new ErrorLineFixture));
  }
};

bool init() {
  ut::framework::master_test_suite().p_name.value = "holdfast";
  AddFixture add;
  ut::traverse_test_tree(ut::framework::master_test_suite(), add, true);
  std::signal(SIGALRM, end_the_program);
  return true;
}

}  // namespace

int main(int argc, char* argv[]) { return ut::unit_test_main(&init, argc, argv); }
