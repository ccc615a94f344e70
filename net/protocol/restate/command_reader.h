#pragma once
// Command reader: the payload of a command as a value, type by type. Part of command_codec.h.

#include "net/protocol/message.h"
#include "net/protocol/restate/proto_reader.h"
#include "net/protocol/restate/version.h"

namespace holdfast::protocol::restate {

// Reads the payload of `decoding` as what its type says. What went wrong is in `decoding`; a type
// that is no command is such a thing.
Command read_command(Decoding& decoding, Version version);

}  // namespace holdfast::protocol::restate
