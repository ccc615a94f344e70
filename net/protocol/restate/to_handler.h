#pragma once
// To the handler: what the engine sends to an endpoint during an attempt, as bytes and as values.
//
// First StartHead, then exactly `known_entries` commands and notifications: the journal. After that
// notifications as they are committed, and the acks that were asked for; never a command.
//
// Decoding is as strict as that of from_handler.h; a scope or limit key of Start is skipped, those
// of commands are refused.

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "net/protocol/message.h"
#include "net/protocol/restate/command_codec.h"
#include "net/protocol/restate/completion_kinds.h"
#include "net/protocol/restate/frame.h"
#include "net/protocol/restate/notification_codec.h"
#include "net/protocol/restate/version.h"
#include "storage/base/result.h"

namespace holdfast::protocol::restate {

// Start without the journal, which follows in frames of its own.
struct StartHead {
  Bytes raw_id;                                    // 24 bytes.
  std::string invocation_id;                       // The same as text, inv_...
  std::uint32_t known_entries = 1;                 // Frames of replay; at least the Input.
  std::vector<std::pair<Bytes, Bytes>> state_map;  // An empty value is there, and empty.
  bool partial_state = false;     // A key that is not in the map is unknown, else void.
  std::string key;                // Object or workflow key, else empty.
  std::uint32_t retry_count = 0;  // Failed attempts since the last new entry.
  std::uint64_t duration_ms = 0;  // Since the last new entry.
  std::uint64_t random_seed = 0;  // Sent in version 5 too; its handlers ignore it.
  std::optional<std::string> idempotency_key;  // Version 7.
};

// The command of this index is durable. Only when asked for: handlers end the attempt otherwise.
struct CommandAck {
  std::uint32_t index = 0;  // Counts commands only; Input is 0.
};

// The proposal is durable, and its outcome the handler's own. Version 7, only when asked for.
struct ProposalAck {
  CompletionId completion = 0;
};

using ToHandler = std::variant<StartHead, Command, Notification, CommandAck, ProposalAck>;

Result<ToHandler> decode_to_handler(const Frame& frame, Version version);

// Each appends header and payload. Commands and notifications: command_codec.h,
// notification_codec.h.
void append_start(Bytes& to, const StartHead& start, Version version);
void append_command_ack(Bytes& to, const CommandAck& ack);
void append_proposal_ack(Bytes& to, const ProposalAck& ack);

// One entry of a replay, flags 0. A completion whose command `kinds` has not been shown is
// kConflict and appends nothing.
Result<void> append_entry(Bytes& to, const Entry& entry, const CompletionKinds& kinds,
                          Version version);

}  // namespace holdfast::protocol::restate
