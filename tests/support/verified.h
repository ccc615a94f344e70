#pragma once
// Verified: a store is what the engine would have written, or the test fails.

#include <boost/test/unit_test.hpp>

#include "journal/verify/verify.h"

namespace holdfast::testing {

// Handlers of tests may be pinned to deployments that nobody has registered.
enum class Pins { kChecked, kMadeUp };

inline void check_store(const storage::Reader& store, Pins pins = Pins::kChecked) {
  journal::VerifyOptions options;
  options.problems_kept = 10'000;
  for (const auto& problem : journal::verify_store(store, options).problems) {
    if (pins == Pins::kMadeUp && problem.check == "invocations with deployments") continue;
    BOOST_ERROR(problem.text());
  }
}

}  // namespace holdfast::testing
