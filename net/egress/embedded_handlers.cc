#include "net/egress/embedded_handlers.h"

#include <fmt/format.h>

#include <utility>

#include "net/egress/embedded_attempt.h"

namespace holdfast::net {
namespace {

journal::ServiceKind kind_of(ServiceKind kind) {
  switch (kind) {
    case ServiceKind::kService:
      return journal::ServiceKind::kService;
    case ServiceKind::kObject:
      return journal::ServiceKind::kObject;
    case ServiceKind::kWorkflow:
      break;
  }
  return journal::ServiceKind::kWorkflow;
}

journal::HandlerKind kind_of(HandlerKind kind) {
  switch (kind) {
    case HandlerKind::kPlain:
      return journal::HandlerKind::kPlain;
    case HandlerKind::kExclusive:
      return journal::HandlerKind::kExclusive;
    case HandlerKind::kShared:
      return journal::HandlerKind::kShared;
    case HandlerKind::kRun:
      break;
  }
  return journal::HandlerKind::kRun;
}

// The handler's own setting, else the service's, else none.
template <class T>
const std::optional<T>& chosen(const std::optional<T>& handler, const std::optional<T>& service) {
  return handler.has_value() ? handler : service;
}

void set_millis(const std::optional<std::chrono::milliseconds>& from, std::int64_t& to) {
  if (from.has_value()) to = from->count();
}

actors::RetryPolicy retry_of(const RetryPolicy& policy) {
  return {policy.initial_interval.count(),
          policy.factor,
          policy.max_interval.count(),
          policy.max_attempts,
          policy.on_max_attempts == OnMaxAttempts::kKill ? actors::OnMaxAttempts::kKill
                                                         : actors::OnMaxAttempts::kPause,
          policy.jitter};
}

actors::Treatment treatment_of(const HandlerOptions& own, const ServiceOptions& service) {
  actors::Treatment treatment;
  if (const auto& retry = chosen(own.retry_policy, service.retry_policy)) {
    treatment.retry = retry_of(*retry);
  }
  set_millis(chosen(own.inactivity_timeout, service.inactivity_timeout),
             treatment.inactivity_timeout_ms);
  set_millis(chosen(own.abort_timeout, service.abort_timeout), treatment.abort_timeout_ms);
  set_millis(chosen(own.idempotency_retention, service.idempotency_retention),
             treatment.idempotency_retention_ms);
  set_millis(chosen(own.workflow_retention, service.workflow_retention),
             treatment.workflow_retention_ms);
  set_millis(chosen(own.journal_retention, service.journal_retention),
             treatment.journal_retention_ms);
  return treatment;
}

actors::HandlerInfo info_of(const HandlerDefinition& handler, const ServiceOptions& service) {
  const HandlerOptions& own = handler.options;
  actors::HandlerInfo info{treatment_of(own, service)};
  info.name = handler.name;
  info.kind = kind_of(handler.kind);
  info.documentation = own.documentation.value_or("");
  info.is_private = chosen(own.ingress_private, service.ingress_private).value_or(false);
  if (!handler.input_content_type.empty()) info.input_content_type = handler.input_content_type;
  info.input_required = handler.input_required;
  info.input_forbidden = handler.input_forbidden;
  info.output_content_type = handler.output_content_type;
  return info;
}

}  // namespace

std::vector<actors::ServiceInfo> catalog_of(const std::vector<ServiceDefinition>& services) {
  std::vector<actors::ServiceInfo> infos;
  for (const ServiceDefinition& service : services) {
    actors::ServiceInfo& info = infos.emplace_back();
    info.name = service.name;
    info.kind = kind_of(service.kind);
    info.documentation = service.options.documentation.value_or("");
    info.deployment_id = actors::kEmbeddedDeployment;
    info.treatment = treatment_of({}, service.options);
    for (const HandlerDefinition& handler : service.handlers) {
      info.handlers.push_back(info_of(handler, service.options));
    }
  }
  return infos;
}

EmbeddedHandlers::EmbeddedHandlers(std::vector<ServiceDefinition> services)
    : services_(std::move(services)) {
  for (const ServiceDefinition& service : services_) {
    for (const HandlerDefinition& handler : service.handlers) {
      by_name_.emplace(service.name + "/" + handler.name, &handler);
    }
  }
}

Result<actors::OpenedAttempt> EmbeddedHandlers::open(const journal::Invocation& invocation,
                                                     actors::AttemptHost& host,
                                                     std::function<void()>) {
  const journal::Target& target = invocation.target;
  const auto found = by_name_.find(target.service + "/" + target.handler);
  if (found == by_name_.end()) {
    return Error(ErrorCode::kNotFound, fmt::format("no code in this process serves {}/{}",
                                                   target.service, target.handler));
  }
  return actors::OpenedAttempt{std::make_unique<EmbeddedAttempt>(*found->second, host), {}, 0};
}

}  // namespace holdfast::net
