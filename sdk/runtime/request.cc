#include "sdk/runtime/request.h"

#include <utility>
#include <variant>

namespace holdfast::runtime {

namespace {

template <class Command>
Command to_command(CallRequest request) {
  Command command;
  command.service = std::move(request.service);
  command.key = std::move(request.key);
  command.handler = std::move(request.handler);
  command.parameter = std::move(request.parameter);
  command.headers = std::move(request.headers);
  command.idempotency_key = std::move(request.idempotency_key);
  return command;
}

}  // namespace

protocol::CallCommand to_call(CallRequest request) {
  return to_command<protocol::CallCommand>(std::move(request));
}

protocol::OneWayCallCommand to_one_way_call(CallRequest request) {
  return to_command<protocol::OneWayCallCommand>(std::move(request));
}

protocol::AttachTarget to_attach_target(Target target) {
  if (auto* id = std::get_if<IdTarget>(&target)) {
    return protocol::InvocationTarget{std::move(id->invocation_id)};
  }
  if (auto* request = std::get_if<RequestTarget>(&target)) {
    return protocol::IdempotentTarget{std::move(request->service), std::move(request->key),
                                      std::move(request->handler),
                                      std::move(request->idempotency_key)};
  }
  auto& run = std::get<RunTarget>(target);
  return protocol::WorkflowTarget{std::move(run.workflow), std::move(run.key)};
}

}  // namespace holdfast::runtime
