#pragma once
// ScriptedEngine: plays the engine against a RemoteAttempt, in frames, without a network: it keeps
// the journal, starts attempts over it, stores what they send, and tells them of it when asked to.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "net/protocol/restate/command_codec.h"
#include "net/protocol/restate/completion_kinds.h"
#include "net/protocol/restate/notification_codec.h"
#include "sdk/endpoint/remote_attempt.h"
#include "storage/base/check.h"
#include "tests/sdk/support/scripted_host.h"
#include "tests/support/manual_clock.h"

namespace holdfast::testing {

namespace restate = protocol::restate;

// What an attempt has written, taken apart.
class CollectedOutput final : public runtime::AttemptOutput {
 public:
  explicit CollectedOutput(restate::Version version) : version_(version) {}

  void write(BytesView bytes) override {
    CHECK(!finished && !was_reset, "nothing is written after the end");
    unsent_ += bytes.size();
    while (auto frame = reader_.next(bytes).value()) {
      messages.push_back(restate::decode_from_handler(*frame, version_).value());
    }
  }
  void finish() override {
    CHECK(!finished, "finished once");
    CHECK(reader_.at_boundary(), "only whole frames are written");
    finished = true;
  }
  void reset() override { was_reset = true; }
  std::size_t unsent() const override { return is_stuck ? unsent_ : 0; }

  std::deque<restate::FromHandler> messages;
  bool finished = false;
  bool was_reset = false;
  bool is_stuck = false;  // Nobody takes what is written.

 private:
  const restate::Version version_;
  restate::FrameReader reader_;
  std::size_t unsent_ = 0;
};

class ScriptedEngine {
 public:
  explicit ScriptedEngine(HandlerDefinition handler,
                          restate::Version version = restate::Version::k6, Bytes input = "")
      : version(version), handler_(std::make_shared<HandlerDefinition>(std::move(handler))) {
    journal.push_back(protocol::Command{{}, protocol::InputCommand{{{"a", "b"}}, input}});
    CHECK(kinds_.learn(std::get<protocol::Command>(journal[0])).has_value(), "an Input");
    surroundings->clock = &clock;
    surroundings->run_step = [this](std::function<void()> step) {
      steps.push_back(std::move(step));
    };
    surroundings->post = [this](std::function<void()> task) { posted.push_back(std::move(task)); };
  }

  restate::StartHead head() const {
    restate::StartHead head;
    head.raw_id = Bytes(
        "\x78\x1d\xdf\xb8\xe4\xd9\xd9\xfd\x96\x43\xbd\x37\x5f\xab\x29\x24"
        "\x84\x40\x27\x71\xac\x3e\x2f\x17",
        24);
    head.invocation_id = "inv_1lNf3nIQpAfe0HKpHcbEHXKintjhm75b0y";
    head.key = "alice";
    head.random_seed = 42;
    head.known_entries = static_cast<std::uint32_t>(journal.size());
    head.state_map = state;
    head.partial_state = partial_state;
    return head;
  }
  // Start and the journal.
  Bytes opening() const {
    Bytes bytes;
    restate::append_start(bytes, head(), version);
    for (const protocol::Entry& entry : journal) {
      CHECK(restate::append_entry(bytes, entry, kinds_, version).has_value(), "a known entry");
    }
    return bytes;
  }
  // A new attempt that has been sent nothing yet.
  void open() {
    output = std::make_shared<CollectedOutput>(version);
    attempt = std::make_shared<runtime::RemoteAttempt>(handler_, version, surroundings, output);
  }
  void start() {
    open();
    attempt->receive(opening());
  }

  // Stores what the attempt has sent: commands and proposals. Others are kept in `output`.
  // Notifications of proposals are sent as the version has it.
  void store() {
    if (output == nullptr) return;
    std::deque<restate::FromHandler> rest;
    for (; !output->messages.empty(); output->messages.pop_front()) {
      restate::FromHandler& message = output->messages.front();
      if (auto* command = std::get_if<restate::NewCommand>(&message)) {
        if (forgets) continue;
        CHECK(kinds_.learn(command->command).has_value(), "completion ids are new");
        journal.push_back(std::move(command->command));
      } else if (auto* run = std::get_if<restate::ProposeRun>(&message)) {
        proposals.push_back(std::move(*run));
      } else {
        rest.push_back(std::move(message));
      }
    }
    output->messages = std::move(rest);
  }
  // Makes the proposals durable; `tell` sends their notifications or acks.
  void commit(bool tell = true) {
    store();
    for (restate::ProposeRun& run : std::exchange(proposals, {})) {
      protocol::Notification notification{protocol::CompletionRef{run.completion}, {}};
      std::visit([&](auto& value) { notification.result = std::move(value); }, run.outcome);
      journal.push_back(notification);
      if (!tell) continue;
      Bytes bytes;
      if (run.wants_ack) {
        restate::append_proposal_ack(bytes, {run.completion});
      } else {
        restate::append_completion(bytes, notification, restate::CompletionKind::kRun, version);
      }
      attempt->receive(bytes);
    }
    store();
  }
  template <class Result>
  void notify(std::variant<protocol::CompletionRef, std::uint32_t, std::string> of, Result result,
              bool tell = true) {
    store();
    const protocol::Notification notification{std::move(of), std::move(result)};
    journal.push_back(notification);
    if (!tell) return;
    Bytes bytes;
    CHECK(restate::append_entry(bytes, journal.back(), kinds_, version).has_value(), "known");
    attempt->receive(bytes);
    store();
  }

  // Executes closures as the threads would, then what they posted.
  void execute() {
    while (!steps.empty() || !posted.empty()) {
      auto& queue = steps.empty() ? posted : steps;
      const std::function<void()> task = std::move(queue.front());
      queue.pop_front();
      task();
    }
  }

  // The next message that is no command and no proposal, nor advice unless that is asked for. None
  // when it is of another kind.
  template <class Message>
  std::optional<Message> next() {
    store();
    while (!output->messages.empty() && !std::is_same_v<Message, restate::AwaitingOn> &&
           std::holds_alternative<restate::AwaitingOn>(output->messages.front())) {
      output->messages.pop_front();
    }
    if (output->messages.empty()) return std::nullopt;
    auto* const message = std::get_if<Message>(&output->messages.front());
    if (message == nullptr) return std::nullopt;
    Message taken = std::move(*message);
    output->messages.pop_front();
    return taken;
  }
  // What the handler has come to; "none" before the end.
  std::string result() {
    store();
    for (const protocol::Entry& entry : journal) {
      const auto* command = std::get_if<protocol::Command>(&entry);
      const auto* output_command =
          command == nullptr ? nullptr : std::get_if<protocol::OutputCommand>(&command->body);
      if (output_command == nullptr) continue;
      if (const auto* failure = std::get_if<protocol::Failure>(&output_command->result)) {
        return "failed " + std::to_string(failure->code) + " " + failure->message;
      }
      return std::get<Bytes>(output_command->result);
    }
    return "none";
  }
  bool has_ended() { return next<restate::End>().has_value() && output->finished; }
  // "CODE MESSAGE" of the Error the attempt has ended with.
  std::string error() {
    const auto failed = next<restate::HandlerError>();
    if (!failed || !output->finished) return "none";
    return std::to_string(failed->error.code) + " " + failed->error.message;
  }

  const restate::Version version;
  ManualClock clock;
  std::vector<protocol::Entry> journal;
  std::vector<std::pair<Bytes, Bytes>> state;
  bool partial_state = false;
  bool forgets = false;                        // New commands are not stored.
  std::vector<restate::ProposeRun> proposals;  // Not durable yet.
  std::deque<std::function<void()>> steps, posted;
  std::shared_ptr<runtime::RemoteAttempt::Surroundings> surroundings =
      std::make_shared<runtime::RemoteAttempt::Surroundings>();
  std::shared_ptr<CollectedOutput> output;
  std::shared_ptr<runtime::RemoteAttempt> attempt;

 private:
  const std::shared_ptr<const HandlerDefinition> handler_;
  restate::CompletionKinds kinds_;
};

}  // namespace holdfast::testing
