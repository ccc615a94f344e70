#pragma once
// Engine: the durable-execution engine as its edges see it. Requests go in from any thread; answers
// come back through callbacks, on engine threads, each exactly once, and only when what they say is
// durable (INV-1).
//
// Callbacks must not block and must not throw. kUnavailable means too much is in flight, or the
// process is draining: the same request may succeed later.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/catalog/catalog.h"
#include "actors/handler.h"
#include "actors/loop/loop.h"
#include "journal/entry.h"
#include "journal/invocation.h"
#include "journal/tables/tables.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/base/result.h"
#include "storage/committer.h"
#include "storage/store.h"

namespace holdfast::actors {

struct InvokeRequest {
  std::string service;
  std::optional<std::string> key;  // Given exactly for keyed services.
  std::string handler;
  Bytes body;
  journal::Headers headers;  // As the handler shall see them.
  std::optional<std::string> idempotency_key;
  std::int64_t not_before_unix_ms = 0;  // Sends only; 0: now.
  std::string trace_parent;
};

struct Accepted {
  journal::InvocationId id;
  bool fresh = true;  // False: the idempotency or workflow key had named it before.
  std::int64_t scheduled_start_at = 0;
};

struct Finished {
  journal::InvocationId id;
  journal::Outcome outcome;
  journal::Target target;
  std::int64_t expires_at = 0;  // Unix ms when the result is forgotten; 0: not kept.
};

// Names one waiting callback, so that it can be forgotten when its client has gone.
struct WaitHandle {
  journal::InvocationId id;
  std::uint64_t number = 0;
};

// What an operator's act came to.
enum class ActResult {
  kDone,      // It is so now.
  kAccepted,  // It is durable and will be so soon.
};

struct EngineOptions {
  std::size_t worker_threads = 0;               // Actor threads; 0: one per core.
  std::size_t step_threads_max = 512;           // Closures that may block at the same time.
  std::int64_t park_after_ms = 1000;            // A handler that waits longer leaves memory.
  std::size_t bytes_in_flight_max = 64u << 20;  // Staged and not yet durable; above: kUnavailable.
  std::size_t active_max = 100'000;             // Invocations in memory; above: kUnavailable.
  // Below so many what was only sent begins at once; from there on it waits in the store.
  std::size_t begin_at_once_max = 20'000;
  // Steps of calls to one service that wait for a thread; above, more calls to it: kUnavailable.
  std::size_t step_backlog_max = 50'000;
};

class Engine {
 public:
  // All outlive the engine; the committer is stopped before the engine is destroyed. Recovery goes
  // on in the background after start() has returned.
  struct Parts {
    const storage::Store& store;
    storage::Committer& committer;
    const Clock& clock;
    Random& random;  // Thread safe.
    Catalog& catalog;
    Handlers& handlers;
    // Runs owners of invocations whose handlers are elsewhere. Null: workers run all. Once the
    // engine has been stopped, it must not call anybody any more.
    Loop* loop = nullptr;
  };
  static Result<std::unique_ptr<Engine>> start(const Parts& parts, const EngineOptions& options);
  virtual ~Engine() = default;

  // Takes no new requests, lets what runs reach a durable point, stops. What is unfinished goes on
  // at the next start. Blocks at most until `deadline`.
  virtual void stop(Millis deadline) = 0;

  // Durably accepts an invocation. Errors: kNotFound (no such service or handler),
  // kInvalidArgument, kUnavailable. An idempotency key or workflow key in use is no error:
  // Accepted.fresh is false.
  virtual void send(InvokeRequest request, std::function<void(Result<Accepted>)> on_accepted) = 0;
  // As send; then `on_finished` when there is an outcome. A workflow run that exists already is
  // kConflict. The handle is valid at once.
  virtual WaitHandle call(InvokeRequest request,
                          std::function<void(Result<Finished>)> on_finished) = 0;
  // kNotFound.
  virtual WaitHandle attach(const journal::InvocationId& id,
                            std::function<void(Result<Finished>)> on_finished) = 0;
  // None: not finished yet. kNotFound.
  virtual void output(const journal::InvocationId& id,
                      std::function<void(Result<std::optional<Finished>>)> on_answer) = 0;
  // The callback of the handle will not be called (unless it is being called right now).
  virtual void forget(const WaitHandle& handle) = 0;

  // Sends a signal; an awakeable is a signal index. kNotFound: there is no such invocation. To a
  // completed one it is done and changes nothing.
  virtual void signal(const journal::InvocationId& id, journal::Notification signal,
                      std::function<void(Result<ActResult>)> on_done) = 0;

  // An operator's acts. kNotFound; kConflict when the invocation is not in a state for it.
  enum class Act { kCancel, kKill, kPurge, kPurgeJournal, kPause, kResume };
  virtual void act(const journal::InvocationId& id, Act act,
                   std::function<void(Result<ActResult>)> on_done) = 0;
  // As Act::kResume, on another deployment: its id, "latest", or "keep". kNotFound when it does not
  // serve the handler, kConflict when it does not speak the invocation's version of the protocol.
  virtual void resume_on(const journal::InvocationId& id, std::string deployment,
                         std::function<void(Result<ActResult>)> on_done) = 0;
  // A new invocation with the same input, and the same journal up to entry `from`. Without a word
  // about the deployment it is the latest for `from` 0, else that of the original.
  // kInvalidArgument for workflows and for an entry that is not there; kConflict: not completed,
  // its journal is gone, or an entry in the prefix is not complete.
  struct Restart {
    std::size_t from = 0;
    std::string deployment;
  };
  virtual void restart_as_new(const journal::InvocationId& id, Restart restart,
                              std::function<void(Result<journal::InvocationId>)> on_done) = 0;
  // Replaces the whole state of an object or workflow key.
  virtual void replace_state(std::string service, std::string key, std::map<Bytes, Bytes> state,
                             std::function<void(Result<void>)> on_done) = 0;
  // Durably lays settings over a service. kNotFound.
  virtual void set_service(std::string service, journal::ServiceSettings settings,
                           std::function<void(Result<void>)> on_done) = 0;

  // The wall clock was set: whoever waits for a time looks again. Until stop().
  virtual void clock_was_set() = 0;

  // Reads of what is durable. Any thread; may touch the disk.
  virtual const journal::Tables& tables() const = 0;
  virtual Catalog& catalog() = 0;

  struct Counts {
    std::size_t active = 0;         // Invocations in memory.
    std::size_t steps_running = 0;  // Closures executing.
    std::size_t bytes_in_flight = 0;
  };
  virtual Counts counts() const = 0;
};

}  // namespace holdfast::actors
