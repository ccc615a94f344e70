#pragma once
// Whether something was refused; then there is a reason.

#include "storage/base/check.h"
#include "storage/base/result.h"

namespace holdfast::testing {

template <class T>
bool refused(const Result<T>& result) {
  if (result.has_value()) return false;
  CHECK(!result.error().message().empty(), "a refusal has a reason");
  return true;
}

// For one reason only.
template <class T>
bool refused_as(ErrorCode code, const Result<T>& result) {
  if (!refused(result)) return false;
  CHECK(result.error().code() == code, "and is of its kind");
  return true;
}

}  // namespace holdfast::testing
