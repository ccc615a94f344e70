#pragma once
// Failures in their three forms: an exception in a handler, a value in the SDK, a message on the
// wire.

#include "net/protocol/message.h"
#include "sdk/include/holdfast/runtime/context_core.h"

namespace holdfast::runtime {

Failed to_failed(protocol::Failure failure);
Failed to_failed(const TerminalError& error);
protocol::Failure to_failure(Failed failed);
protocol::Outcome to_outcome(Resolution resolution);

}  // namespace holdfast::runtime
