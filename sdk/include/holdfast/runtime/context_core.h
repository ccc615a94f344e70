#pragma once
// ContextCore: what contexts and futures need from the attempt they belong to. Not for handlers,
// who see it as Context; implemented by sdk/runtime/attempt.h.
//
// Each operation is issued when it is called, in the order of the program, and gives the slot its
// outcome arrives in. Slots and core outlive the handler's frame. An attempt that has failed gives
// slots that are never decided, so that its handler stops at the next await.
//
// Threads: only inside the handler, which runs on one thread at a time. An operation that is called
// anywhere else (in the closure of a step) throws std::logic_error.

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <holdfast/runtime/slot.h>

namespace holdfast {

using Headers = std::vector<std::pair<std::string, std::string>>;

// When a failed step is tried again. The attempt that failed ends, and the next one begins after
// initial_interval, then each time `factor` times as long, never longer than max_interval, give or
// take the share `jitter` of it. After max_attempts, or once max_duration has passed since the
// first failure, the step fails for good with the last error. Without either it is tried for ever.
struct RunOptions {
  std::chrono::milliseconds initial_interval{500};
  double factor = 2;
  std::chrono::milliseconds max_interval{60'000};
  std::optional<std::uint32_t> max_attempts = std::nullopt;
  std::optional<std::chrono::milliseconds> max_duration = std::nullopt;
  double jitter = 0.3;
};

namespace runtime {

// How a closure ended.
struct StepFailed {
  Failed failed;
  bool terminal = false;
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;  // Instead of the policy's.
};
using StepResult = std::variant<Bytes, StepFailed>;
// Calls its argument exactly once, on any thread, maybe after it has returned. Never throws.
using StepBody = std::function<void(std::function<void(StepResult)>)>;

struct CallRequest {
  std::string service, key, handler;
  Bytes parameter;
  Headers headers;
  std::optional<std::string> idempotency_key;
};
struct CallSlots {
  Slot* invocation_id;
  Slot* result;
};

// The text of an invocation id, or what stands for it.
struct IdTarget {
  std::string invocation_id;
};
struct RequestTarget {
  std::string service;
  std::optional<std::string> key;
  std::string handler, idempotency_key;
};
struct RunTarget {
  std::string workflow, key;
};
using Target = std::variant<IdTarget, RequestTarget, RunTarget>;

// A signal's index or name.
using SignalId = std::variant<std::uint32_t, std::string>;
// A value or a failure.
using Resolution = std::variant<Bytes, Failed>;

struct AwakeableSlot {
  std::string id;
  Slot* slot;
};

enum class Severity { kDebug, kInfo, kWarn, kError };

// Something a handler can wait for; lives in its frame while it does.
class Awaited {
 public:
  virtual Verdict verdict() const = 0;
  // All slots in it that have no outcome yet, also those that change nothing any more.
  virtual void collect(std::vector<const Slot*>& slots) const = 0;
  // What may yet decide it. REQUIRES: not decided.
  virtual void describe(WaitWriter& writer) const = 0;

 protected:
  ~Awaited() = default;
};

class ContextCore {
 public:
  virtual ~ContextCore() = default;

  virtual Slot* run(std::string name, const std::optional<RunOptions>& options, StepBody body) = 0;
  virtual Slot* sleep(std::chrono::milliseconds duration, std::string name) = 0;
  virtual Slot* sleep_until(std::int64_t wake_up_unix_ms, std::string name) = 0;

  virtual Slot* get_state(Bytes key) = 0;
  virtual Slot* get_state_keys() = 0;
  virtual void set_state(Bytes key, Bytes value) = 0;
  virtual void clear_state(Bytes key) = 0;
  virtual void clear_all_state() = 0;

  virtual CallSlots call(CallRequest request) = 0;
  virtual Slot* send(CallRequest request, std::chrono::milliseconds delay) = 0;
  virtual Slot* attach(Target target) = 0;
  virtual Slot* output(Target target) = 0;
  virtual void send_signal(std::string invocation_id, SignalId signal, Resolution result) = 0;
  virtual void cancel(std::string invocation_id) = 0;

  virtual Slot* get_promise(std::string name) = 0;
  virtual Slot* peek_promise(std::string name) = 0;
  virtual Slot* complete_promise(std::string name, Resolution result) = 0;

  virtual AwakeableSlot awakeable() = 0;
  virtual void complete_awakeable(std::string id, Resolution result) = 0;
  virtual Slot* signal(std::string name) = 0;

  virtual std::int64_t now_unix_ms() = 0;
  virtual std::uint64_t random_bits() = 0;
  virtual void log(Severity severity, const std::string& line) = 0;

  virtual const std::string& invocation_id() const = 0;
  virtual const std::string& key() const = 0;
  virtual const Headers& headers() const = 0;

  // What an await comes down to. True: go on at once, with end_await(). False: the handler is
  // resumed by `handle` when `awaited` is decided or the invocation is cancelled, then end_await().
  virtual bool begin_await(const Awaited& awaited) = 0;
  virtual void block(const Awaited& awaited, std::coroutine_handle<> handle) = 0;
  // Throws CancelledError when the await ended by a cancellation.
  virtual void end_await() = 0;
};

}  // namespace runtime
}  // namespace holdfast
