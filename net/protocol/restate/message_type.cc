#include "net/protocol/restate/message_type.h"

#include <utility>

namespace holdfast::protocol::restate {
namespace {

using Type = MessageType;

constexpr std::pair<Type, std::string_view> kNames[] = {
    {Type::kStart, "Start"},
    {Type::kSuspension, "Suspension"},
    {Type::kError, "Error"},
    {Type::kEnd, "End"},
    {Type::kCommandAck, "CommandAck"},
    {Type::kProposeRunCompletion, "ProposeRunCompletion"},
    {Type::kAwaitingOn, "AwaitingOn"},
    {Type::kProposeRunCompletionAck, "ProposeRunCompletionAck"},
    {Type::kInput, "Input"},
    {Type::kOutput, "Output"},
    {Type::kGetLazyState, "GetLazyState"},
    {Type::kSetState, "SetState"},
    {Type::kClearState, "ClearState"},
    {Type::kClearAllState, "ClearAllState"},
    {Type::kGetLazyStateKeys, "GetLazyStateKeys"},
    {Type::kGetEagerState, "GetEagerState"},
    {Type::kGetEagerStateKeys, "GetEagerStateKeys"},
    {Type::kGetPromise, "GetPromise"},
    {Type::kPeekPromise, "PeekPromise"},
    {Type::kCompletePromise, "CompletePromise"},
    {Type::kSleep, "Sleep"},
    {Type::kCall, "Call"},
    {Type::kOneWayCall, "OneWayCall"},
    {Type::kSendSignal, "SendSignal"},
    {Type::kRun, "Run"},
    {Type::kAttachInvocation, "AttachInvocation"},
    {Type::kGetInvocationOutput, "GetInvocationOutput"},
    {Type::kCompleteAwakeable, "CompleteAwakeable"},
    {Type::kGetLazyStateCompletion, "GetLazyStateCompletion"},
    {Type::kGetLazyStateKeysCompletion, "GetLazyStateKeysCompletion"},
    {Type::kGetPromiseCompletion, "GetPromiseCompletion"},
    {Type::kPeekPromiseCompletion, "PeekPromiseCompletion"},
    {Type::kCompletePromiseCompletion, "CompletePromiseCompletion"},
    {Type::kSleepCompletion, "SleepCompletion"},
    {Type::kCallCompletion, "CallCompletion"},
    {Type::kCallInvocationIdCompletion, "CallInvocationIdCompletion"},
    {Type::kRunCompletion, "RunCompletion"},
    {Type::kAttachInvocationCompletion, "AttachInvocationCompletion"},
    {Type::kGetInvocationOutputCompletion, "GetInvocationOutputCompletion"},
    {Type::kSignal, "Signal"},
};

constexpr std::string_view kDigits = "0123456789ABCDEF";

}  // namespace

std::string name_of(MessageType type) {
  for (const auto& [known, name] : kNames) {
    if (known == type) return std::string(name);
  }
  std::string text = "0x";
  for (int shift = 12; shift >= 0; shift -= 4) {
    text.push_back(kDigits[static_cast<std::uint16_t>(type) >> shift & 0xF]);
  }
  return text;
}

std::optional<MessageType> type_named(std::string_view name) {
  for (const auto& [type, known] : kNames) {
    if (known == name) return type;
  }
  if (name.size() != 6 || !name.starts_with("0x")) return std::nullopt;
  std::uint16_t code = 0;
  for (const char c : name.substr(2)) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    code = static_cast<std::uint16_t>(code << 4 | digit);
  }
  return static_cast<MessageType>(code);
}

}  // namespace holdfast::protocol::restate
