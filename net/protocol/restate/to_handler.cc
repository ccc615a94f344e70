#include "net/protocol/restate/to_handler.h"

#include "net/protocol/restate/command_reader.h"
#include "net/protocol/restate/parts.h"

namespace holdfast::protocol::restate {
namespace {

constexpr std::size_t kRawIdBytes = 24;

std::pair<Bytes, Bytes> read_state_entry(Decoding& decoding, BytesView message) {
  std::pair<Bytes, Bytes> entry;
  for (ProtoReader fields(decoding, message, "state_map."); fields.next();) {
    if (fields.number() == 1) entry.first = fields.bytes("key");
    if (fields.number() == 2) entry.second = fields.bytes("value");
  }
  return entry;
}

StartHead read_start(Decoding& decoding, Version version) {
  StartHead start;
  start.known_entries = 0;
  for (ProtoReader fields(decoding, decoding.payload(), ""); fields.next();) {
    switch (fields.number()) {
      case 1:
        start.raw_id = fields.bytes("id");
        break;
      case 2:
        start.invocation_id = fields.string("debug_id");
        break;
      case 3:
        start.known_entries = fields.u32("known_entries");
        break;
      case 4:
        start.state_map.push_back(read_state_entry(decoding, fields.repeated_message("state_map")));
        break;
      case 5:
        start.partial_state = fields.boolean("partial_state");
        break;
      case 6:
        start.key = fields.string("key");
        break;
      case 7:
        start.retry_count = fields.u32("retry_count_since_last_stored_entry");
        break;
      case 8:
        start.duration_ms = fields.u64("duration_since_last_stored_entry");
        break;
      case 9:
        start.random_seed = fields.u64("random_seed");
        break;
      case 12:
        if (version >= Version::k7) start.idempotency_key = fields.string("idempotency_key");
        break;
    }
  }
  if (start.raw_id.size() != kRawIdBytes) decoding.fail("id", nullptr, "not of 24 bytes");
  decoding.require(start.known_entries != 0, "known_entries");
  return start;
}

CommandAck read_command_ack(Decoding& decoding) {
  CommandAck ack;
  for (ProtoReader fields(decoding, decoding.payload(), ""); fields.next();) {
    if (fields.number() == 1) ack.index = fields.u32("command_index");
  }
  return ack;
}

ProposalAck read_proposal_ack(Decoding& decoding, Version version) {
  ProposalAck ack;
  if (version < Version::k7) decoding.fail("", nullptr, "not in this version of the protocol");
  for (ProtoReader fields(decoding, decoding.payload(), ""); fields.next();) {
    if (fields.number() == 1) ack.completion = fields.id("completion_id");
  }
  decoding.require(ack.completion != 0, "completion_id");
  return ack;
}

ToHandler read_message(Decoding& decoding, Version version) {
  switch (decoding.type()) {
    case MessageType::kStart:
      return read_start(decoding, version);
    case MessageType::kCommandAck:
      return read_command_ack(decoding);
    case MessageType::kProposeRunCompletionAck:
      return read_proposal_ack(decoding, version);
    case MessageType::kSuspension:
    case MessageType::kError:
    case MessageType::kEnd:
    case MessageType::kProposeRunCompletion:
    case MessageType::kAwaitingOn:
      decoding.fail("", nullptr, "only the handler sends it");
      return CommandAck();
    default:
      break;
  }
  if (is_command(decoding.type())) return read_command(decoding, version);
  decoding.fail("", nullptr, "no message of this protocol");
  return CommandAck();
}

}  // namespace

Result<ToHandler> decode_to_handler(const Frame& frame, Version version) {
  if (is_notification(frame.type)) return ToHandler(TRY(decode_notification(frame, version)));
  Decoding decoding(frame.type, frame.payload);
  ToHandler message = read_message(decoding, version);
  if (!decoding.ok()) return decoding.error();
  return message;
}

void append_start(Bytes& to, const StartHead& start, Version version) {
  const FrameScope frame(to, MessageType::kStart);
  ProtoWriter writer(to);
  writer.bytes(1, start.raw_id);
  writer.bytes(2, start.invocation_id);
  writer.u64(3, start.known_entries);
  for (const auto& [key, value] : start.state_map) writer.wrapped(4, key, value);
  writer.u64(5, start.partial_state ? 1 : 0);
  writer.bytes(6, start.key);
  writer.u64(7, start.retry_count);
  writer.u64(8, start.duration_ms);
  writer.u64(9, start.random_seed);
  if (version >= Version::k7 && start.idempotency_key) {
    writer.bytes_present(12, *start.idempotency_key);
  }
}

void append_command_ack(Bytes& to, const CommandAck& ack) {
  const FrameScope frame(to, MessageType::kCommandAck);
  ProtoWriter(to).u64(1, ack.index);
}

void append_proposal_ack(Bytes& to, const ProposalAck& ack) {
  const FrameScope frame(to, MessageType::kProposeRunCompletionAck);
  ProtoWriter(to).u64(1, ack.completion);
}

Result<void> append_entry(Bytes& to, const Entry& entry, const CompletionKinds& kinds,
                          Version version) {
  if (const auto* command = std::get_if<Command>(&entry)) {
    append_command(to, *command, version);
    return {};
  }
  const auto& notification = std::get<Notification>(entry);
  const auto* completion = std::get_if<CompletionRef>(&notification.of);
  if (completion == nullptr) {
    append_signal(to, notification, version);
    return {};
  }
  const auto kind = kinds.find(completion->id);
  if (!kind) {
    return Error(ErrorCode::kConflict,
                 "completion " + std::to_string(completion->id) + " belongs to no command");
  }
  append_completion(to, notification, *kind, version);
  return {};
}

}  // namespace holdfast::protocol::restate
