#pragma once
// Future codec: the tree of what a handler waits for, as a protobuf message of version 7.

#include "net/protocol/restate/future.h"
#include "net/protocol/restate/proto_reader.h"
#include "net/protocol/restate/proto_writer.h"

namespace holdfast::protocol::restate {

// What went wrong is in `decoding`; kTooLarge for more than kFutureDepthMax levels. Needs no stack
// of its own for depth. `path` is that of the fields ("awaiting_on.").
Future read_future(Decoding& decoding, BytesView message, const char* path);

// Present in any case. REQUIRES: no deeper than kFutureDepthMax.
void write_future(ProtoWriter& writer, std::uint32_t number, const Future& future);

}  // namespace holdfast::protocol::restate
