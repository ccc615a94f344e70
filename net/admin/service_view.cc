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
  std::int64_t actors::Treatment::*value;
  std::optional<std::int64_t> journal::ServiceSettings::*setting;
};
constexpr Period kPeriods[] = {
    {"idempotency_retention", &actors::Treatment::idempotency_retention_ms,
     &journal::ServiceSettings::idempotency_retention_ms},
    {"workflow_completion_retention", &actors::Treatment::workflow_retention_ms,
     &journal::ServiceSettings::workflow_retention_ms},
    {"journal_retention", &actors::Treatment::journal_retention_ms,
     &journal::ServiceSettings::journal_retention_ms},
    {"inactivity_timeout", &actors::Treatment::inactivity_timeout_ms,
     &journal::ServiceSettings::inactivity_timeout_ms},
    {"abort_timeout", &actors::Treatment::abort_timeout_ms,
     &journal::ServiceSettings::abort_timeout_ms},
};

// Whether the period means anything for a service, and for a handler.
bool applies(const Period& period, const actors::ServiceInfo& service) {
  return period.value != &actors::Treatment::workflow_retention_ms ||
         service.kind == journal::ServiceKind::kWorkflow;
}
bool applies(const Period& period, const actors::HandlerInfo& handler) {
  const bool is_run = handler.kind == journal::HandlerKind::kRun;
  if (period.value == &actors::Treatment::workflow_retention_ms) return is_run;
  if (period.value == &actors::Treatment::idempotency_retention_ms) return !is_run;
  return true;
}

// Without what `otherwise`, if given, says too.
json::object retry_view(const actors::RetryPolicy& retry,
                        const actors::RetryPolicy* otherwise = nullptr) {
  const auto differs = [&](const auto member) {
    return otherwise == nullptr || retry.*member != otherwise->*member;
  };
  using Policy = actors::RetryPolicy;
  json::object view;
  if (differs(&Policy::initial_interval_ms)) {
    view["initial_interval"] = duration_text(retry.initial_interval_ms);
  }
  if (differs(&Policy::factor)) view["exponentiation_factor"] = retry.factor;
  if (differs(&Policy::max_attempts)) {
    view["max_attempts"] = retry.max_attempts ? json::value(*retry.max_attempts) : json::value();
  }
  if (differs(&Policy::max_interval_ms)) {
    view["max_interval"] = duration_text(retry.max_interval_ms);
  }
  if (differs(&Policy::on_max_attempts)) {
    view["on_max_attempts"] =
        retry.on_max_attempts == actors::OnMaxAttempts::kKill ? "Kill" : "Pause";
  }
  return view;
}

// How it is treated, where that is not as for its service.
void put_own_treatment(json::object& view, const actors::HandlerInfo& handler,
                       const actors::Treatment& service) {
  for (const Period& period : kPeriods) {
    const std::int64_t own = handler.*period.value;
    if (applies(period, handler) && own != service.*period.value) {
      view[period.name] = duration_text(own);
    }
  }
  json::object retry = retry_view(handler.retry, &service.retry);
  if (!retry.empty()) view["retry_policy"] = std::move(retry);
  if (handler.lazy_state != service.lazy_state) view["enable_lazy_state"] = handler.lazy_state;
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

json::object handler_view(const actors::HandlerInfo& handler, const actors::ServiceInfo& service) {
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
  put_own_treatment(view, handler, service.treatment);
  if (!handler.metadata.empty()) view["metadata"] = pairs_view(handler.metadata);
  return view;
}

json::object service_view(const actors::ServiceInfo& service) {
  const actors::Treatment& treatment = service.treatment;
  json::object view;
  view["name"] = json_string(service.name);
  view["ty"] = text_of(service.kind);
  if (!service.documentation.empty()) view["documentation"] = json_string(service.documentation);
  view["deployment_id"] = json_string(service.deployment_id);
  view["revision"] = service.revision;
  view["public"] = service.is_public;
  for (const Period& period : kPeriods) {
    if (applies(period, service)) view[period.name] = duration_text(treatment.*period.value);
  }
  if (treatment.park_after_ms) view["park_after"] = duration_text(*treatment.park_after_ms);
  view["enable_lazy_state"] = treatment.lazy_state;
  view["retry_policy"] = retry_view(treatment.retry);
  if (!service.metadata.empty()) view["metadata"] = pairs_view(service.metadata);
  json::array handlers;
  for (const actors::HandlerInfo& handler : service.handlers) {
    handlers.push_back(handler_view(handler, service));
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
