#pragma once
// Parts: the messages inside messages, which several frames share.

#include <utility>

#include "net/protocol/message.h"
#include "net/protocol/restate/proto_reader.h"
#include "net/protocol/restate/proto_writer.h"
#include "net/protocol/restate/version.h"

namespace holdfast::protocol::restate {

// What went wrong is in `decoding`. `path` is that of the part's own fields ("value.").
void read_void(Decoding& decoding, BytesView message, const char* path);
Bytes read_value(Decoding& decoding, BytesView message, const char* path);
Failure read_failure(Decoding& decoding, BytesView message, Version version, const char* path);
std::pair<std::string, std::string> read_pair(Decoding& decoding, BytesView message,
                                              const char* path);
std::vector<Bytes> read_state_keys(Decoding& decoding, BytesView message, const char* path);

// Each is present in any case. A value is ProtoWriter::wrapped(number, bytes).
void write_void(ProtoWriter& writer, std::uint32_t number);
void write_failure(ProtoWriter& writer, std::uint32_t number, const Failure& failure,
                   Version version);
void write_state_keys(ProtoWriter& writer, std::uint32_t number, const std::vector<Bytes>& keys);

// A result of several variants: a Value at `value_number`, a Failure at `failure_number`.
void write_outcome(ProtoWriter& writer, std::uint32_t value_number, std::uint32_t failure_number,
                   const Outcome& outcome, Version version);

}  // namespace holdfast::protocol::restate
