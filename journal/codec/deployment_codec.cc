// The record of a deployment.

#include <cmath>

#include "journal/codec/deployment.capnp.h"
#include "journal/codec/parts.h"
#include "journal/codec/record.h"
#include "journal/deployment.h"

namespace holdfast::journal {
namespace {

using codec::as_data;
using codec::take_bytes;

// The bits of `given` in deployment.capnp.
enum Option : std::uint32_t {
  kInactivityTimeout = 1 << 0,
  kAbortTimeout = 1 << 1,
  kJournalRetention = 1 << 2,
  kIdempotencyRetention = 1 << 3,
  kWorkflowRetention = 1 << 4,
  kLazyState = 1 << 5,
  kIngressPrivate = 1 << 6,
  kRetryInitialInterval = 1 << 7,
  kRetryMaxInterval = 1 << 8,
  kRetryFactor = 1 << 9,
  kRetryMaxAttempts = 1 << 10,
  kKillAtMaxAttempts = 1 << 11,
};
constexpr std::uint32_t kAllOptions = (1 << 12) - 1;

Error unknown(const char* what) { return {ErrorCode::kCorruption, std::string("unknown ") + what}; }

void set_options(stored::DeclaredOptions::Builder to, const DeclaredOptions& options) {
  std::uint32_t given = 0;
  const auto value = [&given](const auto& option, Option bit) {
    if (option.has_value()) given |= bit;
    return option.value_or(0);
  };
  to.setInactivityTimeout(value(options.inactivity_timeout_ms, kInactivityTimeout));
  to.setAbortTimeout(value(options.abort_timeout_ms, kAbortTimeout));
  to.setJournalRetention(value(options.journal_retention_ms, kJournalRetention));
  to.setIdempotencyRetention(value(options.idempotency_retention_ms, kIdempotencyRetention));
  to.setWorkflowRetention(value(options.workflow_retention_ms, kWorkflowRetention));
  to.setLazyState(value(options.lazy_state, kLazyState));
  to.setIngressPrivate(value(options.ingress_private, kIngressPrivate));
  to.setRetryInitialInterval(value(options.retry_initial_interval_ms, kRetryInitialInterval));
  to.setRetryMaxInterval(value(options.retry_max_interval_ms, kRetryMaxInterval));
  to.setRetryFactor(value(options.retry_factor, kRetryFactor));
  to.setRetryMaxAttempts(value(options.retry_max_attempts, kRetryMaxAttempts));
  to.setKillAtMaxAttempts(value(options.kill_at_max_attempts, kKillAtMaxAttempts));
  to.setGiven(given);
}

Result<DeclaredOptions> take_options(stored::DeclaredOptions::Reader from) {
  const std::uint32_t given = from.getGiven();
  if ((given & ~kAllOptions) != 0) return unknown("option");
  if (!std::isfinite(from.getRetryFactor())) return unknown("retry factor");
  const auto take = [given](auto& option, auto value, Option bit) {
    if ((given & bit) != 0) option = value;
  };
  DeclaredOptions options;
  take(options.inactivity_timeout_ms, from.getInactivityTimeout(), kInactivityTimeout);
  take(options.abort_timeout_ms, from.getAbortTimeout(), kAbortTimeout);
  take(options.journal_retention_ms, from.getJournalRetention(), kJournalRetention);
  take(options.idempotency_retention_ms, from.getIdempotencyRetention(), kIdempotencyRetention);
  take(options.workflow_retention_ms, from.getWorkflowRetention(), kWorkflowRetention);
  take(options.lazy_state, from.getLazyState(), kLazyState);
  take(options.ingress_private, from.getIngressPrivate(), kIngressPrivate);
  take(options.retry_initial_interval_ms, from.getRetryInitialInterval(), kRetryInitialInterval);
  take(options.retry_max_interval_ms, from.getRetryMaxInterval(), kRetryMaxInterval);
  take(options.retry_factor, from.getRetryFactor(), kRetryFactor);
  take(options.retry_max_attempts, from.getRetryMaxAttempts(), kRetryMaxAttempts);
  take(options.kill_at_max_attempts, from.getKillAtMaxAttempts(), kKillAtMaxAttempts);
  return options;
}

void set_handler(stored::DeclaredHandler::Builder to, const DeclaredHandler& handler) {
  to.setKind(static_cast<std::uint8_t>(handler.kind));
  to.setInputRequired(handler.input_required);
  to.setContentTypeIfEmpty(handler.content_type_if_empty);
  to.setName(as_data(handler.name));
  to.setDocumentation(as_data(handler.documentation));
  codec::set_pairs(to.initMetadata(handler.metadata.size()), handler.metadata);
  to.setInputContentType(as_data(handler.input_content_type));
  to.setInputSchema(as_data(handler.input_schema));
  to.setOutputContentType(as_data(handler.output_content_type));
  to.setOutputSchema(as_data(handler.output_schema));
  set_options(to.initOptions(), handler.options);
}

Result<DeclaredHandler> take_handler(stored::DeclaredHandler::Reader from) {
  if (from.getKind() > static_cast<std::uint8_t>(HandlerKind::kRun)) {
    return unknown("kind of handler");
  }
  DeclaredHandler handler;
  handler.kind = static_cast<HandlerKind>(from.getKind());
  handler.input_required = from.getInputRequired();
  handler.content_type_if_empty = from.getContentTypeIfEmpty();
  handler.name = take_bytes(from.getName());
  handler.documentation = take_bytes(from.getDocumentation());
  handler.metadata = codec::take_pairs(from.getMetadata());
  handler.input_content_type = take_bytes(from.getInputContentType());
  handler.input_schema = take_bytes(from.getInputSchema());
  handler.output_content_type = take_bytes(from.getOutputContentType());
  handler.output_schema = take_bytes(from.getOutputSchema());
  handler.options = TRY(take_options(from.getOptions()));
  return handler;
}

void set_service(stored::DeclaredService::Builder to, const DeclaredService& service) {
  to.setKind(static_cast<std::uint8_t>(service.kind));
  to.setRevision(service.revision);
  to.setName(as_data(service.name));
  to.setDocumentation(as_data(service.documentation));
  codec::set_pairs(to.initMetadata(service.metadata.size()), service.metadata);
  set_options(to.initOptions(), service.options);
  auto handlers = to.initHandlers(service.handlers.size());
  for (std::size_t i = 0; i < service.handlers.size(); ++i) {
    set_handler(handlers[i], service.handlers[i]);
  }
}

Result<DeclaredService> take_service(stored::DeclaredService::Reader from) {
  if (from.getKind() > static_cast<std::uint8_t>(ServiceKind::kWorkflow)) {
    return unknown("kind of service");
  }
  DeclaredService service;
  service.kind = static_cast<ServiceKind>(from.getKind());
  service.revision = from.getRevision();
  service.name = take_bytes(from.getName());
  service.documentation = take_bytes(from.getDocumentation());
  service.metadata = codec::take_pairs(from.getMetadata());
  service.options = TRY(take_options(from.getOptions()));
  for (const auto handler : from.getHandlers()) {
    service.handlers.push_back(TRY(take_handler(handler)));
  }
  return service;
}

Result<Deployment> take_deployment(stored::Deployment::Reader from) {
  if (from.getMode() > static_cast<std::uint8_t>(ProtocolMode::kRequestResponse)) {
    return unknown("protocol mode");
  }
  if (from.getHttpVersion() > static_cast<std::uint8_t>(HttpVersion::kHttp2)) {
    return unknown("HTTP version");
  }
  Deployment deployment;
  deployment.mode = static_cast<ProtocolMode>(from.getMode());
  deployment.http_version = static_cast<HttpVersion>(from.getHttpVersion());
  deployment.use_http_11 = from.getUseHttp11();
  deployment.protocol_version_min = from.getProtocolVersionMin();
  deployment.protocol_version_max = from.getProtocolVersionMax();
  deployment.created_at = from.getCreatedAt();
  deployment.uri = take_bytes(from.getUri());
  deployment.additional_headers = codec::take_pairs(from.getAdditionalHeaders());
  deployment.metadata = codec::take_pairs(from.getMetadata());
  deployment.sdk_version = take_bytes(from.getSdkVersion());
  for (const auto service : from.getServices()) {
    deployment.services.push_back(TRY(take_service(service)));
  }
  return deployment;
}

}  // namespace

void encode_deployment(Bytes& to, const Deployment& deployment) {
  codec::MessageWriter message;
  auto record = message.init<stored::Deployment>();
  record.setMode(static_cast<std::uint8_t>(deployment.mode));
  record.setHttpVersion(static_cast<std::uint8_t>(deployment.http_version));
  record.setUseHttp11(deployment.use_http_11);
  record.setProtocolVersionMin(deployment.protocol_version_min);
  record.setProtocolVersionMax(deployment.protocol_version_max);
  record.setCreatedAt(deployment.created_at);
  record.setUri(as_data(deployment.uri));
  const auto& headers = deployment.additional_headers;
  codec::set_pairs(record.initAdditionalHeaders(headers.size()), headers);
  codec::set_pairs(record.initMetadata(deployment.metadata.size()), deployment.metadata);
  record.setSdkVersion(as_data(deployment.sdk_version));
  auto services = record.initServices(deployment.services.size());
  for (std::size_t i = 0; i < deployment.services.size(); ++i) {
    set_service(services[i], deployment.services[i]);
  }
  message.write(to, RecordKind::kDeployment);
}

Result<Deployment> decode_deployment(BytesView record) {
  return codec::read_message<stored::Deployment>(record, RecordKind::kDeployment, take_deployment);
}

}  // namespace holdfast::journal
