#include "actors/catalog/deployment_info.h"

#include <algorithm>

namespace holdfast::actors {
namespace {

using journal::DeclaredHandler;
using journal::DeclaredOptions;
using journal::DeclaredService;

// The handler's own option, else its service's, else `otherwise` as it is.
template <class Option, class T>
void settle(const DeclaredOptions& handler, const DeclaredOptions& service,
            std::optional<Option> DeclaredOptions::*option, T& otherwise) {
  if (const auto& own = handler.*option) {
    otherwise = static_cast<T>(*own);
  } else if (const auto& of_service = service.*option) {
    otherwise = static_cast<T>(*of_service);
  }
}

RetryPolicy retry_of(const DeclaredOptions& handler, const DeclaredOptions& service) {
  RetryPolicy retry;
  settle(handler, service, &DeclaredOptions::retry_initial_interval_ms, retry.initial_interval_ms);
  settle(handler, service, &DeclaredOptions::retry_max_interval_ms, retry.max_interval_ms);
  settle(handler, service, &DeclaredOptions::retry_factor, retry.factor);
  settle(handler, service, &DeclaredOptions::retry_max_attempts, retry.max_attempts);
  bool kill = false;
  settle(handler, service, &DeclaredOptions::kill_at_max_attempts, kill);
  retry.on_max_attempts = kill ? OnMaxAttempts::kKill : OnMaxAttempts::kPause;
  return retry;
}

Treatment treatment_of(const DeclaredOptions& handler, const DeclaredOptions& service) {
  Treatment treatment;
  treatment.retry = retry_of(handler, service);
  settle(handler, service, &DeclaredOptions::inactivity_timeout_ms,
         treatment.inactivity_timeout_ms);
  settle(handler, service, &DeclaredOptions::abort_timeout_ms, treatment.abort_timeout_ms);
  settle(handler, service, &DeclaredOptions::idempotency_retention_ms,
         treatment.idempotency_retention_ms);
  settle(handler, service, &DeclaredOptions::workflow_retention_ms,
         treatment.workflow_retention_ms);
  settle(handler, service, &DeclaredOptions::journal_retention_ms, treatment.journal_retention_ms);
  settle(handler, service, &DeclaredOptions::lazy_state, treatment.lazy_state);
  return treatment;
}

HandlerInfo make_handler(const DeclaredHandler& handler, const DeclaredService& service) {
  HandlerInfo info{treatment_of(handler.options, service.options)};
  info.name = handler.name;
  info.kind = handler.kind;
  info.documentation = handler.documentation;
  info.metadata = handler.metadata;
  info.input_content_type = handler.input_content_type;
  info.input_required = handler.input_required;
  info.output_content_type = handler.output_content_type;
  info.content_type_if_empty = handler.content_type_if_empty;
  return info;
}

// A private service is closed as a whole, so that an operator can open it, unless one of its
// handlers says that it is public: then each is closed for itself.
void settle_privacy(const DeclaredService& declared, ServiceInfo& info) {
  const bool closed = declared.options.ingress_private.value_or(false);
  const bool some_open =
      std::any_of(declared.handlers.begin(), declared.handlers.end(),
                  [](const DeclaredHandler& one) { return one.options.ingress_private == false; });
  info.is_public = !closed || some_open;
  for (std::size_t i = 0; i < info.handlers.size(); ++i) {
    info.handlers[i].is_private =
        declared.handlers[i].options.ingress_private.value_or(closed && some_open);
  }
}

void lay_over(const journal::ServiceSettings& settings, Treatment& treatment) {
  const auto lay = [](const std::optional<std::int64_t>& from, std::int64_t& over) {
    if (from) over = *from;
  };
  lay(settings.idempotency_retention_ms, treatment.idempotency_retention_ms);
  lay(settings.workflow_retention_ms, treatment.workflow_retention_ms);
  lay(settings.journal_retention_ms, treatment.journal_retention_ms);
  lay(settings.inactivity_timeout_ms, treatment.inactivity_timeout_ms);
  lay(settings.abort_timeout_ms, treatment.abort_timeout_ms);
  treatment.park_after_ms = settings.park_after_ms;
}

ServiceInfo make_service(const DeclaredService& declared, const std::string& deployment_id) {
  ServiceInfo info;
  info.name = declared.name;
  info.kind = declared.kind;
  info.documentation = declared.documentation;
  info.metadata = declared.metadata;
  info.revision = declared.revision;
  info.deployment_id = deployment_id;
  info.treatment = treatment_of({}, declared.options);
  info.handlers.reserve(declared.handlers.size());
  for (const DeclaredHandler& handler : declared.handlers) {
    info.handlers.push_back(make_handler(handler, declared));
  }
  settle_privacy(declared, info);
  return info;
}

}  // namespace

const ServiceInfo* DeploymentInfo::service(std::string_view name) const {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const ServiceInfo& one) { return one.name == name; });
  return found == services.end() ? nullptr : &*found;
}

void lay_over(const journal::ServiceSettings& settings, ServiceInfo& service) {
  if (settings.is_public) service.is_public = *settings.is_public;
  lay_over(settings, service.treatment);
  for (HandlerInfo& handler : service.handlers) lay_over(settings, handler);
}

DeploymentInfo make_deployment_info(journal::Deployment deployment, const Settings& settings) {
  DeploymentInfo info;
  info.id = deployment.id.text();
  info.services.reserve(deployment.services.size());
  for (const DeclaredService& declared : deployment.services) {
    ServiceInfo& service = info.services.emplace_back(make_service(declared, info.id));
    const auto found = settings.find(declared.name);
    if (found != settings.end()) lay_over(found->second, service);
  }
  info.deployment = std::move(deployment);
  return info;
}

}  // namespace holdfast::actors
