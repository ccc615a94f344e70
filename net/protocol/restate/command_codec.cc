#include "net/protocol/restate/command_codec.h"

#include "net/protocol/restate/command_reader.h"
#include "net/protocol/restate/parts.h"

namespace holdfast::protocol::restate {
namespace {

constexpr std::uint32_t kInvocationIdField = 10;
constexpr std::uint32_t kCompletionField = 11;
constexpr std::uint32_t kNameField = 12;

// Writes the fields of a payload, the name at its place among them.
class BodyWriter {
 public:
  BodyWriter(Bytes& to, const std::string& name, Version version)
      : to_(to), name_(name), version_(version) {}

  void operator()(const InputCommand& input) {
    headers(1, input.headers);
    name();
    to_.wrapped(14, input.value);
  }
  void operator()(const OutputCommand& output) {
    name();
    write_outcome(to_, 14, 15, output.result, version_);
  }
  void operator()(const GetLazyStateCommand& get) {
    to_.bytes(1, get.key);
    completion(get.completion);
  }
  void operator()(const GetLazyStateKeysCommand& get) { completion(get.completion); }
  void operator()(const GetEagerStateCommand& get) {
    to_.bytes(1, get.key);
    name();
    if (get.value) {
      to_.wrapped(14, *get.value);
    } else {
      write_void(to_, 13);
    }
  }
  void operator()(const GetEagerStateKeysCommand& get) {
    name();
    write_state_keys(to_, 14, get.keys);
  }
  void operator()(const SetStateCommand& set) {
    to_.bytes(1, set.key);
    to_.wrapped(3, set.value);
    name();
  }
  void operator()(const ClearStateCommand& clear) {
    to_.bytes(1, clear.key);
    name();
  }
  void operator()(const ClearAllStateCommand&) { name(); }
  void operator()(const GetPromiseCommand& get) {
    to_.bytes(1, get.key);
    completion(get.completion);
  }
  void operator()(const PeekPromiseCommand& peek) {
    to_.bytes(1, peek.key);
    completion(peek.completion);
  }
  void operator()(const CompletePromiseCommand& complete) {
    to_.bytes(1, complete.key);
    write_outcome(to_, 2, 3, complete.result, version_);
    completion(complete.completion);
  }
  void operator()(const SleepCommand& sleep) {
    to_.u64(1, static_cast<std::uint64_t>(sleep.wake_up_unix_ms));
    completion(sleep.completion);
  }
  void operator()(const CallCommand& call) {
    to_.bytes(1, call.service);
    to_.bytes(2, call.handler);
    to_.bytes(3, call.parameter);
    headers(4, call.headers);
    to_.bytes(5, call.key);
    if (call.idempotency_key) to_.bytes_present(6, *call.idempotency_key);
    to_.u64(kInvocationIdField, call.invocation_id_completion);
    completion(call.completion);
  }
  void operator()(const OneWayCallCommand& call) {
    to_.bytes(1, call.service);
    to_.bytes(2, call.handler);
    to_.bytes(3, call.parameter);
    to_.u64(4, static_cast<std::uint64_t>(call.invoke_unix_ms));
    headers(5, call.headers);
    to_.bytes(6, call.key);
    if (call.idempotency_key) to_.bytes_present(7, *call.idempotency_key);
    to_.u64(kInvocationIdField, call.invocation_id_completion);
    name();
  }
  void operator()(const SendSignalCommand& send) {
    to_.bytes(1, send.target_invocation);
    if (const auto* index = std::get_if<std::uint32_t>(&send.signal)) {
      to_.u64_present(2, *index);
    } else {
      to_.bytes_present(3, std::get<std::string>(send.signal));
    }
    if (const auto* value = std::get_if<Bytes>(&send.result)) {
      to_.wrapped(5, *value);
    } else if (const auto* failure = std::get_if<Failure>(&send.result)) {
      write_failure(to_, 6, *failure, version_);
    } else {
      write_void(to_, 4);
    }
    name();
  }
  void operator()(const RunCommand& run) { completion(run.completion); }
  void operator()(const AttachCommand& attach) {
    target(attach.target);
    completion(attach.completion);
  }
  void operator()(const GetOutputCommand& get) {
    target(get.target);
    completion(get.completion);
  }
  void operator()(const CompleteAwakeableCommand& complete) {
    to_.bytes(1, complete.awakeable_id);
    write_outcome(to_, 2, 3, complete.result, version_);
    name();
  }

 private:
  void name() { to_.bytes(kNameField, name_); }
  // And the name, which is next.
  void completion(CompletionId id) {
    to_.u64(kCompletionField, id);
    name();
  }
  void headers(std::uint32_t number, const Headers& headers) {
    for (const auto& [key, value] : headers) to_.wrapped(number, key, value);
  }
  void target(const AttachTarget& target) {
    if (const auto* invocation = std::get_if<InvocationTarget>(&target)) {
      to_.bytes_present(1, invocation->invocation_id);
    } else if (const auto* idempotent = std::get_if<IdempotentTarget>(&target)) {
      const std::size_t began = to_.begin(3);
      to_.bytes(1, idempotent->service);
      if (idempotent->key) to_.bytes_present(2, *idempotent->key);
      to_.bytes(3, idempotent->handler);
      to_.bytes(4, idempotent->idempotency_key);
      to_.end(began);
    } else {
      const auto& workflow = std::get<WorkflowTarget>(target);
      to_.wrapped(4, workflow.workflow, workflow.key);
    }
  }

  ProtoWriter to_;
  const std::string& name_;
  Version version_;
};

// In the order of CommandBody.
constexpr MessageType kTypes[] = {
    MessageType::kInput,
    MessageType::kOutput,
    MessageType::kGetLazyState,
    MessageType::kGetLazyStateKeys,
    MessageType::kGetEagerState,
    MessageType::kGetEagerStateKeys,
    MessageType::kSetState,
    MessageType::kClearState,
    MessageType::kClearAllState,
    MessageType::kGetPromise,
    MessageType::kPeekPromise,
    MessageType::kCompletePromise,
    MessageType::kSleep,
    MessageType::kCall,
    MessageType::kOneWayCall,
    MessageType::kSendSignal,
    MessageType::kRun,
    MessageType::kAttachInvocation,
    MessageType::kGetInvocationOutput,
    MessageType::kCompleteAwakeable,
};
static_assert(std::size(kTypes) == std::variant_size_v<CommandBody>);

}  // namespace

MessageType type_of(const Command& command) { return kTypes[command.body.index()]; }

Result<Command> decode_command(const Frame& frame, Version version) {
  Decoding decoding(frame.type, frame.payload);
  Command command = read_command(decoding, version);
  if (!decoding.ok()) return decoding.error();
  return command;
}

void append_command(Bytes& to, const Command& command, Version version, bool wants_ack) {
  const FrameScope frame(to, type_of(command), wants_ack);
  std::visit(BodyWriter(to, command.name, version), command.body);
}

}  // namespace holdfast::protocol::restate
