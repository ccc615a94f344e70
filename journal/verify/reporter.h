#pragma once
// Reporter: where checks put what they looked at and what they found. Of use inside journal/verify
// only.

#include <array>
#include <string>

#include "journal/verify/store_report.h"
#include "journal/verify/verify.h"

namespace holdfast::journal {

// What is checked, in the order of the report: tables, then relations.
enum class Part : std::uint8_t {
  kMeta,
  kInvocations,
  kJournal,
  kWakeUps,
  kQueues,
  kTimers,
  kState,
  kPromises,
  kWaiters,
  kSettings,
  kDeployments,
  kCounters,
  kUnknown,  // Whatever lies between the tables.
  kFields,
  kIds,
  kJournals,
  kWokenAgain,
  kTimersSet,
  kPlaces,
  kWaits,
  kCalls,
  kPromisesAsked,
  kPins,
  kCounts,
};
inline constexpr std::size_t kParts = static_cast<std::size_t>(Part::kCounts) + 1;

class Reporter {
 public:
  explicit Reporter(const VerifyOptions& options);

  // One more row or pair was looked at.
  void look(Part part);
  void problem(Part part, std::string what, std::string row, std::string advice);
  std::uint64_t problems(Part part) const { return checks_[index(part)].problems; }

  StoreReport report() &&;

 private:
  static std::size_t index(Part part) { return static_cast<std::size_t>(part); }

  const VerifyOptions& options_;
  std::array<StoreReport::Check, kParts> checks_;
  std::vector<StoreReport::Problem> problems_;
  std::uint64_t problem_count_ = 0;
};

}  // namespace holdfast::journal
