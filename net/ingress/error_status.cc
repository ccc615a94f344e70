#include "net/ingress/error_status.h"

namespace holdfast::net {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kTooLarge:
      return 413;
    case ErrorCode::kUnavailable:
    case ErrorCode::kShuttingDown:
      return 503;
    case ErrorCode::kCorruption:
      break;
  }
  return 500;
}

}  // namespace holdfast::net
