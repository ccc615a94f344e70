#pragma once
// Error status: the HTTP status of an error of ours, the same on both ports. Pure.

#include "storage/base/result.h"

namespace holdfast::net {

// Trying again is worth it, and the answer says so (retry-after).
inline constexpr int kStatusUnavailable = 503;

int status_of(ErrorCode code);

}  // namespace holdfast::net
