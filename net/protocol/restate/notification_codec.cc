#include "net/protocol/restate/notification_codec.h"

#include <utility>

#include "net/protocol/restate/parts.h"
#include "storage/base/check.h"

namespace holdfast::protocol::restate {
namespace {

// The results a notification may have, as bits.
enum Variants : unsigned {
  kNone = 0,
  kVoid = 1,
  kValue = 2,
  kFailure = 4,
  kInvocationId = 8,
  kStateKeys = 16,
};

unsigned variants_of(MessageType type) {
  switch (type) {
    case MessageType::kGetLazyStateCompletion:
      return kVoid | kValue;
    case MessageType::kGetLazyStateKeysCompletion:
      return kStateKeys;
    case MessageType::kGetPromiseCompletion:
    case MessageType::kCallCompletion:
    case MessageType::kRunCompletion:
    case MessageType::kAttachInvocationCompletion:
      return kValue | kFailure;
    case MessageType::kCompletePromiseCompletion:
      return kVoid | kFailure;
    case MessageType::kSleepCompletion:
      return kVoid;
    case MessageType::kCallInvocationIdCompletion:
      return kInvocationId;
    case MessageType::kPeekPromiseCompletion:
    case MessageType::kGetInvocationOutputCompletion:
    case MessageType::kSignal:
      return kVoid | kValue | kFailure;
    default:
      return kNone;
  }
}

class NotificationReader {
 public:
  NotificationReader(Decoding& decoding, Version version)
      : decoding_(decoding),
        version_(version),
        allowed_(variants_of(decoding.type())),
        fields_(decoding, decoding.payload(), "") {}

  Notification read() {
    if (allowed_ == kNone) decoding_.fail("", nullptr, "no notification of this protocol");
    while (fields_.next()) {
      switch (fields_.number()) {
        case 1:
        case 2:
        case 3:
          read_key();
          break;
        case 4:
          read_void(decoding_, variant("void", kVoid), "void.");
          notification_.result = Void();
          break;
        case 5:
          notification_.result = read_value(decoding_, variant("value", kValue), "value.");
          break;
        case 6:
          notification_.result =
              read_failure(decoding_, variant("failure", kFailure), version_, "failure.");
          break;
        case 16:
          variant("invocation_id", kInvocationId);
          notification_.result = CalleeId{fields_.string("invocation_id")};
          break;
        case 17:
          notification_.result = StateKeys{
              read_state_keys(decoding_, variant("state_keys", kStateKeys), "state_keys.")};
          break;
      }
    }
    decoding_.require(has_key_, is_signal() ? "signal_id" : "completion_id");
    decoding_.require(has_result_, "result");
    return std::move(notification_);
  }

 private:
  bool is_signal() const { return decoding_.type() == MessageType::kSignal; }

  // A completion has its id only, a signal its index or its name.
  void read_key() {
    if (is_signal() != (fields_.number() != 1)) {
      fields_.fail(nullptr, is_signal() ? "a signal has no completion id" : "only a signal has it");
    }
    switch (fields_.number()) {
      case 1:
        notification_.of = CompletionRef{fields_.id("completion_id")};
        break;
      case 2:
        fields_.variant("idx", has_key_);
        notification_.of = fields_.id("idx");
        break;
      case 3:
        fields_.variant("name", has_key_);
        notification_.of = fields_.string("name");
        break;
    }
    has_key_ = true;
  }

  BytesView variant(const char* name, Variants which) {
    if ((allowed_ & which) == 0) fields_.fail(name, "not a result this completion can have");
    return fields_.message(name, has_result_);
  }

  Decoding& decoding_;
  Version version_;
  unsigned allowed_;
  ProtoReader fields_;
  Notification notification_;
  bool has_key_ = false;
  bool has_result_ = false;
};

void write_result(ProtoWriter& writer, const Notification& notification, Version version) {
  if (const auto* value = std::get_if<Bytes>(&notification.result)) {
    writer.wrapped(5, *value);
  } else if (const auto* failure = std::get_if<Failure>(&notification.result)) {
    write_failure(writer, 6, *failure, version);
  } else if (const auto* callee = std::get_if<CalleeId>(&notification.result)) {
    writer.bytes_present(16, callee->invocation_id);
  } else if (const auto* state = std::get_if<StateKeys>(&notification.result)) {
    write_state_keys(writer, 17, state->keys);
  } else {
    write_void(writer, 4);
  }
}

}  // namespace

Result<Notification> decode_notification(const Frame& frame, Version version) {
  Decoding decoding(frame.type, frame.payload);
  Notification notification = NotificationReader(decoding, version).read();
  if (!decoding.ok()) return decoding.error();
  return notification;
}

void append_completion(Bytes& to, const Notification& notification, CompletionKind kind,
                       Version version) {
  const auto* completion = std::get_if<CompletionRef>(&notification.of);
  CHECK(completion != nullptr, "a signal has no kind of completion");
  const FrameScope frame(to, type_of(kind));
  ProtoWriter writer(to);
  writer.u64(1, completion->id);
  write_result(writer, notification, version);
}

void append_signal(Bytes& to, const Notification& notification, Version version) {
  const FrameScope frame(to, MessageType::kSignal);
  ProtoWriter writer(to);
  if (const auto* index = std::get_if<std::uint32_t>(&notification.of)) {
    writer.u64_present(2, *index);
  } else {
    const auto* name = std::get_if<std::string>(&notification.of);
    CHECK(name != nullptr, "a completion is no signal");
    writer.bytes_present(3, *name);
  }
  write_result(writer, notification, version);
}

}  // namespace holdfast::protocol::restate
