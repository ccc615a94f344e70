#include "net/protocol/restate/command_reader.h"

#include <utility>

#include "net/protocol/restate/parts.h"

namespace holdfast::protocol::restate {
namespace {

constexpr std::uint32_t kCompletionField = 11;
constexpr std::uint32_t kNameField = 12;
const char* const kCompletionName = "result_completion_id";

// What the readers below share: one pass over the fields of the payload, of which the name, and the
// completion id where the command has one, are the same everywhere.
class Fields {
 public:
  Fields(Decoding& decoding, Version version, Command& command)
      : decoding_(decoding),
        version_(version),
        command_(command),
        reader_(decoding, decoding.payload(), "") {}

  // On to the next field that is not the name.
  bool next() {
    while (reader_.next()) {
      if (reader_.number() != kNameField) return true;
      command_.name = reader_.string("name");
    }
    return false;
  }

  ProtoReader& operator*() { return reader_; }
  ProtoReader* operator->() { return &reader_; }

  // A Value, which must be there once.
  Bytes value(const char* name, bool& there) {
    return read_value(decoding_, reader_.message(name, there), "value.");
  }
  Failure failure(const char* name, bool& there) {
    return read_failure(decoding_, reader_.message(name, there), version_, "failure.");
  }
  void none(const char* name, bool& there) {
    read_void(decoding_, reader_.message(name, there), "void.");
  }
  std::pair<std::string, std::string> header() {
    return read_pair(decoding_, reader_.repeated_message("headers"), "headers.");
  }

 private:
  Decoding& decoding_;
  Version version_;
  Command& command_;
  ProtoReader reader_;
};

InputCommand read_input(Decoding& decoding, Fields fields) {
  InputCommand input;
  bool there = false;
  while (fields.next()) {
    if (fields->number() == 1) input.headers.push_back(fields.header());
    if (fields->number() == 14) input.value = fields.value("value", there);
  }
  decoding.require(there, "value");
  return input;
}

OutputCommand read_output(Decoding& decoding, Fields fields) {
  OutputCommand output;
  bool there = false;
  while (fields.next()) {
    if (fields->number() == 14) output.result = fields.value("value", there);
    if (fields->number() == 15) output.result = fields.failure("failure", there);
  }
  decoding.require(there, "result");
  return output;
}

// What has no more than a key of bytes and a completion, either or both.
template <class Body>
Body read_plain(Decoding& decoding, Fields fields) {
  Body body;
  while (fields.next()) {
    if constexpr (requires { body.key; }) {
      if (fields->number() == 1) body.key = fields->bytes("key");
    }
    if constexpr (requires { body.completion; }) {
      if (fields->number() == kCompletionField) body.completion = fields->id(kCompletionName);
    }
  }
  if constexpr (requires { body.completion; }) {
    decoding.require(body.completion != 0, kCompletionName);
  }
  return body;
}

SetStateCommand read_set_state(Decoding& decoding, Fields fields) {
  SetStateCommand set;
  bool there = false;
  while (fields.next()) {
    if (fields->number() == 1) set.key = fields->bytes("key");
    if (fields->number() == 3) set.value = fields.value("value", there);
  }
  decoding.require(there, "value");
  return set;
}

GetEagerStateCommand read_get_eager_state(Decoding& decoding, Fields fields) {
  GetEagerStateCommand get;
  bool there = false;
  while (fields.next()) {
    if (fields->number() == 1) get.key = fields->bytes("key");
    if (fields->number() == 13) fields.none("void", there);
    if (fields->number() == 14) get.value = fields.value("value", there);
  }
  decoding.require(there, "result");
  return get;
}

GetEagerStateKeysCommand read_get_eager_state_keys(Decoding& decoding, Fields fields) {
  GetEagerStateKeysCommand get;
  bool there = false;
  while (fields.next()) {
    if (fields->number() != 14) continue;
    get.keys = read_state_keys(decoding, fields->message("value", there), "value.");
  }
  decoding.require(there, "value");
  return get;
}

// Get and peek.
template <class Body>
Body read_promise(Decoding& decoding, Fields fields) {
  Body body;
  while (fields.next()) {
    if (fields->number() == 1) body.key = fields->string("key");
    if (fields->number() == kCompletionField) body.completion = fields->id(kCompletionName);
  }
  decoding.require(body.completion != 0, kCompletionName);
  return body;
}

CompletePromiseCommand read_complete_promise(Decoding& decoding, Fields fields) {
  CompletePromiseCommand complete;
  bool there = false;
  while (fields.next()) {
    switch (fields->number()) {
      case 1:
        complete.key = fields->string("key");
        break;
      case 2:
        complete.result = fields.value("completion_value", there);
        break;
      case 3:
        complete.result = fields.failure("completion_failure", there);
        break;
      case kCompletionField:
        complete.completion = fields->id(kCompletionName);
        break;
    }
  }
  decoding.require(there, "completion");
  decoding.require(complete.completion != 0, kCompletionName);
  return complete;
}

SleepCommand read_sleep(Decoding& decoding, Fields fields) {
  SleepCommand sleep;
  while (fields.next()) {
    if (fields->number() == 1) sleep.wake_up_unix_ms = fields->time_ms("wake_up_time");
    if (fields->number() == kCompletionField) sleep.completion = fields->id(kCompletionName);
  }
  decoding.require(sleep.completion != 0, kCompletionName);
  return sleep;
}

CallCommand read_call(Decoding& decoding, Fields fields) {
  CallCommand call;
  while (fields.next()) {
    switch (fields->number()) {
      case 1:
        call.service = fields->string("service_name");
        break;
      case 2:
        call.handler = fields->string("handler_name");
        break;
      case 3:
        call.parameter = fields->bytes("parameter");
        break;
      case 4:
        call.headers.push_back(fields.header());
        break;
      case 5:
        call.key = fields->string("key");
        break;
      case 6:
        call.idempotency_key = fields->string("idempotency_key");
        break;
      case 7:
        fields->unsupported("scope");
        break;
      case 8:
        fields->unsupported("limit_key");
        break;
      case 10:
        call.invocation_id_completion = fields->id("invocation_id_notification_idx");
        break;
      case kCompletionField:
        call.completion = fields->id(kCompletionName);
        break;
    }
  }
  decoding.require(call.invocation_id_completion != 0, "invocation_id_notification_idx");
  decoding.require(call.completion != 0, kCompletionName);
  if (call.completion == call.invocation_id_completion) {
    decoding.fail(kCompletionName, nullptr, "the same as invocation_id_notification_idx");
  }
  return call;
}

OneWayCallCommand read_one_way_call(Decoding& decoding, Fields fields) {
  OneWayCallCommand call;
  while (fields.next()) {
    switch (fields->number()) {
      case 1:
        call.service = fields->string("service_name");
        break;
      case 2:
        call.handler = fields->string("handler_name");
        break;
      case 3:
        call.parameter = fields->bytes("parameter");
        break;
      case 4:
        call.invoke_unix_ms = fields->time_ms("invoke_time");
        break;
      case 5:
        call.headers.push_back(fields.header());
        break;
      case 6:
        call.key = fields->string("key");
        break;
      case 7:
        call.idempotency_key = fields->string("idempotency_key");
        break;
      case 8:
        fields->unsupported("scope");
        break;
      case 9:
        fields->unsupported("limit_key");
        break;
      case 10:
        call.invocation_id_completion = fields->id("invocation_id_notification_idx");
        break;
    }
  }
  decoding.require(call.invocation_id_completion != 0, "invocation_id_notification_idx");
  return call;
}

SendSignalCommand read_send_signal(Decoding& decoding, Fields fields) {
  SendSignalCommand send;
  bool signal = false, result = false;
  while (fields.next()) {
    switch (fields->number()) {
      case 1:
        send.target_invocation = fields->string("target_invocation_id");
        break;
      case 2:
        fields->variant("idx", signal);
        send.signal = fields->id("idx");
        break;
      case 3:
        fields->variant("name", signal);
        send.signal = fields->string("name");
        break;
      case 4:
        fields.none("void", result);
        send.result = Void();
        break;
      case 5:
        send.result = fields.value("value", result);
        break;
      case 6:
        send.result = fields.failure("failure", result);
        break;
    }
  }
  decoding.require(!send.target_invocation.empty(), "target_invocation_id");
  decoding.require(signal, "signal_id");
  decoding.require(result, "result");
  return send;
}

IdempotentTarget read_idempotent_target(Decoding& decoding, BytesView message) {
  IdempotentTarget target;
  ProtoReader fields(decoding, message, "idempotent_request_target.");
  while (fields.next()) {
    switch (fields.number()) {
      case 1:
        target.service = fields.string("service_name");
        break;
      case 2:
        target.key = fields.string("service_key");
        break;
      case 3:
        target.handler = fields.string("handler_name");
        break;
      case 4:
        target.idempotency_key = fields.string("idempotency_key");
        break;
      case 5:
        fields.unsupported("scope");
        break;
    }
  }
  return target;
}

WorkflowTarget read_workflow_target(Decoding& decoding, BytesView message) {
  WorkflowTarget target;
  for (ProtoReader fields(decoding, message, "workflow_target."); fields.next();) {
    if (fields.number() == 1) target.workflow = fields.string("workflow_name");
    if (fields.number() == 2) target.key = fields.string("workflow_key");
    if (fields.number() == 3) fields.unsupported("scope");
  }
  return target;
}

// Attach and get output.
template <class Body>
Body read_attach(Decoding& decoding, Fields fields) {
  Body body;
  bool there = false;
  while (fields.next()) {
    switch (fields->number()) {
      case 1:
        fields->variant("invocation_id", there);
        body.target = InvocationTarget{fields->string("invocation_id")};
        break;
      case 3:
        body.target =
            read_idempotent_target(decoding, fields->message("idempotent_request_target", there));
        break;
      case 4:
        body.target = read_workflow_target(decoding, fields->message("workflow_target", there));
        break;
      case kCompletionField:
        body.completion = fields->id(kCompletionName);
        break;
    }
  }
  decoding.require(there, "target");
  decoding.require(body.completion != 0, kCompletionName);
  return body;
}

CompleteAwakeableCommand read_complete_awakeable(Decoding& decoding, Fields fields) {
  CompleteAwakeableCommand complete;
  bool there = false;
  while (fields.next()) {
    if (fields->number() == 1) complete.awakeable_id = fields->string("awakeable_id");
    if (fields->number() == 2) complete.result = fields.value("value", there);
    if (fields->number() == 3) complete.result = fields.failure("failure", there);
  }
  decoding.require(!complete.awakeable_id.empty(), "awakeable_id");
  decoding.require(there, "result");
  return complete;
}

CommandBody read_body(Decoding& decoding, const Fields& fields) {
  switch (decoding.type()) {
    case MessageType::kInput:
      return read_input(decoding, fields);
    case MessageType::kOutput:
      return read_output(decoding, fields);
    case MessageType::kGetLazyState:
      return read_plain<GetLazyStateCommand>(decoding, fields);
    case MessageType::kSetState:
      return read_set_state(decoding, fields);
    case MessageType::kClearState:
      return read_plain<ClearStateCommand>(decoding, fields);
    case MessageType::kClearAllState:
      return read_plain<ClearAllStateCommand>(decoding, fields);
    case MessageType::kGetLazyStateKeys:
      return read_plain<GetLazyStateKeysCommand>(decoding, fields);
    case MessageType::kGetEagerState:
      return read_get_eager_state(decoding, fields);
    case MessageType::kGetEagerStateKeys:
      return read_get_eager_state_keys(decoding, fields);
    case MessageType::kGetPromise:
      return read_promise<GetPromiseCommand>(decoding, fields);
    case MessageType::kPeekPromise:
      return read_promise<PeekPromiseCommand>(decoding, fields);
    case MessageType::kCompletePromise:
      return read_complete_promise(decoding, fields);
    case MessageType::kSleep:
      return read_sleep(decoding, fields);
    case MessageType::kCall:
      return read_call(decoding, fields);
    case MessageType::kOneWayCall:
      return read_one_way_call(decoding, fields);
    case MessageType::kSendSignal:
      return read_send_signal(decoding, fields);
    case MessageType::kRun:
      return read_plain<RunCommand>(decoding, fields);
    case MessageType::kAttachInvocation:
      return read_attach<AttachCommand>(decoding, fields);
    case MessageType::kGetInvocationOutput:
      return read_attach<GetOutputCommand>(decoding, fields);
    case MessageType::kCompleteAwakeable:
      return read_complete_awakeable(decoding, fields);
    default:
      decoding.fail("", nullptr, "no command of this protocol");
      return ClearAllStateCommand();
  }
}

}  // namespace

Command read_command(Decoding& decoding, Version version) {
  Command command;
  command.body = read_body(decoding, Fields(decoding, version, command));
  return command;
}

}  // namespace holdfast::protocol::restate
