#pragma once
// ScriptedHandlers: handlers as lists of operations, for tests of the engine that want no SDK. Each
// operation is awaited before the next one begins. Replay compares nothing but the kind of command;
// that the outcome is taken from the journal is the point.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "actors/catalog/catalog.h"
#include "actors/handler.h"

namespace holdfast::testing {

struct Op {
  enum class Kind {
    kRun,
    kSleep,
    kCall,
    kSend,
    kGet,
    kSet,
    kAwakeable,
    kPromiseGet,
    kPromiseSet,
    kAttach,
    kResolve,
    kFail
  };
  Kind kind = Kind::kRun;
  std::string name;          // Step, state key, promise name, or target handler.
  std::string service, key;  // Of a call or send.
  Bytes value;               // To set, or the parameter.
  std::int64_t millis = 0;   // To sleep, or a send's delay.
  std::optional<std::string> idempotency_key;
  std::function<actors::StepOutcome()> closure = {};  // kRun.
  // Or, kRun too: gets the call that reports its end, to be made whenever the test likes.
  std::function<void(std::function<void(actors::StepOutcome)>)> held = {};
  journal::InvocationId other = {};  // kAttach, kResolve.
};

Op run(std::string name, std::function<actors::StepOutcome()> closure);
// A closure that blocks until the test lets it end.
Op run_held(std::string name, std::function<void(std::function<void(actors::StepOutcome)>)> held);
Op sleep(std::int64_t millis);
Op call(std::string service, std::string key, std::string handler, Bytes parameter);
Op send(std::string service, std::string key, std::string handler, Bytes parameter,
        std::int64_t delay_ms = 0);
Op get(std::string key);
Op set(std::string key, Bytes value);
// Waits for signal 17; its value is the outcome.
Op awakeable();
Op promise_get(std::string name);
Op promise_set(std::string name, Bytes value);
// Waits for the outcome of another invocation.
Op attach(const journal::InvocationId& to);
// Sends signal 17 to another invocation, which an awakeable() there waits for.
Op resolve(const journal::InvocationId& of, Bytes value);
// The attempt fails here, each time it comes by.
Op fail(std::string message);

class ScriptedHandlers final : public actors::Handlers {
 public:
  struct Script {
    journal::HandlerKind kind = journal::HandlerKind::kPlain;
    std::vector<Op> ops;
    actors::RetryPolicy retry;
  };

  void add(journal::ServiceKind kind, const std::string& service, const std::string& handler,
           Script script);
  // A handler of an unkeyed service, with the usual retries.
  void add_plain(const std::string& service, const std::string& handler, std::vector<Op> ops);
  std::vector<actors::ServiceInfo> catalog() const;

  Result<actors::OpenedAttempt> open(const journal::Invocation& invocation,
                                     actors::AttemptHost& host,
                                     std::function<void()> wake) override;
  // Attempts opened so far.
  std::size_t attempts() const { return attempts_; }

 private:
  std::map<std::string, actors::ServiceInfo> services_;
  std::map<std::pair<std::string, std::string>, Script> scripts_;
  std::size_t attempts_ = 0;
};

}  // namespace holdfast::testing
