#pragma once
// Error status: the HTTP status of an error of ours, the same on both ports. Pure.

#include "storage/base/result.h"

namespace holdfast::net {

int status_of(ErrorCode code);

}  // namespace holdfast::net
