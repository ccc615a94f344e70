#pragma once
// ScriptedHost: a host that writes down what a session sends, and a TestRun that plays the engine:
// it keeps the journal, gives notifications, executes steps when told, and can start the next
// attempt.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/combinators.h>
#include <holdfast/context.h>
#include <holdfast/service.h>

#include "sdk/runtime/session.h"

namespace holdfast::testing {

class ScriptedHost final : public runtime::SessionHost {
 public:
  void on_command(protocol::Command command) override {
    journal->push_back(command);
    commands.push_back(std::move(command));
  }
  void on_proposal(protocol::CompletionId completion, protocol::Outcome outcome) override {
    proposals.emplace_back(completion, std::move(outcome));
  }
  void on_step(runtime::Step step) override { steps.push_back(std::move(step)); }
  void on_log(int, const std::string& line) override { lines.push_back(line); }
  Lookup read_state(BytesView key, Bytes* value) override {
    if (!knows_state) return Lookup::kUnknown;
    const auto found = state.find(Bytes(key));
    if (found == state.end()) return Lookup::kAbsent;
    *value = found->second;
    return Lookup::kPresent;
  }
  bool read_state_keys(std::vector<Bytes>* keys) override {
    if (!knows_state) return false;
    for (const auto& [key, value] : state) keys->push_back(key);
    return true;
  }
  std::int64_t now_unix_ms() override { return now; }

  std::vector<protocol::Entry>* journal = nullptr;
  std::vector<protocol::Command> commands;
  std::vector<std::pair<protocol::CompletionId, protocol::Outcome>> proposals;
  std::vector<runtime::Step> steps;
  std::vector<std::string> lines;
  std::map<Bytes, Bytes> state;
  bool knows_state = true;
  std::int64_t now = 1'000'000;
};

// A handler whose context is a C and whose result is text.
template <class C = Context, class F>
HandlerDefinition text_handler(F body) {
  HandlerDefinition handler;
  handler.name = "test";
  handler.invoke = [body](runtime::ContextCore& core, Bytes input) -> Task<Bytes> {
    C context(core);
    if constexpr (std::is_invocable_v<const F&, C&, Bytes>) {
      co_return co_await body(context, std::move(input));
    } else {
      co_return co_await body(context);
    }
  };
  return handler;
}

class TestRun {
 public:
  explicit TestRun(HandlerDefinition handler, Bytes input = "") : handler_(std::move(handler)) {
    journal.push_back(protocol::Command{{}, protocol::InputCommand{{{"a", "b"}}, input}});
    begin_attempt();
  }

  // A new attempt with the journal as it is; the one before is gone. What it was given stays in
  // `host` until here.
  void begin_attempt() {
    session.reset();
    const std::map<Bytes, Bytes> state = std::move(host.state);
    const bool knows_state = host.knows_state;
    host = ScriptedHost();
    host.state = state;
    host.knows_state = knows_state;
    host.journal = &journal;
    session = std::make_unique<runtime::Session>(handler_, host);
  }
  void change_handler(HandlerDefinition handler) {
    session.reset();
    handler_ = std::move(handler);
  }

  runtime::SessionState start() {
    protocol::Start start;
    start.raw_id = Bytes(
        "\x78\x1d\xdf\xb8\xe4\xd9\xd9\xfd\x96\x43\xbd\x37\x5f\xab\x29\x24"
        "\x84\x40\x27\x71\xac\x3e\x2f\x17",
        24);
    start.invocation_id = "inv_1lNf3nIQpAfe0HKpHcbEHXKintjhm75b0y";
    start.key = "alice";
    start.random_seed = 42;
    start.retry_count = retry_count;
    start.retrying_for_ms = retrying_for_ms;
    start.journal = journal;
    return session->start(std::move(start));
  }
  runtime::SessionState restart() {
    begin_attempt();
    return start();
  }

  template <class Of, class Result>
  runtime::SessionState notify(Of of, Result result) {
    protocol::Notification notification{std::move(of), std::move(result)};
    journal.push_back(notification);
    return session->notify(std::move(notification));
  }
  runtime::SessionState complete(protocol::CompletionId id, Bytes value) {
    return notify(protocol::CompletionRef{id}, std::move(value));
  }
  runtime::SessionState complete(protocol::CompletionId id) {
    return notify(protocol::CompletionRef{id}, protocol::Void{});
  }
  runtime::SessionState callee(protocol::CompletionId id, std::string invocation) {
    return notify(protocol::CompletionRef{id}, protocol::CalleeId{std::move(invocation)});
  }
  runtime::SessionState fail(protocol::CompletionId id, std::uint16_t code, std::string message) {
    return notify(protocol::CompletionRef{id}, protocol::Failure{code, std::move(message), {}});
  }
  runtime::SessionState signal(std::string name, Bytes value) {
    return notify(std::move(name), std::move(value));
  }
  runtime::SessionState cancel() { return notify(protocol::kCancelSignal, protocol::Void{}); }

  // Executes the oldest step, and stores what it proposes.
  runtime::SessionState execute_step() {
    const runtime::Step step = std::move(host.steps.front());
    host.steps.erase(host.steps.begin());
    runtime::SessionState state = session->state();
    step.run([&](runtime::StepOutcome outcome) {
      state = session->step_done(step.completion, std::move(outcome));
    });
    return state == runtime::SessionState::kFailed ? state : store_proposals();
  }
  runtime::SessionState store_proposals() {
    runtime::SessionState state = session->state();
    for (auto& [id, outcome] : std::exchange(host.proposals, {})) {
      state = std::visit(
          [&, id = id](auto value) { return notify(protocol::CompletionRef{id}, value); }, outcome);
    }
    return state;
  }

  // What the handler has come to: its text, or "failed CODE MESSAGE"; "none" before the end.
  std::string result() const {
    if (journal.empty()) return "none";
    for (const protocol::Entry& entry : journal) {
      const auto* command = std::get_if<protocol::Command>(&entry);
      if (command == nullptr) continue;
      const auto* output = std::get_if<protocol::OutputCommand>(&command->body);
      if (output == nullptr) continue;
      if (const auto* failure = std::get_if<protocol::Failure>(&output->result)) {
        return "failed " + std::to_string(failure->code) + " " + failure->message;
      }
      return std::get<Bytes>(output->result);
    }
    return "none";
  }
  template <class Body>
  const Body& command(std::size_t index) const {
    return std::get<Body>(host.commands.at(index).body);
  }

  std::vector<protocol::Entry> journal;
  ScriptedHost host;
  std::uint32_t retry_count = 0;
  std::int64_t retrying_for_ms = 0;
  HandlerDefinition handler_;
  std::unique_ptr<runtime::Session> session;
};

}  // namespace holdfast::testing
