#include "net/admin/service_view.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "net/admin/answer.h"
#include "net/admin/refusal.h"
#include "net/ingress/duration_text.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

const char* text_of(journal::ServiceKind kind) {
  switch (kind) {
    case journal::ServiceKind::kService:
      return "Service";
    case journal::ServiceKind::kObject:
      return "VirtualObject";
    case journal::ServiceKind::kWorkflow:
      break;
  }
  return "Workflow";
}

struct Period {
  const char* name;
  std::int64_t actors::HandlerInfo::*of_handler;
  std::optional<std::int64_t> journal::ServiceSettings::*setting;
};
constexpr Period kPeriods[] = {
    {"idempotency_retention", &actors::HandlerInfo::idempotency_retention_ms,
     &journal::ServiceSettings::idempotency_retention_ms},
    {"workflow_completion_retention", &actors::HandlerInfo::workflow_retention_ms,
     &journal::ServiceSettings::workflow_retention_ms},
    {"journal_retention", &actors::HandlerInfo::journal_retention_ms,
     &journal::ServiceSettings::journal_retention_ms},
    {"inactivity_timeout", &actors::HandlerInfo::inactivity_timeout_ms,
     &journal::ServiceSettings::inactivity_timeout_ms},
    {"abort_timeout", &actors::HandlerInfo::abort_timeout_ms,
     &journal::ServiceSettings::abort_timeout_ms},
};

// Whether the period means anything for a handler.
bool applies(const Period& period, const actors::HandlerInfo& handler) {
  const bool is_run = handler.kind == journal::HandlerKind::kRun;
  if (period.of_handler == &actors::HandlerInfo::workflow_retention_ms) return is_run;
  if (period.of_handler == &actors::HandlerInfo::idempotency_retention_ms) return !is_run;
  return true;
}

std::optional<std::int64_t> common(const Period& period, const actors::ServiceInfo& service) {
  std::optional<std::int64_t> value;
  for (const actors::HandlerInfo& handler : service.handlers) {
    if (!applies(period, handler)) continue;
    if (value.has_value() && *value != handler.*period.of_handler) return std::nullopt;
    value = handler.*period.of_handler;
  }
  return value;
}

json::object retry_view(const actors::RetryPolicy& retry) {
  json::object view;
  view["initial_interval"] = duration_text(retry.initial_interval_ms);
  view["exponentiation_factor"] = retry.factor;
  view["max_interval"] = duration_text(retry.max_interval_ms);
  if (retry.max_attempts.has_value()) view["max_attempts"] = *retry.max_attempts;
  view["on_max_attempts"] =
      retry.on_max_attempts == actors::OnMaxAttempts::kKill ? "Kill" : "Pause";
  return view;
}

}  // namespace

json::object pairs_view(const journal::Pairs& pairs) {
  json::object view;
  for (const auto& [name, value] : pairs) view[json_string(name)] = json_string(value);
  return view;
}

namespace {

// Null: there is none.
std::optional<std::int64_t> journal::ServiceSettings::*setting_named(std::string_view name) {
  if (name == "park_after") return &journal::ServiceSettings::park_after_ms;
  for (const Period& period : kPeriods) {
    if (name == period.name) return period.setting;
  }
  return nullptr;
}

}  // namespace

json::object handler_view(const actors::HandlerInfo& handler) {
  json::object view;
  view["name"] = json_string(handler.name);
  switch (handler.kind) {
    case journal::HandlerKind::kPlain:
      break;
    case journal::HandlerKind::kExclusive:
      view["ty"] = "Exclusive";
      break;
    case journal::HandlerKind::kShared:
      view["ty"] = "Shared";
      break;
    case journal::HandlerKind::kRun:
      view["ty"] = "Workflow";
      break;
  }
  if (!handler.documentation.empty()) view["documentation"] = json_string(handler.documentation);
  view["public"] = !handler.is_private;
  view["input_description"] =
      handler.input_forbidden
          ? json::string("none")
          : json_string(fmt::format("{} of content-type \"{}\"",
                                    handler.input_required ? "value" : "optional value",
                                    handler.input_content_type));
  view["output_description"] =
      handler.output_content_type.empty()
          ? json::string("none")
          : json_string(fmt::format("value of content-type \"{}\"", handler.output_content_type));
  for (const Period& period : kPeriods) {
    if (applies(period, handler)) view[period.name] = duration_text(handler.*period.of_handler);
  }
  if (handler.park_after_ms) view["park_after"] = duration_text(*handler.park_after_ms);
  view["retry_policy"] = retry_view(handler.retry);
  view["enable_lazy_state"] = handler.lazy_state;
  if (!handler.metadata.empty()) view["metadata"] = pairs_view(handler.metadata);
  return view;
}

json::object service_view(const actors::ServiceInfo& service) {
  json::object view;
  view["name"] = json_string(service.name);
  view["ty"] = text_of(service.kind);
  if (!service.documentation.empty()) view["documentation"] = json_string(service.documentation);
  view["deployment_id"] = json_string(service.deployment_id);
  view["revision"] = service.revision;
  view["public"] = service.is_public;
  for (const Period& period : kPeriods) {
    if (const auto value = common(period, service)) view[period.name] = duration_text(*value);
  }
  if (!service.handlers.empty() && service.handlers[0].park_after_ms) {
    view["park_after"] = duration_text(*service.handlers[0].park_after_ms);
  }
  if (!service.metadata.empty()) view["metadata"] = pairs_view(service.metadata);
  json::array handlers;
  for (const actors::HandlerInfo& handler : service.handlers) {
    handlers.push_back(handler_view(handler));
  }
  view["handlers"] = std::move(handlers);
  return view;
}

Result<journal::ServiceSettings> patched(journal::ServiceSettings settings,
                                         const json::object& patch) {
  for (const auto& [name, value] : patch) {
    const std::string field(name);
    if (value.is_null()) {
      if (field == "park_after") settings.park_after_ms.reset();
      continue;
    }
    if (field == "public") {
      if (!value.is_bool()) return wrong_field(field, "true or false is expected");
      settings.is_public = value.get_bool();
      continue;
    }
    const auto setting = setting_named(field);
    if (setting == nullptr) return wrong_field(field, "there is no such setting");
    if (!value.is_string()) return wrong_field(field, "a duration in quotes is expected");
    Result<std::int64_t> duration = parse_duration(std::string(value.get_string()));
    if (!duration) return wrong_field(field, duration.error().message());
    settings.*setting = *duration;
  }
  return settings;
}

}  // namespace holdfast::net
