#include "sdk/include/holdfast/service.h"

#include <cmath>
#include <set>
#include <string_view>

namespace holdfast {

namespace {

using std::chrono::milliseconds;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// ^([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9_]*$, where `more` may stand beside the letters of the last
// class.
bool is_name(std::string_view name, std::string_view more) {
  if (name.empty()) return false;
  std::size_t i = 1;
  if (name[0] == '_') {
    if (name.size() < 2 || !(is_letter(name[1]) || is_digit(name[1]))) return false;
    i = 2;
  } else if (!is_letter(name[0])) {
    return false;
  }
  for (; i < name.size(); ++i) {
    const char c = name[i];
    if (!is_letter(c) && !is_digit(c) && c != '_' && more.find(c) == more.npos) return false;
  }
  return true;
}

bool fits(HandlerKind handler, ServiceKind service) {
  switch (service) {
    case ServiceKind::kService:
      return handler == HandlerKind::kPlain;
    case ServiceKind::kObject:
      return handler == HandlerKind::kExclusive || handler == HandlerKind::kShared;
    case ServiceKind::kWorkflow:
      return handler == HandlerKind::kRun || handler == HandlerKind::kShared;
  }
  return false;
}

std::optional<std::string> problem_of(const RetryPolicy& policy) {
  if (policy.initial_interval <= milliseconds(0)) {
    return "retry_policy.initial_interval must be > 0";
  }
  if (!std::isfinite(policy.factor) || policy.factor < 1) return "retry_policy.factor must be >= 1";
  if (policy.max_interval < policy.initial_interval) {
    return "retry_policy.max_interval must not be less than initial_interval";
  }
  if (policy.max_attempts == 0u) return "retry_policy.max_attempts must be >= 1, or none";
  if (!(policy.jitter >= 0 && policy.jitter <= 1)) {
    return "retry_policy.jitter must be between 0 and 1";
  }
  return std::nullopt;
}

std::optional<std::string> problem_of(const HandlerOptions& options, bool is_workflow_run) {
  const auto is_negative = [](const std::optional<milliseconds>& time) {
    return time && *time < milliseconds(0);
  };
  if (options.inactivity_timeout && *options.inactivity_timeout <= milliseconds(0)) {
    return "inactivity_timeout must be > 0";
  }
  if (options.abort_timeout && *options.abort_timeout <= milliseconds(0)) {
    return "abort_timeout must be > 0";
  }
  if (is_negative(options.journal_retention)) return "journal_retention must not be negative";
  if (is_negative(options.idempotency_retention)) {
    return "idempotency_retention must not be negative";
  }
  if (is_negative(options.workflow_retention)) return "workflow_retention must not be negative";
  if (options.workflow_retention && !is_workflow_run) {
    return "workflow_retention is for a workflow and its run handler only";
  }
  if (options.retry_policy) return problem_of(*options.retry_policy);
  return std::nullopt;
}

std::optional<std::string> problem_of(const HandlerDefinition& handler, ServiceKind service) {
  if (!is_name(handler.name, "")) {
    return "the name must be letters, digits and _, and begin with a letter";
  }
  if (!fits(handler.kind, service)) return "a handler of this kind does not belong here";
  if (!handler.invoke) return "there is no code behind it";
  const bool is_run = handler.kind == HandlerKind::kRun;
  if (is_run && handler.options.idempotency_retention) {
    return "the run handler of a workflow takes workflow_retention, not idempotency_retention";
  }
  return problem_of(handler.options, is_run);
}

}  // namespace

std::optional<std::string> problem(const ServiceDefinition& service) {
  const std::string place = "service \"" + service.name + "\": ";
  if (!is_name(service.name, ".-")) {
    return place + "the name must be letters, digits, '_', '.' and '-', and begin with a letter";
  }
  if (service.name == "restate" || service.name == "openapi") {
    return place + "the ingress keeps this name for itself";
  }
  const bool is_workflow = service.kind == ServiceKind::kWorkflow;
  if (const auto found = problem_of(service.options, is_workflow)) return place + *found;
  if (service.handlers.empty()) return place + "it has no handlers";

  std::set<std::string_view> names;
  std::size_t runs = 0;
  for (const HandlerDefinition& handler : service.handlers) {
    const std::string handler_place = place + "handler \"" + handler.name + "\": ";
    if (const auto found = problem_of(handler, service.kind)) return handler_place + *found;
    if (!names.insert(handler.name).second) return handler_place + "it is there twice";
    runs += handler.kind == HandlerKind::kRun ? 1 : 0;
  }
  if (is_workflow && runs != 1) return place + "a workflow has exactly one run handler";
  return std::nullopt;
}

std::optional<std::string> problem(const std::vector<ServiceDefinition>& services) {
  std::set<std::string_view> names;
  for (const ServiceDefinition& service : services) {
    if (auto found = problem(service)) return found;
    if (!names.insert(service.name).second) {
      return "service \"" + service.name + "\": it is there twice";
    }
  }
  return std::nullopt;
}

}  // namespace holdfast
