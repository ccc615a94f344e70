#include "net/protocol/restate/from_handler.h"

#include <utility>

#include "net/protocol/restate/command_codec.h"
#include "net/protocol/restate/command_reader.h"
#include "net/protocol/restate/future_codec.h"
#include "net/protocol/restate/parts.h"

namespace holdfast::protocol::restate {
namespace {

ProposeRun read_proposal(Decoding& decoding, Version version, bool wants_ack) {
  ProposeRun proposal;
  proposal.wants_ack = wants_ack;
  bool there = false;
  for (ProtoReader fields(decoding, decoding.payload(), ""); fields.next();) {
    switch (fields.number()) {
      case 1:
        proposal.completion = fields.id("result_completion_id");
        break;
      case 14:
        fields.variant("value", there);
        proposal.outcome = fields.bytes("value");
        break;
      case 15:
        proposal.outcome =
            read_failure(decoding, fields.message("failure", there), version, "failure.");
        break;
    }
  }
  decoding.require(proposal.completion != 0, "result_completion_id");
  decoding.require(there, "result");
  return proposal;
}

Suspension read_suspension(Decoding& decoding, Version version) {
  Suspension suspension;
  Future& awaiting = suspension.awaiting;
  awaiting.combinator = WaitSet::Combinator::kAny;
  bool there = false;
  for (ProtoReader fields(decoding, decoding.payload(), ""); fields.next();) {
    if (version >= Version::k7) {
      if (fields.number() != 4) continue;
      awaiting = read_future(decoding, fields.message("awaiting_on", there), "awaiting_on.");
      continue;
    }
    switch (fields.number()) {
      case 1:
        fields.ids("waiting_completions", awaiting.completions);
        break;
      case 2:
        fields.ids("waiting_signals", awaiting.signals);
        break;
      case 3:
        awaiting.named_signals.push_back(fields.repeated_string("waiting_named_signals"));
        break;
    }
  }
  if (is_empty(awaiting)) decoding.fail("", nullptr, "waits for nothing");
  return suspension;
}

AwaitingOn read_awaiting_on(Decoding& decoding) {
  AwaitingOn advice;
  bool there = false;
  for (ProtoReader fields(decoding, decoding.payload(), ""); fields.next();) {
    if (fields.number() == 1) {
      advice.awaiting = read_future(decoding, fields.message("awaiting_on", there), "awaiting_on.");
    }
    if (fields.number() == 2) {
      advice.executing_side_effects = fields.boolean("executing_side_effects");
    }
  }
  return advice;
}

ErrorBehavior read_behavior(ProtoReader& fields) {
  const std::uint32_t number = fields.u32("behavior");
  if (number > static_cast<std::uint32_t>(ErrorBehavior::kFail)) {
    fields.fail("behavior", "unknown: " + std::to_string(number));
    return ErrorBehavior::kRetry;
  }
  return static_cast<ErrorBehavior>(number);
}

HandlerError read_error(Decoding& decoding) {
  HandlerError failed;
  AttemptError& error = failed.error;
  error.code = 0;
  for (ProtoReader fields(decoding, decoding.payload(), ""); fields.next();) {
    switch (fields.number()) {
      case 1:
        error.code = fields.u16("code");
        break;
      case 2:
        error.message = fields.string("message");
        break;
      case 3:
        error.stacktrace = fields.string("stacktrace");
        break;
      case 4:
        error.related_command = fields.u32("related_command_index");
        break;
      case 5:
        error.related_command_name = fields.string("related_command_name");
        break;
      case 6:
        error.related_command_type =
            name_of(static_cast<MessageType>(fields.u16("related_command_type")));
        break;
      case 8:
        error.next_retry_delay_ms = fields.time_ms("next_retry_delay");
        break;
      case 9:
        failed.behavior = read_behavior(fields);
        break;
    }
  }
  return failed;
}

End read_end(Decoding& decoding) {
  read_void(decoding, decoding.payload(), "");
  return End();
}

FromHandler read_message(Decoding& decoding, const Frame& frame, Version version) {
  switch (frame.type) {
    case MessageType::kSuspension:
      return read_suspension(decoding, version);
    case MessageType::kError:
      return read_error(decoding);
    case MessageType::kEnd:
      return read_end(decoding);
    case MessageType::kProposeRunCompletion:
      return read_proposal(decoding, version, frame.wants_ack);
    case MessageType::kAwaitingOn:
      return read_awaiting_on(decoding);
    case MessageType::kStart:
    case MessageType::kCommandAck:
    case MessageType::kProposeRunCompletionAck:
    case MessageType::kInput:
      decoding.fail("", nullptr, "only the engine sends it");
      return End();
    default:
      break;
  }
  if (is_command(frame.type)) return NewCommand{read_command(decoding, version), frame.wants_ack};
  decoding.fail("", nullptr,
                is_notification(frame.type) ? "only the engine sends notifications"
                                            : "no message of this protocol");
  return End();
}

void append(Bytes& to, const NewCommand& message, Version version) {
  append_command(to, message.command, version, message.wants_ack);
}

void append(Bytes& to, const ProposeRun& proposal, Version version) {
  const FrameScope frame(to, MessageType::kProposeRunCompletion, proposal.wants_ack);
  ProtoWriter writer(to);
  writer.u64(1, proposal.completion);
  if (const auto* value = std::get_if<Bytes>(&proposal.outcome)) {
    writer.bytes_present(14, *value);
  } else {
    write_failure(writer, 15, std::get<Failure>(proposal.outcome), version);
  }
}

void append(Bytes& to, const Suspension& suspension, Version version) {
  const FrameScope frame(to, MessageType::kSuspension);
  ProtoWriter writer(to);
  const Future& awaiting = suspension.awaiting;
  if (version >= Version::k7) {
    write_future(writer, 4, awaiting);
    return;
  }
  const WaitSet waits = awaiting.nested.empty() ? WaitSet{awaiting.completions, awaiting.signals,
                                                          awaiting.named_signals}
                                                : flatten(awaiting);
  writer.packed(1, waits.completions);
  writer.packed(2, waits.signals);
  for (const std::string& name : waits.named_signals) writer.bytes_present(3, name);
}

void append(Bytes& to, const AwaitingOn& advice, Version) {
  const FrameScope frame(to, MessageType::kAwaitingOn);
  ProtoWriter writer(to);
  const Future& awaiting = advice.awaiting;
  if (!is_empty(awaiting) || !awaiting.nested.empty() ||
      awaiting.combinator != WaitSet::Combinator::kUnknown) {
    write_future(writer, 1, awaiting);
  }
  writer.u64(2, advice.executing_side_effects ? 1 : 0);
}

void append(Bytes& to, const HandlerError& failed, Version) {
  const FrameScope frame(to, MessageType::kError);
  ProtoWriter writer(to);
  const AttemptError& error = failed.error;
  writer.u64(1, error.code);
  writer.bytes(2, error.message);
  writer.bytes(3, error.stacktrace);
  if (error.related_command) writer.u64_present(4, *error.related_command);
  writer.bytes(5, error.related_command_name);
  if (const auto type = type_named(error.related_command_type)) {
    writer.u64_present(6, static_cast<std::uint64_t>(*type));
  }
  if (error.next_retry_delay_ms) {
    writer.u64_present(8, static_cast<std::uint64_t>(*error.next_retry_delay_ms));
  }
  writer.u64(9, static_cast<std::uint64_t>(failed.behavior));
}

void append(Bytes& to, const End&, Version) { const FrameScope frame(to, MessageType::kEnd); }

}  // namespace

Result<FromHandler> decode_from_handler(const Frame& frame, Version version) {
  Decoding decoding(frame.type, frame.payload);
  FromHandler message = read_message(decoding, frame, version);
  if (!decoding.ok()) return decoding.error();
  return message;
}

void append_from_handler(Bytes& to, const FromHandler& message, Version version) {
  std::visit([&to, version](const auto& alternative) { append(to, alternative, version); },
             message);
}

Bytes encode(const FromHandler& message, Version version) {
  Bytes bytes;
  append_from_handler(bytes, message, version);
  return bytes;
}

}  // namespace holdfast::protocol::restate
