#pragma once
// LaterWaiters: who waits for an outcome or a promise beside the first few, which stand in its
// record. Each has a row of its own, so that the hundred thousandth costs what the third does, and
// no record is written again for it. Why so: docs/decisions/0029-later-waiters-have-rows.md.

#include <cstddef>
#include <set>
#include <string>
#include <variant>

#include "journal/invocation.h"

namespace holdfast::journal {

// As many stand in a record before there are rows: a record that has fewer has none. Part of the
// stored format: with another number, that grows, or those with rows are forgotten.
inline constexpr std::size_t kWaitersInRecord = 2;

struct PromiseName {
  std::string service, key, name;
};
// What is waited for: the outcome of an invocation, or a promise.
using WaitedFor = std::variant<InvocationId, PromiseName>;

// Those of one record, as its owner knows them.
struct LaterWaiters {
  std::set<Waiter> known;  // Stored, or decided and on the way there.
  bool all = true;         // There are no others.
};

}  // namespace holdfast::journal
