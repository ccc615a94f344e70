#pragma once
// StoreReport: what a check of a whole store found. For people, and for tests that use the check as
// an oracle.

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::journal {

struct StoreReport {
  // A table whose rows were read, or a relation between tables that was checked.
  struct Check {
    std::string name;
    bool is_table = true;
    std::uint64_t rows = 0;  // Looked at.
    std::uint64_t problems = 0;
  };
  struct Problem {
    std::string check;   // The name of its check.
    std::string what;    // What is wrong.
    std::string row;     // Where: the key of a row, readable, in one line.
    std::string advice;  // Why it matters, and what to do.

    std::string text() const { return what + ": " + row + ": " + advice; }
  };

  std::vector<Check> checks;
  std::vector<Problem> problems;  // The first ones; see VerifyOptions::problems_kept.
  std::uint64_t problem_count = 0;
  std::uint64_t rows = 0;  // In all tables.

  bool is_clean() const { return problem_count == 0; }
};

}  // namespace holdfast::journal
