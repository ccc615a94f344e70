#pragma once
// Failures in their three forms: an exception in a handler, a value in the SDK, a message on the
// wire.

#include <string>

#include "net/protocol/message.h"
#include "sdk/include/holdfast/runtime/context_core.h"

namespace holdfast::runtime {

// Messages are texts on the wire, and an exception may say anything: bytes that are not UTF-8
// become question marks, and what goes on for too long is cut.
std::string readable(std::string text);

Failed to_failed(protocol::Failure failure);
Failed to_failed(const TerminalError& error);
protocol::Failure to_failure(Failed failed);
protocol::Outcome to_outcome(Resolution resolution);

}  // namespace holdfast::runtime
