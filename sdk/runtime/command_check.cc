#include "sdk/runtime/command_check.h"

#include <type_traits>

namespace holdfast::runtime {

namespace {

using namespace protocol;  // NOLINT: this file is about its types.

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string target_text(const std::string& service, const std::string& key,
                        const std::string& handler) {
  return service + "/" + (key.empty() ? "" : key + "/") + handler;
}

struct TypeOf {
  std::string operator()(const InputCommand&) const { return "Input"; }
  std::string operator()(const OutputCommand&) const { return "Output"; }
  std::string operator()(const GetLazyStateCommand&) const { return "GetState"; }
  std::string operator()(const GetLazyStateKeysCommand&) const { return "GetStateKeys"; }
  std::string operator()(const GetEagerStateCommand&) const { return "GetState"; }
  std::string operator()(const GetEagerStateKeysCommand&) const { return "GetStateKeys"; }
  std::string operator()(const SetStateCommand&) const { return "SetState"; }
  std::string operator()(const ClearStateCommand&) const { return "ClearState"; }
  std::string operator()(const ClearAllStateCommand&) const { return "ClearAllState"; }
  std::string operator()(const GetPromiseCommand&) const { return "GetPromise"; }
  std::string operator()(const PeekPromiseCommand&) const { return "PeekPromise"; }
  std::string operator()(const CompletePromiseCommand&) const { return "CompletePromise"; }
  std::string operator()(const SleepCommand&) const { return "Sleep"; }
  std::string operator()(const CallCommand&) const { return "Call"; }
  std::string operator()(const OneWayCallCommand&) const { return "OneWayCall"; }
  std::string operator()(const SendSignalCommand&) const { return "SendSignal"; }
  std::string operator()(const RunCommand&) const { return "Run"; }
  std::string operator()(const AttachCommand&) const { return "Attach"; }
  std::string operator()(const GetOutputCommand&) const { return "GetOutput"; }
  std::string operator()(const CompleteAwakeableCommand&) const { return "CompleteAwakeable"; }
};

std::string attach_target_text(const AttachTarget& target) {
  if (const auto* id = std::get_if<InvocationTarget>(&target)) return id->invocation_id;
  if (const auto* request = std::get_if<IdempotentTarget>(&target)) {
    return target_text(request->service, request->key.value_or(""), request->handler) +
           " with idempotency key " + quoted(request->idempotency_key);
  }
  const auto& workflow = std::get<WorkflowTarget>(target);
  return workflow.workflow + "/" + workflow.key;
}

// What a command is about, after its type.
struct SubjectOf {
  std::string operator()(const GetLazyStateCommand& c) const { return quoted(c.key); }
  std::string operator()(const GetEagerStateCommand& c) const { return quoted(c.key); }
  std::string operator()(const SetStateCommand& c) const { return quoted(c.key); }
  std::string operator()(const ClearStateCommand& c) const { return quoted(c.key); }
  std::string operator()(const GetPromiseCommand& c) const { return quoted(c.key); }
  std::string operator()(const PeekPromiseCommand& c) const { return quoted(c.key); }
  std::string operator()(const CompletePromiseCommand& c) const { return quoted(c.key); }
  std::string operator()(const CallCommand& c) const {
    return target_text(c.service, c.key, c.handler);
  }
  std::string operator()(const OneWayCallCommand& c) const {
    return target_text(c.service, c.key, c.handler);
  }
  std::string operator()(const SendSignalCommand& c) const {
    const auto* index = std::get_if<std::uint32_t>(&c.signal);
    const std::string signal =
        index != nullptr ? std::to_string(*index) : quoted(std::get<std::string>(c.signal));
    return signal + " to " + c.target_invocation;
  }
  std::string operator()(const AttachCommand& c) const { return attach_target_text(c.target); }
  std::string operator()(const GetOutputCommand& c) const { return attach_target_text(c.target); }
  std::string operator()(const CompleteAwakeableCommand& c) const { return c.awakeable_id; }
  template <class Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

struct CompletionsOf {
  CompletionId operator()(const CallCommand&) const { return 2; }
  CompletionId operator()(const OneWayCallCommand&) const { return 1; }
  template <class Other>
  CompletionId operator()(const Other&) const {
    return requires(const Other& c) { c.completion; }
    ? 1 : 0;
  }
};

const char* const kSame = nullptr;

// What is different between two commands of the same text; kSame when nothing is.
struct DetailOf {
  const char* operator()(const OutputCommand& a, const OutputCommand& b) const {
    return a.result == b.result ? kSame : "another result";
  }
  const char* operator()(const SetStateCommand& a, const SetStateCommand& b) const {
    return a.value == b.value ? kSame : "another value";
  }
  const char* operator()(const CompletePromiseCommand& a, const CompletePromiseCommand& b) const {
    return a.result == b.result ? kSame : "another result";
  }
  const char* operator()(const CallCommand& a, const CallCommand& b) const { return call(a, b); }
  const char* operator()(const OneWayCallCommand& a, const OneWayCallCommand& b) const {
    return call(a, b);
  }
  const char* operator()(const SendSignalCommand& a, const SendSignalCommand& b) const {
    if (a.target_invocation != b.target_invocation) return "another target";
    return a.signal == b.signal && a.result == b.result ? kSame : "another result";
  }
  const char* operator()(const CompleteAwakeableCommand& a,
                         const CompleteAwakeableCommand& b) const {
    return a.result == b.result ? kSame : "another result";
  }
  // All that is left is in their texts.
  template <class Same>
  const char* operator()(const Same&, const Same&) const {
    return kSame;
  }
  template <class A, class B>
  const char* operator()(const A&, const B&) const {
    return "another type";
  }

 private:
  template <class AnyCall>
  static const char* call(const AnyCall& a, const AnyCall& b) {
    if (a.service != b.service || a.key != b.key || a.handler != b.handler) return "another target";
    if (a.parameter != b.parameter) return "another parameter";
    if (a.headers != b.headers) return "other headers";
    return a.idempotency_key == b.idempotency_key ? kSame : "another idempotency key";
  }
};

struct CompletionOf {
  CompletionId operator()(const OneWayCallCommand& c) const { return c.invocation_id_completion; }
  template <class Other>
  CompletionId operator()(const Other& c) const {
    if constexpr (requires { c.completion; }) {
      return c.completion;
    } else {
      return 0;
    }
  }
};

// The subject as far as it identifies a command, without making texts: replay compares thousands.
bool same_subject(const Command& a, const Command& b) {
  return std::visit(
      [](const auto& x, const auto& y) {
        if constexpr (!std::is_same_v<decltype(x), decltype(y)>) {
          return false;
        } else if constexpr (requires { x.target; }) {
          return x.target.index() == y.target.index() &&
                 attach_target_text(x.target) == attach_target_text(y.target);
        } else if constexpr (requires { x.awakeable_id; }) {
          return x.awakeable_id == y.awakeable_id;
        } else if constexpr (requires { x.parameter; }) {
          return true;  // DetailOf compares the target.
        } else if constexpr (requires { x.key; }) {
          return x.key == y.key;
        } else {
          return true;
        }
      },
      a.body, b.body);
}

}  // namespace

std::string command_type(const Command& command) { return std::visit(TypeOf(), command.body); }

std::string command_text(const Command& command) {
  std::string text = command_type(command);
  if (const std::string subject = std::visit(SubjectOf(), command.body); !subject.empty()) {
    text += " " + subject;
  }
  return command.name.empty() ? text : text + " " + quoted(command.name);
}

CompletionId completions_of(const Command& command) {
  return std::visit(CompletionsOf(), command.body);
}

std::optional<std::string> command_difference(const Command& recorded, const Command& issued) {
  const char* detail = kSame;
  if (recorded.name == issued.name && same_subject(recorded, issued)) {
    detail = std::visit(DetailOf(), recorded.body, issued.body);
    if (detail == kSame) {
      if (std::visit(CompletionOf(), recorded.body) == std::visit(CompletionOf(), issued.body)) {
        return std::nullopt;
      }
      detail = "another completion id";
    }
  }
  const std::string was = command_text(recorded);
  const std::string is = command_text(issued);
  std::string text = "recorded " + was + ", but the handler now issues " + is;
  if (was == is && detail != kSame) text += std::string(" with ") + detail;
  return text;
}

}  // namespace holdfast::runtime
