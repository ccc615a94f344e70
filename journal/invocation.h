#pragma once
// Invocation: where one run of one handler stands. The row that is rewritten when that changes;
// what the handler did is in its journal.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "journal/entry.h"
#include "journal/ids.h"
#include "journal/wait_set.h"

namespace holdfast::journal {

enum class ServiceKind : std::uint8_t { kService = 0, kObject = 1, kWorkflow = 2 };
// kPlain: of a service. kExclusive, kShared: of an object. kRun, kShared: of a workflow.
enum class HandlerKind : std::uint8_t { kPlain = 0, kExclusive = 1, kShared = 2, kRun = 3 };

struct Target {
  ServiceKind service_kind = ServiceKind::kService;
  HandlerKind handler_kind = HandlerKind::kPlain;
  std::string service;
  std::string key;  // Empty for services.
  std::string handler;

  bool keyed() const { return service_kind != ServiceKind::kService; }
  bool queued_by_key() const { return handler_kind == HandlerKind::kExclusive; }
  // service/handler or service/key/handler.
  std::string text() const;
};

enum class Status : std::uint8_t {
  kScheduled = 0,   // A delayed send whose time has not come.
  kQueued = 1,      // Waits for its object key.
  kRunning = 2,     // Has an attempt, or will have one at once after a restart.
  kBackingOff = 3,  // Waits for the next attempt after a failed one.
  kSuspended = 4,   // Its handler waits for something; see `waits`.
  kPaused = 5,      // Waits for an operator.
  kCompleted = 6,
};
// The words of the SQL tables and the admin API: scheduled, pending, running, backing-off,
// suspended, paused, completed.
const char* status_text(Status status);

// An invocation whose journal is told the outcome, under a completion id of its own.
struct Waiter {
  InvocationId invocation;
  CompletionId completion = 0;
  std::uint32_t life = 0;  // Its own.
  auto operator<=>(const Waiter&) const = default;
};

struct AttemptFailure {
  std::uint16_t code = 500;
  std::string message;
  std::optional<std::uint32_t> related_command;  // Counts commands only; the input is 0.
  std::string related_command_name;
  std::string related_command_type;
};

enum class Source : std::uint8_t { kIngress = 0, kService = 1, kRestartAsNew = 2 };

// All times are Unix milliseconds, 0 for not (yet).
struct Invocation {
  InvocationId id;  // In the row's key, not in its value.
  Target target;
  Status status = Status::kRunning;
  Source source = Source::kIngress;
  std::optional<InvocationId> caller;  // kService: who called; kRestartAsNew: the original.
  std::string caller_target;           // Text of the caller's target, for people.
  std::optional<std::string> idempotency_key;
  std::string trace_parent;  // W3C traceparent of the request, if any.
  std::int64_t completion_retention_ms = 0;
  std::int64_t journal_retention_ms = 0;

  std::int64_t created_at = 0;
  std::int64_t modified_at = 0;
  std::int64_t scheduled_start_at = 0;
  std::int64_t running_at = 0;  // First.
  std::int64_t last_start_at =
      0;  // Its latest attempt; after a restart of the server another began.
  std::int64_t completed_at = 0;

  // The deployment that serves it and the version of the handler protocol spoken with it: chosen by
  // the first attempt that got anywhere, and kept. Empty: code of this process, or not chosen yet.
  std::string deployment_id;
  std::uint8_t protocol_version = 0;

  std::vector<Waiter> waiters;  // The first few; see later_waiters.h.
  // Tells it from earlier runs of the same id, which are removed: what those have asked for may yet
  // be answered. 0: there were none, because its id is of no key.
  std::uint32_t life = 0;
  std::uint64_t queue_position = 0;  // Stamp of its inbox row; learned when loaded, not stored.

  // Failed attempts since the last new journal entry, and since when; survives restarts.
  std::uint32_t retry_count = 0;
  std::int64_t retrying_since = 0;
  std::int64_t next_retry_at = 0;
  std::optional<AttemptFailure> last_failure;

  WaitSet waits;                       // kSuspended only; reduced by all it has been told.
  std::uint32_t journal_entries = 0;   // Entries as of the last rewrite of this row.
  std::uint32_t journal_commands = 0;  // Up to the first whose request is not acknowledged.

  std::optional<Outcome> result;  // kCompleted only.

  // The first and the last entry of its journal, when they stand here instead of in a chunk (see
  // Tables::journal): a small input of one whose id is of no key, and that it ended with an Output
  // of its result. Both go with the journal.
  std::optional<Input> input;
  bool ends_with_output = false;

  // Whether another run may have its id, earlier or later.
  bool has_id_of_a_key() const {
    return target.handler_kind == HandlerKind::kRun || idempotency_key.has_value();
  }
  // Told to an earlier run of this id.
  bool is_stale(const Notification& told) const { return told.life != 0 && told.life != life; }
};

}  // namespace holdfast::journal
