#pragma once
// FakeEngine: an Engine that writes down what it was asked, and answers what the test prepared. Its
// tables are real, over a store in memory.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/engine.h"
#include "net/http/reply.h"
#include "storage/memory_store.h"

namespace holdfast::net {

inline journal::InvocationId some_id() {
  return *journal::InvocationId::from_text("inv_1jp6uyMi2HLz2mqBc3VgkZqi8JKJzmLJH9");
}

// A service "Greeter" (greet: JSON, required; raw: anything; secret: private; ping: no input), an
// object "Counter" (add, get) and a workflow "Signup" (run, approve).
inline std::vector<actors::ServiceInfo> some_services() {
  using journal::HandlerKind;
  const auto handler = [](std::string name, HandlerKind kind) {
    actors::HandlerInfo info;
    info.name = std::move(name);
    info.kind = kind;
    return info;
  };
  actors::ServiceInfo greeter{"Greeter", journal::ServiceKind::kService};
  greeter.handlers = {handler("greet", HandlerKind::kPlain), handler("raw", HandlerKind::kPlain),
                      handler("secret", HandlerKind::kPlain), handler("ping", HandlerKind::kPlain)};
  greeter.handlers[0].input_content_type = "application/json";
  greeter.handlers[0].input_required = true;
  greeter.handlers[1].output_content_type = "application/octet-stream";
  greeter.handlers[2].is_private = true;
  greeter.handlers[3].input_forbidden = true;
  actors::ServiceInfo counter{"Counter", journal::ServiceKind::kObject};
  counter.handlers = {handler("add", HandlerKind::kExclusive),
                      handler("get", HandlerKind::kShared)};
  actors::ServiceInfo signup{"Signup", journal::ServiceKind::kWorkflow};
  signup.handlers = {handler("run", HandlerKind::kRun), handler("approve", HandlerKind::kShared)};
  for (actors::ServiceInfo* service : {&greeter, &counter, &signup}) {
    service->deployment_id = actors::kEmbeddedDeployment;
  }
  return {greeter, counter, signup};
}

class FakeEngine final : public actors::Engine {
 public:
  explicit FakeEngine(std::vector<actors::ServiceInfo> services = some_services())
      : catalog_(std::move(services)), tables_(store) {}

  storage::MemoryStore store;

  // What the next calls come to; without an answer, callbacks are kept in `waiting`.
  std::optional<Result<actors::Finished>> finished;
  Result<actors::Accepted> accepted = actors::Accepted{some_id()};
  Result<std::optional<actors::Finished>> output_now = std::optional<actors::Finished>();
  Result<actors::ActResult> act_result = actors::ActResult::kDone;
  Result<journal::InvocationId> restarted = some_id();
  Result<void> done;

  // What was asked.
  std::vector<actors::InvokeRequest> calls, sends;
  std::vector<journal::InvocationId> attached, outputs;
  std::vector<std::uint64_t> forgotten;
  std::vector<std::pair<journal::InvocationId, journal::Notification>> signals;
  std::vector<std::pair<journal::InvocationId, Act>> acts;
  std::vector<std::function<void(Result<actors::Finished>)>> waiting;
  std::map<std::string, std::map<Bytes, Bytes>> states;  // By service/key.

  void stop(Millis) override {}
  void send(actors::InvokeRequest request,
            std::function<void(Result<actors::Accepted>)> on_accepted) override {
    sends.push_back(std::move(request));
    on_accepted(accepted);
  }
  actors::WaitHandle call(actors::InvokeRequest request,
                          std::function<void(Result<actors::Finished>)> on_finished) override {
    calls.push_back(std::move(request));
    return wait(std::move(on_finished));
  }
  actors::WaitHandle attach(const journal::InvocationId& id,
                            std::function<void(Result<actors::Finished>)> on_finished) override {
    attached.push_back(id);
    return wait(std::move(on_finished));
  }
  void output(const journal::InvocationId& id,
              std::function<void(Result<std::optional<actors::Finished>>)> on_answer) override {
    outputs.push_back(id);
    on_answer(output_now);
  }
  void forget(const actors::WaitHandle& handle) override { forgotten.push_back(handle.number); }
  void signal(const journal::InvocationId& id, journal::Notification signal,
              std::function<void(Result<actors::ActResult>)> on_done) override {
    signals.emplace_back(id, std::move(signal));
    on_done(act_result);
  }
  void act(const journal::InvocationId& id, Act act,
           std::function<void(Result<actors::ActResult>)> on_done) override {
    acts.emplace_back(id, act);
    on_done(act_result);
  }
  void resume_on(const journal::InvocationId& id, std::string deployment,
                 std::function<void(Result<actors::ActResult>)> on_done) override {
    resumed_on = std::move(deployment);
    act(id, Act::kResume, std::move(on_done));
  }
  std::string resumed_on;
  void restart_as_new(const journal::InvocationId&, Restart,
                      std::function<void(Result<journal::InvocationId>)> on_done) override {
    on_done(restarted);
  }
  void replace_state(std::string service, std::string key, std::map<Bytes, Bytes> state,
                     std::function<void(Result<void>)> on_done) override {
    states[service + "/" + key] = std::move(state);
    on_done(done);
  }
  void set_service(std::string service, journal::ServiceSettings settings,
                   std::function<void(Result<void>)> on_done) override {
    on_done(catalog_.apply(service, settings));
  }
  const journal::Tables& tables() const override { return tables_; }
  actors::Catalog& catalog() override { return catalog_; }
  void clock_was_set() override {}
  Counts counts() const override { return {7, 2, 100}; }

 private:
  actors::WaitHandle wait(std::function<void(Result<actors::Finished>)> on_finished) {
    if (finished.has_value()) {
      on_finished(*finished);
    } else {
      waiting.push_back(std::move(on_finished));
    }
    return {some_id(), ++last_handle_};
  }

  actors::Catalog catalog_;
  journal::Tables tables_;
  std::uint64_t last_handle_ = 0;
};

}  // namespace holdfast::net
