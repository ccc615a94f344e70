#pragma once
// Completion kinds: which command a completion answers.
//
// The type of a notification's frame names the command that caused it; the notification itself has
// only the completion id. Whoever sends notifications therefore keeps, for each id, the kind its
// command gave it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "net/protocol/message.h"
#include "net/protocol/restate/message_type.h"
#include "storage/base/result.h"

namespace holdfast::protocol::restate {

// The codes of the completions, 0x8002 to 0x8013; of those only the low byte.
enum class CompletionKind : std::uint8_t {
  kGetLazyState = 0x02,
  kGetLazyStateKeys = 0x06,
  kGetPromise = 0x09,
  kPeekPromise = 0x0A,
  kCompletePromise = 0x0B,
  kSleep = 0x0C,
  kCall = 0x0D,
  kCallInvocationId = 0x0E,
  kRun = 0x11,
  kAttachInvocation = 0x12,
  kGetInvocationOutput = 0x13,
};

constexpr MessageType type_of(CompletionKind kind) {
  return static_cast<MessageType>(0x8000 | static_cast<std::uint16_t>(kind));
}

// Of one invocation. About one byte for each id as handlers choose them (1, 2, 3 ...); ids out of
// the row cost a map node each, so that memory is bounded by the number of commands learned.
class CompletionKinds {
 public:
  // Learns the ids of one command; most have none or one, a call has two. kConflict when one of
  // them is zero or belongs to an earlier command, and then nothing is learned: the handler broke
  // the protocol. REQUIRES: each command of the journal is shown once.
  Result<void> learn(const Command& command);

  // Nothing for an id no command has shown.
  std::optional<CompletionKind> find(CompletionId id) const;

 private:
  void set(CompletionId id, CompletionKind kind);

  std::vector<std::uint8_t> row_;  // Index: the id. 0 where none is known.
  std::unordered_map<CompletionId, std::uint8_t> beyond_;
};

}  // namespace holdfast::protocol::restate
