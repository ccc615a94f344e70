#pragma once
// Message types: the code in the header of each frame.
//
// Control messages are below 0x0400, commands below 0x8000, notifications below 0xFC00; what is
// above is for custom entries, which are not supported. The low byte of a completion's code is that
// of the command that caused it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::protocol::restate {

enum class MessageType : std::uint16_t {
  kStart = 0x0000,
  kSuspension = 0x0001,
  kError = 0x0002,
  kEnd = 0x0003,
  kCommandAck = 0x0004,
  kProposeRunCompletion = 0x0005,
  kAwaitingOn = 0x0006,
  kProposeRunCompletionAck = 0x0007,  // Version 7.

  kInput = 0x0400,
  kOutput = 0x0401,
  kGetLazyState = 0x0402,
  kSetState = 0x0403,
  kClearState = 0x0404,
  kClearAllState = 0x0405,
  kGetLazyStateKeys = 0x0406,
  kGetEagerState = 0x0407,
  kGetEagerStateKeys = 0x0408,
  kGetPromise = 0x0409,
  kPeekPromise = 0x040A,
  kCompletePromise = 0x040B,
  kSleep = 0x040C,
  kCall = 0x040D,
  kOneWayCall = 0x040E,
  kSendSignal = 0x0410,
  kRun = 0x0411,
  kAttachInvocation = 0x0412,
  kGetInvocationOutput = 0x0413,
  kCompleteAwakeable = 0x0414,

  kGetLazyStateCompletion = 0x8002,
  kGetLazyStateKeysCompletion = 0x8006,
  kGetPromiseCompletion = 0x8009,
  kPeekPromiseCompletion = 0x800A,
  kCompletePromiseCompletion = 0x800B,
  kSleepCompletion = 0x800C,
  kCallCompletion = 0x800D,
  kCallInvocationIdCompletion = 0x800E,  // Of a one-way call too.
  kRunCompletion = 0x8011,
  kAttachInvocationCompletion = 0x8012,
  kGetInvocationOutputCompletion = 0x8013,
  kSignal = 0xFBFF,
};

constexpr bool is_command(MessageType type) {
  return static_cast<std::uint16_t>(type) >= 0x0400 && static_cast<std::uint16_t>(type) < 0x8000;
}
constexpr bool is_notification(MessageType type) {
  return static_cast<std::uint16_t>(type) >= 0x8000 && static_cast<std::uint16_t>(type) < 0xFC00;
}

// "Run", "Sleep", "SleepCompletion" ... as people and error reports call it; "0x0415" for a code
// that is none of the above.
std::string name_of(MessageType type);

// The type of this name, in both spellings of name_of().
std::optional<MessageType> type_named(std::string_view name);

}  // namespace holdfast::protocol::restate
