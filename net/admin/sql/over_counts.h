#pragma once
// OverCounts: finds the queries that only count invocations by status and service, and says the
// same over the table of counts, which has one row for many invocations. Pure.
//
// A query is of this kind when SQLite says that it reads nothing else (CountedReads), and when it
// is one SELECT from one table that groups, counts all, or keeps distinct rows only; so how many
// rows are alike matters for nothing but count(*).

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::net::sql {

// The table of counts: target_service_name, status, invocations.
inline constexpr const char* kCountTable = "holdfast_invocation_counts";
// The function that sums the column `invocations`; 0 for no rows.
inline constexpr const char* kSumOfCounts = "holdfast_sum_of_counts";

// What a statement reads and calls, as SQLite's authorizer hears of it.
class CountedReads {
 public:
  void read(std::string_view table, std::string_view column);
  void call(std::string_view function);
  bool only_counted() const { return only_counted_; }

 private:
  bool only_counted_ = true;
};

// None: it is not of this kind. REQUIRES: `query` prepares, and reads only what is counted.
std::optional<std::string> over_counts(std::string_view query);

}  // namespace holdfast::net::sql
