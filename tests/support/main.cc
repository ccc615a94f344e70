// The main of every test program. Beside what Boost.Test does, each test case fails on an error
// line in the log that it did not announce with a LogCapture.

#include <boost/test/tree/traverse.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/log_capture.h"

namespace {

namespace ut = boost::unit_test;

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
    const_cast<ut::test_case&>(test).p_fixtures.value.push_back(
        ut::test_unit_fixture_ptr(new ErrorLineFixture));
  }
};

bool init() {
  ut::framework::master_test_suite().p_name.value = "holdfast";
  AddFixture add;
  ut::traverse_test_tree(ut::framework::master_test_suite(), add, true);
  return true;
}

}  // namespace

int main(int argc, char* argv[]) { return ut::unit_test_main(&init, argc, argv); }
