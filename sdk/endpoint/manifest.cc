#include "sdk/endpoint/manifest.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <limits>

#include "net/protocol/restate/version.h"

namespace holdfast::runtime {
namespace {

namespace json = boost::json;
namespace restate = protocol::restate;

constexpr std::string_view kTypePrefix = "application/vnd.restate.endpointmanifest.v";
constexpr std::string_view kTypeSuffix = "+json";
// There is no word for "for ever".
constexpr std::uint32_t kAttemptsForEver = std::numeric_limits<std::uint32_t>::max();

std::string_view type_of(ServiceKind kind) {
  if (kind == ServiceKind::kObject) return "VIRTUAL_OBJECT";
  return kind == ServiceKind::kWorkflow ? "WORKFLOW" : "SERVICE";
}

void set_millis(json::object& to, std::string_view name,
                const std::optional<std::chrono::milliseconds>& value) {
  if (value) to[name] = std::max<std::int64_t>(value->count(), 0);
}

void describe_retry(json::object& to, const RetryPolicy& policy) {
  set_millis(to, "retryPolicyInitialInterval", policy.initial_interval);
  set_millis(to, "retryPolicyMaxInterval", policy.max_interval);
  to["retryPolicyMaxAttempts"] = policy.max_attempts.value_or(kAttemptsForEver);
  to["retryPolicyExponentiationFactor"] = policy.factor;
  to["retryPolicyOnMaxAttempts"] =
      policy.on_max_attempts == OnMaxAttempts::kKill ? "KILL" : "PAUSE";
}

void describe_options(json::object& to, const HandlerOptions& options, int version) {
  if (version >= 2 && options.documentation) to["documentation"] = *options.documentation;
  if (version < 3) return;
  set_millis(to, "inactivityTimeout", options.inactivity_timeout);
  set_millis(to, "abortTimeout", options.abort_timeout);
  set_millis(to, "journalRetention", options.journal_retention);
  if (options.ingress_private) to["ingressPrivate"] = *options.ingress_private;
  if (options.lazy_state) to["enableLazyState"] = *options.lazy_state;
  if (options.retry_policy) describe_retry(to, *options.retry_policy);
}

json::object describe(const HandlerDefinition& handler, const ServiceDefinition& service,
                      int version) {
  json::object to = {{"name", handler.name}};
  if (handler.kind == HandlerKind::kExclusive) to["ty"] = "EXCLUSIVE";
  if (handler.kind == HandlerKind::kShared) to["ty"] = "SHARED";
  if (handler.kind == HandlerKind::kRun) to["ty"] = "WORKFLOW";

  json::object input;  // Without a content type there must be none.
  if (!handler.input_forbidden) {
    input["required"] = handler.input_required;
    input["contentType"] =
        handler.input_content_type.empty() ? "*/*" : json::string(handler.input_content_type);
  }
  to["input"] = std::move(input);
  json::object output = {{"setContentTypeIfEmpty", false}};
  if (!handler.output_content_type.empty()) output["contentType"] = handler.output_content_type;
  to["output"] = std::move(output);

  describe_options(to, handler.options, version);
  if (version < 3) return to;
  if (handler.kind == HandlerKind::kRun) {
    const auto& own = handler.options.workflow_retention;
    set_millis(to, "workflowCompletionRetention", own ? own : service.options.workflow_retention);
  } else {
    set_millis(to, "idempotencyRetention", handler.options.idempotency_retention);
  }
  return to;
}

json::object describe(const ServiceDefinition& service, int version) {
  json::object to = {{"name", service.name}, {"ty", type_of(service.kind)}};
  describe_options(to, service.options, version);
  if (version >= 3) {
    set_millis(to, "idempotencyRetention", service.options.idempotency_retention);
  }
  json::array handlers;
  for (const HandlerDefinition& handler : service.handlers) {
    handlers.push_back(describe(handler, service, version));
  }
  to["handlers"] = std::move(handlers);
  return to;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// 0 for what is none of ours.
int version_of(std::string_view type) {
  type = trimmed(type.substr(0, type.find(';')));
  if (type == "*/*" || type == "application/*" || type == "application/json") {
    return kManifestVersionMax;
  }
  if (type.size() != kTypePrefix.size() + 1 + kTypeSuffix.size() ||
      !type.starts_with(kTypePrefix) || !type.ends_with(kTypeSuffix)) {
    return 0;
  }
  const int version = type[kTypePrefix.size()] - '0';
  return version >= 1 && version <= kManifestVersionMax ? version : 0;
}

}  // namespace

std::string manifest_json(const std::vector<ServiceDefinition>& services, ProtocolMode mode,
                          int version) {
  json::array list;
  for (const ServiceDefinition& service : services) list.push_back(describe(service, version));
  const json::object manifest = {
      {"protocolMode", mode == ProtocolMode::kBidiStream ? "BIDI_STREAM" : "REQUEST_RESPONSE"},
      {"minProtocolVersion", static_cast<int>(restate::kVersionMin)},
      {"maxProtocolVersion", static_cast<int>(restate::kVersionMax)},
      {"services", std::move(list)}};
  return json::serialize(manifest);
}

std::string manifest_content_type(int version) {
  return std::string(kTypePrefix) + std::to_string(version) + std::string(kTypeSuffix);
}

std::optional<int> accepted_manifest_version(std::string_view accept) {
  int highest = 0;
  while (!accept.empty()) {
    const std::size_t comma = std::min(accept.find(','), accept.size());
    highest = std::max(highest, version_of(accept.substr(0, comma)));
    accept.remove_prefix(std::min(comma + 1, accept.size()));
  }
  return highest == 0 ? std::nullopt : std::optional(highest);
}

}  // namespace holdfast::runtime
