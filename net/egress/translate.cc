#include "net/egress/translate.h"

#include <utility>

#include "journal/ids.h"
#include "net/protocol/restate/future.h"

namespace holdfast::net {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// What was decoded may be translated.
static_assert(protocol::restate::kFutureDepthMax <= journal::kWaitDepthMax);

// --- Handler to journal ---

using Body = Result<journal::EntryBody>;

Body attach(protocol::AttachTarget target, protocol::CompletionId completion, bool wait) {
  journal::Attach attach;
  attach.completion = completion;
  attach.wait = wait;
  if (auto* by_id = std::get_if<protocol::InvocationTarget>(&target)) {
    attach.target = TRY(journal::InvocationId::from_text(by_id->invocation_id));
  } else if (auto* call = std::get_if<protocol::IdempotentTarget>(&target)) {
    attach.by = journal::Attach::By::kIdempotencyKey;
    attach.target =
        journal::idempotent_id(call->service, call->key, call->handler, call->idempotency_key);
    attach.service = std::move(call->service);
    attach.key = std::move(call->key);
    attach.handler = std::move(call->handler);
    attach.idempotency_key = std::move(call->idempotency_key);
  } else {
    auto& run = std::get<protocol::WorkflowTarget>(target);
    attach.by = journal::Attach::By::kWorkflow;
    attach.target = journal::workflow_run_id(run.workflow, run.key);
    attach.service = std::move(run.workflow);
    attach.key = std::move(run.key);
  }
  return journal::EntryBody(std::move(attach));
}

// Signal 2 ends an invocation at once, and is the engine's own; whoever was given an awakeable to
// complete must not reach any of those below.
Result<void> check_signal(std::uint32_t index) {
  if (index != journal::kKillSignal) return {};
  return Error(ErrorCode::kInvalidArgument, "signal 2 cannot be sent; only the engine does");
}

Result<void> check_awakeable(std::uint32_t index) {
  if (index > journal::kKillSignal) return {};
  return Error(ErrorCode::kInvalidArgument,
               "this is not the id of an awakeable, but that of signal " + std::to_string(index));
}

Body signal(protocol::SendSignalCommand command) {
  if (const auto* index = std::get_if<std::uint32_t>(&command.signal)) TRY(check_signal(*index));
  journal::SendSignal signal;
  signal.target = TRY(journal::InvocationId::from_text(command.target_invocation));
  signal.signal = std::move(command.signal);
  if (auto* value = std::get_if<Bytes>(&command.result)) {
    signal.result = std::move(*value);
  } else if (auto* failure = std::get_if<protocol::Failure>(&command.result)) {
    signal.result = to_journal(std::move(*failure));
  }
  return journal::EntryBody(std::move(signal));
}

Body awakeable(protocol::CompleteAwakeableCommand command) {
  const journal::AwakeableId id = TRY(journal::AwakeableId::from_text(command.awakeable_id));
  TRY(check_awakeable(id.index));
  journal::SendSignal signal;
  signal.target = id.invocation;
  signal.signal = id.index;
  signal.as_awakeable = true;
  if (auto* value = std::get_if<Bytes>(&command.result)) {
    signal.result = std::move(*value);
  } else {
    signal.result = to_journal(std::get<protocol::Failure>(std::move(command.result)));
  }
  return journal::EntryBody(std::move(signal));
}

journal::Call call(protocol::CallCommand command) {
  return {std::move(command.service),
          std::move(command.key),
          std::move(command.handler),
          std::move(command.parameter),
          std::move(command.headers),
          std::move(command.idempotency_key),
          command.invocation_id_completion,
          command.completion,
          0};
}

journal::Call one_way_call(protocol::OneWayCallCommand command) {
  return {std::move(command.service),
          std::move(command.key),
          std::move(command.handler),
          std::move(command.parameter),
          std::move(command.headers),
          std::move(command.idempotency_key),
          command.invocation_id_completion,
          0,
          command.invoke_unix_ms};
}

journal::Promise promise(journal::Promise::Act act, std::string key,
                         protocol::CompletionId completion) {
  return {act, std::move(key), completion, std::nullopt};
}

Body body_to_journal(protocol::CommandBody command) {
  using journal::EntryBody;
  using Act = journal::Promise::Act;
  return std::visit(
      Overloaded{
          [](protocol::InputCommand&& c) -> Body {
            return EntryBody(journal::Input{std::move(c.headers), std::move(c.value)});
          },
          [](protocol::OutputCommand&& c) -> Body {
            return EntryBody(journal::Output{to_journal(std::move(c.result))});
          },
          [](protocol::GetLazyStateCommand&& c) -> Body {
            return EntryBody(journal::ReadState{std::move(c.key), c.completion, std::nullopt});
          },
          [](protocol::GetLazyStateKeysCommand&& c) -> Body {
            return EntryBody(journal::ListState{c.completion, {}});
          },
          [](protocol::GetEagerStateCommand&& c) -> Body {
            return EntryBody(journal::ReadState{std::move(c.key), 0, std::move(c.value)});
          },
          [](protocol::GetEagerStateKeysCommand&& c) -> Body {
            return EntryBody(journal::ListState{0, std::move(c.keys)});
          },
          [](protocol::SetStateCommand&& c) -> Body {
            return EntryBody(journal::WriteState{std::move(c.key), std::move(c.value)});
          },
          [](protocol::ClearStateCommand&& c) -> Body {
            return EntryBody(journal::ClearState{std::move(c.key)});
          },
          [](protocol::ClearAllStateCommand&&) -> Body { return EntryBody(journal::ClearState{}); },
          [](protocol::GetPromiseCommand&& c) -> Body {
            return EntryBody(promise(Act::kGet, std::move(c.key), c.completion));
          },
          [](protocol::PeekPromiseCommand&& c) -> Body {
            return EntryBody(promise(Act::kPeek, std::move(c.key), c.completion));
          },
          [](protocol::CompletePromiseCommand&& c) -> Body {
            return EntryBody(journal::Promise{Act::kComplete, std::move(c.key), c.completion,
                                              to_journal(std::move(c.result))});
          },
          [](protocol::SleepCommand&& c) -> Body {
            return EntryBody(journal::Sleep{c.wake_up_unix_ms, c.completion});
          },
          [](protocol::CallCommand&& c) -> Body { return EntryBody(call(std::move(c))); },
          [](protocol::OneWayCallCommand&& c) -> Body {
            return EntryBody(one_way_call(std::move(c)));
          },
          [](protocol::SendSignalCommand&& c) -> Body { return signal(std::move(c)); },
          [](protocol::RunCommand&& c) -> Body { return EntryBody(journal::Run{c.completion}); },
          [](protocol::AttachCommand&& c) -> Body {
            return attach(std::move(c.target), c.completion, true);
          },
          [](protocol::GetOutputCommand&& c) -> Body {
            return attach(std::move(c.target), c.completion, false);
          },
          [](protocol::CompleteAwakeableCommand&& c) -> Body { return awakeable(std::move(c)); },
      },
      std::move(command));
}

// --- Journal to handler ---

protocol::Outcome outcome_to_protocol(journal::Outcome outcome) {
  if (auto* value = std::get_if<Bytes>(&outcome)) return std::move(*value);
  return to_protocol(std::get<journal::Failure>(std::move(outcome)));
}

protocol::CommandBody call_to_protocol(journal::Call call) {
  if (call.completion != 0) {
    return protocol::CallCommand{std::move(call.service), std::move(call.key),
                                 std::move(call.handler), std::move(call.parameter),
                                 std::move(call.headers), std::move(call.idempotency_key),
                                 call.id_completion,      call.completion};
  }
  return protocol::OneWayCallCommand{std::move(call.service), std::move(call.key),
                                     std::move(call.handler), std::move(call.parameter),
                                     std::move(call.headers), std::move(call.idempotency_key),
                                     call.not_before_unix_ms, call.id_completion};
}

protocol::CommandBody promise_to_protocol(journal::Promise promise) {
  switch (promise.act) {
    case journal::Promise::Act::kGet:
      return protocol::GetPromiseCommand{std::move(promise.key), promise.completion};
    case journal::Promise::Act::kPeek:
      return protocol::PeekPromiseCommand{std::move(promise.key), promise.completion};
    case journal::Promise::Act::kComplete:
      break;
  }
  return protocol::CompletePromiseCommand{
      std::move(promise.key),
      outcome_to_protocol(std::move(promise.result).value_or(journal::Outcome())),
      promise.completion};
}

protocol::CommandBody signal_to_protocol(journal::SendSignal signal) {
  auto* value = std::get_if<Bytes>(&signal.result);
  auto* failure = std::get_if<journal::Failure>(&signal.result);
  const auto* index = std::get_if<std::uint32_t>(&signal.signal);
  if (signal.as_awakeable && index != nullptr) {
    protocol::Outcome outcome;
    if (value != nullptr) outcome = std::move(*value);
    if (failure != nullptr) outcome = to_protocol(std::move(*failure));
    return protocol::CompleteAwakeableCommand{journal::AwakeableId{signal.target, *index}.text(),
                                              std::move(outcome)};
  }
  protocol::SendSignalCommand command{signal.target.text(), std::move(signal.signal), {}};
  if (value != nullptr) command.result = std::move(*value);
  if (failure != nullptr) command.result = to_protocol(std::move(*failure));
  return command;
}

protocol::CommandBody attach_to_protocol(journal::Attach attach) {
  protocol::AttachTarget target;
  switch (attach.by) {
    case journal::Attach::By::kId:
      target = protocol::InvocationTarget{attach.target.text()};
      break;
    case journal::Attach::By::kIdempotencyKey:
      target =
          protocol::IdempotentTarget{std::move(attach.service), std::move(attach.key),
                                     std::move(attach.handler), std::move(attach.idempotency_key)};
      break;
    case journal::Attach::By::kWorkflow:
      target = protocol::WorkflowTarget{std::move(attach.service),
                                        std::move(attach.key).value_or(std::string())};
      break;
  }
  if (attach.wait) return protocol::AttachCommand{std::move(target), attach.completion};
  return protocol::GetOutputCommand{std::move(target), attach.completion};
}

protocol::Entry body_to_protocol(std::string name, journal::EntryBody body) {
  using protocol::CommandBody;
  if (auto* notification = std::get_if<journal::Notification>(&body)) {
    return to_protocol(std::move(*notification));
  }
  auto command = std::visit(
      Overloaded{
          [](journal::Input&& e) -> CommandBody {
            return protocol::InputCommand{std::move(e.headers), std::move(e.value)};
          },
          [](journal::Output&& e) -> CommandBody {
            return protocol::OutputCommand{outcome_to_protocol(std::move(e.result))};
          },
          [](journal::ReadState&& e) -> CommandBody {
            if (e.completion != 0) {
              return protocol::GetLazyStateCommand{std::move(e.key), e.completion};
            }
            return protocol::GetEagerStateCommand{std::move(e.key), std::move(e.value)};
          },
          [](journal::ListState&& e) -> CommandBody {
            if (e.completion != 0) return protocol::GetLazyStateKeysCommand{e.completion};
            return protocol::GetEagerStateKeysCommand{std::move(e.keys)};
          },
          [](journal::WriteState&& e) -> CommandBody {
            return protocol::SetStateCommand{std::move(e.key), std::move(e.value)};
          },
          [](journal::ClearState&& e) -> CommandBody {
            if (!e.key.has_value()) return protocol::ClearAllStateCommand{};
            return protocol::ClearStateCommand{std::move(*e.key)};
          },
          [](journal::Sleep&& e) -> CommandBody {
            return protocol::SleepCommand{e.wake_up_unix_ms, e.completion};
          },
          [](journal::Run&& e) -> CommandBody { return protocol::RunCommand{e.completion}; },
          [](journal::Call&& e) -> CommandBody { return call_to_protocol(std::move(e)); },
          [](journal::Promise&& e) -> CommandBody { return promise_to_protocol(std::move(e)); },
          [](journal::SendSignal&& e) -> CommandBody { return signal_to_protocol(std::move(e)); },
          [](journal::Attach&& e) -> CommandBody { return attach_to_protocol(std::move(e)); },
          [](journal::Notification&&) -> CommandBody { return protocol::InputCommand{}; },
      },
      std::move(body));
  return protocol::Command{std::move(name), std::move(command)};
}

}  // namespace

journal::Failure to_journal(protocol::Failure failure) {
  return {failure.code, std::move(failure.message), std::move(failure.metadata)};
}

protocol::Failure to_protocol(journal::Failure failure) {
  return {failure.code, std::move(failure.message), std::move(failure.metadata)};
}

journal::Outcome to_journal(protocol::Outcome outcome) {
  if (auto* value = std::get_if<Bytes>(&outcome)) return std::move(*value);
  return to_journal(std::get<protocol::Failure>(std::move(outcome)));
}

namespace {

journal::WaitSet::Combinator to_journal(protocol::WaitSet::Combinator combinator) {
  using From = protocol::WaitSet::Combinator;
  using To = journal::WaitSet::Combinator;
  switch (combinator) {
    case From::kAny:
      return To::kAny;
    case From::kAll:
      return To::kAll;
    case From::kFirstSuccess:
      return To::kFirstSuccess;
    case From::kFirstFailure:
      return To::kFirstFailure;
    case From::kUnknown:
      break;
  }
  return To::kUnknown;
}

}  // namespace

journal::WaitSet to_journal(protocol::WaitSet waits) {
  journal::WaitSet set{std::move(waits.completions),
                       std::move(waits.signals),
                       std::move(waits.named_signals),
                       to_journal(waits.combinator),
                       {}};
  set.nested.reserve(waits.nested.size());
  for (auto& nested : waits.nested) set.nested.push_back(to_journal(std::move(nested)));
  return set;
}

actors::AttemptError to_journal(protocol::AttemptError error) {
  return {{error.code, std::move(error.message), error.related_command,
           std::move(error.related_command_name), std::move(error.related_command_type)},
          error.next_retry_delay_ms};
}

Result<journal::Entry> to_journal(protocol::Command command) {
  journal::EntryBody body = TRY(body_to_journal(std::move(command.body)));
  return journal::Entry{std::move(command.name), std::move(body)};
}

protocol::Notification to_protocol(journal::Notification notification) {
  protocol::Notification result;
  if (const auto* of = std::get_if<journal::Notification::Completion>(&notification.of)) {
    result.of = protocol::CompletionRef{of->id};
  } else if (const auto* index = std::get_if<std::uint32_t>(&notification.of)) {
    result.of = *index;
  } else {
    result.of = std::get<std::string>(std::move(notification.of));
  }
  if (auto* value = std::get_if<Bytes>(&notification.result)) {
    result.result = std::move(*value);
  } else if (auto* failure = std::get_if<journal::Failure>(&notification.result)) {
    result.result = to_protocol(std::move(*failure));
  } else if (const auto* id = std::get_if<journal::InvocationId>(&notification.result)) {
    result.result = protocol::CalleeId{id->text()};
  } else if (auto* keys = std::get_if<std::vector<Bytes>>(&notification.result)) {
    result.result = protocol::StateKeys{std::move(*keys)};
  }
  return result;
}

protocol::Entry to_protocol(journal::Entry entry) {
  return body_to_protocol(std::move(entry.name), std::move(entry.body));
}

const char* type_name(const journal::Entry& entry) {
  using Act = journal::Promise::Act;
  return std::visit(
      Overloaded{
          [](const journal::Input&) { return "Input"; },
          [](const journal::Output&) { return "Output"; },
          [](const journal::ReadState& e) {
            return e.completion != 0 ? "GetLazyState" : "GetEagerState";
          },
          [](const journal::ListState& e) {
            return e.completion != 0 ? "GetLazyStateKeys" : "GetEagerStateKeys";
          },
          [](const journal::WriteState&) { return "SetState"; },
          [](const journal::ClearState& e) { return e.key ? "ClearState" : "ClearAllState"; },
          [](const journal::Sleep&) { return "Sleep"; },
          [](const journal::Run&) { return "Run"; },
          [](const journal::Call& e) { return e.completion != 0 ? "Call" : "OneWayCall"; },
          [](const journal::Promise& e) {
            return e.act == Act::kGet    ? "GetPromise"
                   : e.act == Act::kPeek ? "PeekPromise"
                                         : "CompletePromise";
          },
          [](const journal::SendSignal& e) {
            return e.as_awakeable ? "CompleteAwakeable" : "SendSignal";
          },
          [](const journal::Attach& e) {
            return e.wait ? "AttachInvocation" : "GetInvocationOutput";
          },
          [](const journal::Notification&) { return "Notification"; },
      },
      entry.body);
}

}  // namespace holdfast::net
