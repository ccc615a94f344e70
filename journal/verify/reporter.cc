#include "journal/verify/reporter.h"

#include <utility>

namespace holdfast::journal {
namespace {

constexpr std::uint64_t kRowsBetweenProgress = 16'384;

struct Name {
  const char* text;
  bool is_table;
};
// In the order of Part.
constexpr std::array<Name, kParts> kNames = {{
    {"meta", true},
    {"invocations", true},
    {"journal", true},
    {"wake-ups", true},
    {"queues", true},
    {"timers", true},
    {"state", true},
    {"promises", true},
    {"waiters", true},
    {"service settings", true},
    {"deployments", true},
    {"counters", true},
    {"unknown", true},
    {"an invocation with itself", false},
    {"ids with keys", false},
    {"invocations with journals", false},
    {"invocations with wake-ups", false},
    {"invocations with timers", false},
    {"invocations with places in queues", false},
    {"waits with journals", false},
    {"calls with those who wait", false},
    {"promises with those who wait", false},
    {"invocations with deployments", false},
    {"counters with invocations", false},
}};

}  // namespace

Reporter::Reporter(const VerifyOptions& options) : options_(options) {
  for (std::size_t i = 0; i < kParts; ++i) {
    checks_[i].name = kNames[i].text;
    checks_[i].is_table = kNames[i].is_table;
  }
}

void Reporter::look(Part part) {
  StoreReport::Check& check = checks_[index(part)];
  ++check.rows;
  if (check.rows % kRowsBetweenProgress != 0 || !options_.progress) return;
  // The relations are checked side by side, one invocation after the other.
  if (check.is_table) {
    options_.progress(check.name, check.rows);
  } else if (part == Part::kFields) {
    options_.progress("what each invocation is related to", check.rows);
  }
}

void Reporter::problem(Part part, std::string what, std::string row, std::string advice) {
  StoreReport::Check& check = checks_[index(part)];
  ++check.problems;
  ++problem_count_;
  if (problems_.size() >= options_.problems_kept) return;
  problems_.push_back({check.name, std::move(what), std::move(row), std::move(advice)});
}

StoreReport Reporter::report() && {
  StoreReport report;
  report.problems = std::move(problems_);
  report.problem_count = problem_count_;
  for (StoreReport::Check& check : checks_) {
    if (check.is_table) report.rows += check.rows;
    report.checks.push_back(std::move(check));
  }
  return report;
}

}  // namespace holdfast::journal
