#pragma once
// Command codec: a command of the journal <-> its frame. The same bytes in both directions: from
// the handler when it is new, to the handler when it is replayed.
//
// What canonical encoders write comes back byte for byte: fields in the order of their numbers,
// defaults left out. For the strictness of decoding see from_handler.h.

#include "net/protocol/message.h"
#include "net/protocol/restate/frame.h"
#include "net/protocol/restate/version.h"
#include "storage/base/result.h"

namespace holdfast::protocol::restate {

MessageType type_of(const Command& command);

// Any command, Input among them. kInvalidArgument: see from_handler.h.
Result<Command> decode_command(const Frame& frame, Version version);

// Appends header and payload.
void append_command(Bytes& to, const Command& command, Version version, bool wants_ack = false);

}  // namespace holdfast::protocol::restate
