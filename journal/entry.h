#pragma once
// Entry: one line of an invocation's journal. A command is what the handler asked for; a
// notification is what came of it, or a signal from outside. Entries are never changed; their order
// is the order in which the committer stamped them (INV-6).
//
// The words are ours, not those of any handler protocol; adapters translate at the edge.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "journal/ids.h"
#include "storage/base/bytes.h"

namespace holdfast::journal {

// Chosen by the handler: 1, 2, 3 ... in order of creation. 0 means none.
using CompletionId = std::uint32_t;
using Headers = std::vector<std::pair<std::string, std::string>>;

struct Failure {
  std::uint16_t code = 500;
  std::string message;
  std::vector<std::pair<std::string, std::string>> metadata;
  bool operator==(const Failure&) const = default;
};
struct Empty {
  bool operator==(const Empty&) const = default;
};
using Outcome = std::variant<Bytes, Failure>;

// --- Commands ---

struct Input {
  Headers headers;
  Bytes value;
};
struct Output {
  Outcome result;
};
// With `completion` 0 the handler knew the answer itself: `value` (none: absent).
struct ReadState {
  Bytes key;
  CompletionId completion = 0;
  std::optional<Bytes> value;
};
struct ListState {
  CompletionId completion = 0;
  std::vector<Bytes> keys;
};
struct WriteState {
  Bytes key;
  Bytes value;
};
struct ClearState {
  std::optional<Bytes> key;  // None: all of it.
};
struct Sleep {
  std::int64_t wake_up_unix_ms = 0;
  CompletionId completion = 0;
};
struct Run {
  CompletionId completion = 0;
};
struct Call {
  std::string service, key, handler;
  Bytes parameter;
  Headers headers;
  std::optional<std::string> idempotency_key;
  CompletionId id_completion = 0;       // Completed by the callee's id.
  CompletionId completion = 0;          // Completed by its outcome; 0: nobody waits (a send).
  std::int64_t not_before_unix_ms = 0;  // Only a send may be delayed.
};
struct Promise {
  enum class Act : std::uint8_t { kGet, kPeek, kComplete };
  Act act = Act::kGet;
  std::string key;
  CompletionId completion = 0;
  std::optional<Outcome> result;  // kComplete only.
};
// Also how awakeables are completed: their id names an invocation and a signal index.
struct SendSignal {
  InvocationId target;
  std::variant<std::uint32_t, std::string> signal;
  std::variant<Empty, Bytes, Failure> result;
  bool as_awakeable = false;  // How the handler put it; replay compares that.
};
// The outcome of another invocation.
struct Attach {
  InvocationId target;
  CompletionId completion = 0;
  bool wait = true;  // False: completed by Empty when it is not there yet.
  // How the handler named the target; replay compares that. Fields not used are empty.
  enum class By : std::uint8_t { kId, kIdempotencyKey, kWorkflow };
  By by = By::kId;
  std::string service, handler, idempotency_key;
  std::optional<std::string> key;
};

// --- Notifications ---

struct Notification {
  struct Completion {
    CompletionId id;
    bool operator==(const Completion&) const = default;
  };
  std::variant<Completion, std::uint32_t, std::string>
      of;  // Completion, signal index, signal name.
  std::variant<Empty, Bytes, Failure, InvocationId, std::vector<Bytes>> result;
  std::uint32_t life = 0;  // Of a completion that another owner told: the asker's (Invocation).
};

inline constexpr std::uint32_t kCancelSignal = 1;
// Ends the invocation at once, whatever it is doing; no handler ever sees it. Told by a caller that
// was killed, so that its whole tree ends, also through a crash.
inline constexpr std::uint32_t kKillSignal = 2;
// Indices below are the engine's own: those above, and some that are reserved.
inline constexpr std::uint32_t kFirstAwakeable = 17;

using EntryBody = std::variant<Input, Output, ReadState, ListState, WriteState, ClearState, Sleep,
                               Run, Call, Promise, SendSignal, Attach, Notification>;

struct Entry {
  std::string name;  // Given by the handler; may be empty.
  EntryBody body;

  bool is_command() const { return !std::holds_alternative<Notification>(body); }
};

inline Entry completion(CompletionId id, decltype(Notification::result) result) {
  return Entry{{}, Notification{Notification::Completion{id}, std::move(result)}};
}

}  // namespace holdfast::journal
