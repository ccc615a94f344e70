#pragma once
// From the handler: what an endpoint sends to the engine during an attempt, as bytes and as values.
//
// Decoding is strict, because what comes out is stored and replayed (INV-11). A frame is looked at
// wholly before anything of it is given out. Refused, with the name of the message, the field and
// the offset in the payload in the error's text:
//   - a type the engine does not know, or that only the engine may send (Start, any notification,
//     Input and the like), or a custom one
//   - malformed varints, lengths over the end, wrong wire types, groups, strings that are not UTF-8
//   - numbers outside of what they mean (a code over 65535, a time over 2^63 - 1 ms)
//   - a part that must be there and is not: the variant of a result, a completion id, anything to
//     wait for in a Suspension; a part that may be there once and is there twice
//   - a scope or a limit key, in every version: not supported
// Fields with unknown numbers are skipped.
//
// Errors: kTooLarge for futures nested deeper than kFutureDepthMax and for lists of more than a
// million members in one frame, which another attempt would only repeat; kInvalidArgument for
// everything else.

#include <cstdint>
#include <variant>

#include "net/protocol/message.h"
#include "net/protocol/restate/frame.h"
#include "net/protocol/restate/future.h"
#include "net/protocol/restate/version.h"
#include "storage/base/result.h"

namespace holdfast::protocol::restate {

struct NewCommand {
  Command command;  // Never Input.
  bool wants_ack = false;
};

// The outcome of a closure, to be stored as the completion of its RunCommand.
struct ProposeRun {
  CompletionId completion = 0;
  Outcome outcome;
  bool wants_ack = false;  // Version 7: answered with ProposalAck instead of the notification.
};

// The attempt ends until `awaiting` is ready. Versions 5 and 6 have no tree: kFirstCompleted.
struct Suspension {
  Future awaiting;  // Has at least one leaf.
};

// What the handler is blocked on; advice, for people who look. Of version 7, taken in all.
struct AwaitingOn {
  Future awaiting;  // May be empty.
  bool executing_side_effects = false;
};

enum class ErrorBehavior : std::uint8_t { kRetry = 0, kPause = 1, kFail = 2 };

// The attempt ends without a result.
struct HandlerError {
  AttemptError error;
  ErrorBehavior behavior = ErrorBehavior::kRetry;  // Of version 7, taken in all.
};

// The attempt ends; the last Output is the result.
struct End {};

using FromHandler = std::variant<NewCommand, ProposeRun, Suspension, AwaitingOn, HandlerError, End>;

Result<FromHandler> decode_from_handler(const Frame& frame, Version version);

// Appends header and payload. What the version has no field for is left out. REQUIRES: futures no
// deeper than kFutureDepthMax; a Suspension of version 5 or 6 is flattened.
void append_from_handler(Bytes& to, const FromHandler& message, Version version);
Bytes encode(const FromHandler& message, Version version);

}  // namespace holdfast::protocol::restate
