#pragma once
// Messages: what an engine and a handler say to each other about one attempt, as plain values.
//
// An attempt begins with Start, which carries the whole journal so far. The handler runs again from
// its first line; while journal entries last they are its answers (replay), afterwards it sends
// commands and proposals, and gets notifications. The words and numbers are those of the Restate
// service protocol 5-7; this header knows no encoding, so a handler in this process and one behind
// a connection are spoken to alike.
//
// Rules
//   Entry 0 of a journal is the Input command.
//   Completion ids are chosen by the handler: 1, 2, 3 ... in order of creation, one counter for an
//   invocation; a call takes two (first the one for the invocation id, then the one for the
//   result). A notification completes a completion id, a signal index or a signal name. Later
//   duplicates of the same signal are further signals; later duplicates of a completion are
//   ignored.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "storage/base/bytes.h"

namespace holdfast::protocol {

using CompletionId = std::uint32_t;
using Headers = std::vector<std::pair<std::string, std::string>>;

// Codes as in HTTP where one fits; 409 also means cancelled or killed.
struct Failure {
  std::uint16_t code = 500;
  std::string message;
  std::vector<std::pair<std::string, std::string>> metadata;
  bool operator==(const Failure&) const = default;
};

struct Void {
  bool operator==(const Void&) const = default;
};

// What an operation came to: a value or a failure.
using Outcome = std::variant<Bytes, Failure>;

// The signal that asks an invocation to stop. Indices from kFirstAwakeable on are awakeables.
inline constexpr std::uint32_t kCancelSignal = 1;
inline constexpr std::uint32_t kFirstAwakeable = 17;

// --- Commands: handler to engine, stored in the journal. `name` is part of the replay check. ---

struct InputCommand {
  Headers headers;
  Bytes value;
};
struct OutputCommand {
  Outcome result;
};
// State read whose answer the handler does not have at hand: completed by Void or a value.
struct GetLazyStateCommand {
  Bytes key;
  CompletionId completion = 0;
};
struct GetLazyStateKeysCommand {
  CompletionId completion = 0;
};
// State read whose answer the handler had at hand; kept so that replay gives the same one.
struct GetEagerStateCommand {
  Bytes key;
  std::optional<Bytes> value;
};
struct GetEagerStateKeysCommand {
  std::vector<Bytes> keys;
};
struct SetStateCommand {
  Bytes key, value;
};
struct ClearStateCommand {
  Bytes key;
};
struct ClearAllStateCommand {};
struct GetPromiseCommand {
  std::string key;
  CompletionId completion = 0;
};
struct PeekPromiseCommand {  // Completed by Void while the promise is open.
  std::string key;
  CompletionId completion = 0;
};
struct CompletePromiseCommand {  // Completed by Void, or Failure 409 when it was complete already.
  std::string key;
  Outcome result;
  CompletionId completion = 0;
};
struct SleepCommand {
  std::int64_t wake_up_unix_ms = 0;
  CompletionId completion = 0;
};
struct CallCommand {
  std::string service, key, handler;
  Bytes parameter;
  Headers headers;
  std::optional<std::string> idempotency_key;
  CompletionId invocation_id_completion = 0;  // Completed by the callee's id, as text.
  CompletionId completion = 0;                // Completed by the callee's outcome.
};
struct OneWayCallCommand {
  std::string service, key, handler;
  Bytes parameter;
  Headers headers;
  std::optional<std::string> idempotency_key;
  std::int64_t invoke_unix_ms = 0;  // 0 or past: now.
  CompletionId invocation_id_completion = 0;
};
using SignalName = std::variant<std::uint32_t, std::string>;
struct SendSignalCommand {
  std::string target_invocation;  // inv_...
  SignalName signal;
  std::variant<Void, Bytes, Failure> result;
};
// A closure of the handler's: it runs the closure itself and proposes the outcome.
struct RunCommand {
  CompletionId completion = 0;
};
struct InvocationTarget {
  std::string invocation_id;
};
struct IdempotentTarget {
  std::string service;
  std::optional<std::string> key;
  std::string handler, idempotency_key;
};
struct WorkflowTarget {
  std::string workflow, key;
};
using AttachTarget = std::variant<InvocationTarget, IdempotentTarget, WorkflowTarget>;
struct AttachCommand {
  AttachTarget target;
  CompletionId completion = 0;
};
struct GetOutputCommand {  // Completed by Void while the target still runs.
  AttachTarget target;
  CompletionId completion = 0;
};
struct CompleteAwakeableCommand {
  std::string awakeable_id;  // sign_1...
  Outcome result;
};

using CommandBody =
    std::variant<InputCommand, OutputCommand, GetLazyStateCommand, GetLazyStateKeysCommand,
                 GetEagerStateCommand, GetEagerStateKeysCommand, SetStateCommand, ClearStateCommand,
                 ClearAllStateCommand, GetPromiseCommand, PeekPromiseCommand,
                 CompletePromiseCommand, SleepCommand, CallCommand, OneWayCallCommand,
                 SendSignalCommand, RunCommand, AttachCommand, GetOutputCommand,
                 CompleteAwakeableCommand>;

struct Command {
  std::string name;  // May be empty.
  CommandBody body;
};

// --- Notifications: engine to handler, stored in the journal in the order they were committed. ---

struct CalleeId {
  std::string invocation_id;
};
struct StateKeys {
  std::vector<Bytes> keys;
};
struct CompletionRef {
  CompletionId id = 0;
};
struct Notification {
  std::variant<CompletionRef, std::uint32_t, std::string> of;  // Completion, signal index or name.
  std::variant<Void, Bytes, Failure, CalleeId, StateKeys> result;
};

using Entry = std::variant<Command, Notification>;

// --- Control ---

struct Start {
  Bytes raw_id;                      // 24 bytes.
  std::string invocation_id;         // The same as text, inv_...
  std::string key;                   // Object or workflow key, else empty.
  std::uint64_t random_seed = 0;     // The same for every attempt.
  std::uint32_t retry_count = 0;     // Failed attempts since the last new entry.
  std::int64_t retrying_for_ms = 0;  // Time since the last new entry.
  std::vector<Entry> journal;        // At least the Input.
};

// Why an attempt ended without a result. The engine tries again by its retry policy.
struct AttemptError {
  std::uint16_t code = 500;  // 570 journal mismatch, 571 protocol violation.
  std::string message;
  std::string stacktrace;
  std::optional<std::uint32_t> related_command;  // Counts commands only; Input is 0.
  std::string related_command_name;
  std::string related_command_type;                 // "Run", "Sleep", ...
  std::optional<std::int64_t> next_retry_delay_ms;  // Replaces the next interval only.
};
inline constexpr std::uint16_t kJournalMismatch = 570;
inline constexpr std::uint16_t kProtocolViolation = 571;

// What a blocked handler waits for, as a tree: a node says which of its children must be settled
// for it to be so, as journal/wait_set.h has it. The cancel signal always wakes it.
struct WaitSet {
  // Numbers are those of the Restate protocol; see restate/future.h.
  enum class Combinator : std::uint8_t {
    kUnknown = 0,
    kAny = 1,
    kAll = 2,
    kFirstSuccess = 3,
    kFirstFailure = 4,
  };

  std::vector<CompletionId> completions = {};
  std::vector<std::uint32_t> signals = {};
  std::vector<std::string> named_signals = {};
  Combinator combinator = Combinator::kUnknown;
  std::vector<WaitSet> nested = {};

  bool operator==(const WaitSet&) const = default;
};

}  // namespace holdfast::protocol
