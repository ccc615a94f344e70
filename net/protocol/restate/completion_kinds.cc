#include "net/protocol/restate/completion_kinds.h"

#include <string>
#include <type_traits>
#include <variant>

namespace holdfast::protocol::restate {
namespace {

// How far an id may be from the end of the row and still lengthen it.
constexpr std::size_t kGapMax = 64;

struct Learned {
  CompletionId id;
  CompletionKind kind;
};

// The ids of a command: none, one, or two.
struct Ids {
  Learned entries[2];
  std::size_t count = 0;
};

template <class Body>
constexpr CompletionKind kind_of() {
  using Kind = CompletionKind;
  if constexpr (std::is_same_v<Body, GetLazyStateCommand>) return Kind::kGetLazyState;
  if constexpr (std::is_same_v<Body, GetLazyStateKeysCommand>) return Kind::kGetLazyStateKeys;
  if constexpr (std::is_same_v<Body, GetPromiseCommand>) return Kind::kGetPromise;
  if constexpr (std::is_same_v<Body, PeekPromiseCommand>) return Kind::kPeekPromise;
  if constexpr (std::is_same_v<Body, CompletePromiseCommand>) return Kind::kCompletePromise;
  if constexpr (std::is_same_v<Body, SleepCommand>) return Kind::kSleep;
  if constexpr (std::is_same_v<Body, CallCommand>) return Kind::kCall;
  if constexpr (std::is_same_v<Body, RunCommand>) return Kind::kRun;
  if constexpr (std::is_same_v<Body, AttachCommand>) return Kind::kAttachInvocation;
  if constexpr (std::is_same_v<Body, GetOutputCommand>) return Kind::kGetInvocationOutput;
}

Ids ids_of(const Command& command) {
  return std::visit(
      [](const auto& body) {
        Ids ids;
        if constexpr (requires { body.invocation_id_completion; }) {
          ids.entries[ids.count++] = {body.invocation_id_completion,
                                      CompletionKind::kCallInvocationId};
        }
        if constexpr (requires { body.completion; }) {
          ids.entries[ids.count++] = {body.completion, kind_of<std::decay_t<decltype(body)>>()};
        }
        return ids;
      },
      command.body);
}

}  // namespace

Result<void> CompletionKinds::learn(const Command& command) {
  const Ids ids = ids_of(command);
  for (std::size_t i = 0; i < ids.count; ++i) {
    const CompletionId id = ids.entries[i].id;
    const bool twice = i == 1 && id == ids.entries[0].id;
    if (id == 0 || twice || find(id)) {
      return Error(ErrorCode::kConflict,
                   "completion " + std::to_string(id) +
                       (id == 0 ? " is none: ids begin with 1" : " belongs to a command already"));
    }
  }
  for (std::size_t i = 0; i < ids.count; ++i) set(ids.entries[i].id, ids.entries[i].kind);
  return {};
}

std::optional<CompletionKind> CompletionKinds::find(CompletionId id) const {
  if (id < row_.size() && row_[id] != 0) return static_cast<CompletionKind>(row_[id]);
  const auto found = beyond_.find(id);
  if (found == beyond_.end()) return std::nullopt;
  return static_cast<CompletionKind>(found->second);
}

void CompletionKinds::set(CompletionId id, CompletionKind kind) {
  if (id >= row_.size() + kGapMax) {
    beyond_.emplace(id, static_cast<std::uint8_t>(kind));
    return;
  }
  if (id >= row_.size()) row_.resize(std::size_t{id} + 1);
  row_[id] = static_cast<std::uint8_t>(kind);
}

}  // namespace holdfast::protocol::restate
