#pragma once
// Counts: whether the stored counts of invocations are what a scan of their rows finds.

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "journal/tables/tables.h"

namespace holdfast::testing {

// "Service status" to how many.
using Counts = std::map<std::string, std::uint64_t>;

inline std::string count_name(const std::string& service, std::optional<journal::Status> status) {
  return service + " " + (status ? journal::status_text(*status) : "unreadable");
}

inline Counts scanned_counts(const journal::Tables& tables) {
  Counts counts;
  const auto scanned =
      tables.each_stored(std::nullopt, std::nullopt, [&](const journal::StoredInvocation& stored) {
        const auto row = stored.read();
        ++counts[row ? count_name(row->target.service, row->status) : count_name("", {})];
        return true;
      });
  BOOST_REQUIRE(scanned.has_value());
  return counts;
}

inline Counts stored_counts(const journal::Tables& tables) {
  Counts counts;
  const auto stored = tables.invocation_counts();
  BOOST_REQUIRE(stored.has_value());
  BOOST_REQUIRE(stored->has_value());
  for (const auto& one : **stored) {
    counts[count_name(one.service, one.status)] += one.invocations;
  }
  return counts;
}

inline void check_counts(const journal::Tables& tables) {
  const Counts expected = scanned_counts(tables);
  const Counts stored = stored_counts(tables);
  if (stored == expected) return;
  for (const auto& [name, count] : expected) {
    BOOST_TEST_CONTEXT(name) { BOOST_TEST((stored.contains(name) ? stored.at(name) : 0) == count); }
  }
  BOOST_TEST(stored.size() == expected.size(), "something is counted that is not there");
}

}  // namespace holdfast::testing
