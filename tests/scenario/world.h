#pragma once
// World: services written with the SDK, served by the whole engine on virtual time, and what a test
// does to both. Everything settles before a call returns. Kept apart from the engine's headers, so
// that a scenario compiles quickly.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <holdfast/sdk.h>

#include "actors/engine.h"

namespace holdfast::testing {

using Act = actors::Engine::Act;
using InvocationId = journal::InvocationId;
using Status = journal::Status;
using namespace std::chrono_literals;

// A request; its body is the JSON of `input`, or empty.
actors::InvokeRequest to(std::string service, std::string handler, Bytes body = {});
actors::InvokeRequest to_key(std::string service, std::string key, std::string handler,
                             Bytes body = {});
actors::InvokeRequest with_idempotency_key(actors::InvokeRequest request, std::string key);
template <class T>
Bytes json(const T& value) {
  return Serde<T>::encode(value);
}

// What closures did, outside of everything that crashes: how often each was executed.
class Ledger {
 public:
  int count(const std::string& step) { return ++counts_[step]; }
  int operator[](const std::string& step) const {
    const auto found = counts_.find(step);
    return found == counts_.end() ? 0 : found->second;
  }
  const std::map<std::string, int>& all() const { return counts_; }

 private:
  std::map<std::string, int> counts_;
};

class World {
 public:
  // What happens to the write that fails.
  enum class Failure { kLost, kStored };

  explicit World(std::vector<ServiceDefinition> services, std::uint64_t seed = 1);
  ~World();

  void settle();
  void advance(Millis by);
  std::int64_t now_unix_ms() const;
  // Ends the process as a power cut would, and begins the next one on what is stored.
  void restart();
  // The same, with time that passes while there is no process.
  void restart_after(Millis pause);

  // The store refuses the nth write from now; ask() and endure() start the next process then.
  void fail_write(std::uint64_t nth, Failure failure);
  bool has_failed() const { return has_failed_; }

  // REQUIRES: the disk does not fail.
  InvocationId send(actors::InvokeRequest request);
  // As send; then what the invocation has come to, see result().
  std::string call(actors::InvokeRequest request);
  // As a client that asks until it is answered. REQUIRES: an idempotency key, or a workflow's run.
  InvocationId ask(actors::InvokeRequest request);
  // As advance(), through crashes.
  void endure(Millis by);

  // "": not finished. "FAILED code message" or the bytes of the value.
  std::string result(const InvocationId& id);
  Status status(const InvocationId& id);
  // None: there is no such invocation (any more).
  std::optional<journal::Invocation> row(const InvocationId& id);
  std::vector<journal::Invocation> rows();
  std::optional<Bytes> state(const std::string& service, const std::string& key,
                             const std::string& name);
  std::size_t journal_size(const InvocationId& id);
  std::size_t active();

  Result<actors::ActResult> act(const InvocationId& id, Act act);
  // As act(), whatever comes of it.
  void try_act(const InvocationId& id, Act act);
  Result<actors::ActResult> signal(const InvocationId& id, const std::string& name, Bytes value);
  // `id` is the text that awakeable() has given.
  Result<actors::ActResult> resolve(const std::string& id, Bytes value);
  Result<actors::ActResult> reject(const std::string& id, std::uint16_t code, std::string message);
  Result<InvocationId> restart_as_new(const InvocationId& id);

 private:
  class Parts;
  void revive();

  std::unique_ptr<Parts> parts_;
  bool has_failed_ = false;
};

}  // namespace holdfast::testing
