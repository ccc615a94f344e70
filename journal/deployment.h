#pragma once
// Deployment: a registered endpoint that serves handlers, at one version: where it is, which
// protocol it speaks, and what it declared when it was asked. An invocation that began on a
// deployment stays there.
//
// The handlers are kept as they were declared, an option that was not given as none; what is then
// used instead is actors/catalog's to say.
//
// All times and durations are milliseconds.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/ids.h"
#include "journal/invocation.h"

namespace holdfast::journal {

// Whether handler and server talk in both directions at once, or one after the other.
enum class ProtocolMode : std::uint8_t { kBidiStream = 0, kRequestResponse = 1 };
enum class HttpVersion : std::uint8_t { kHttp11 = 0, kHttp2 = 1 };

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Of a handler, or of a service for those of its handlers that do not say otherwise.
struct DeclaredOptions {
  std::optional<std::int64_t> inactivity_timeout_ms, abort_timeout_ms;
  std::optional<std::int64_t> journal_retention_ms, idempotency_retention_ms;
  std::optional<std::int64_t> workflow_retention_ms;  // Of a workflow's run handler only.
  std::optional<bool> lazy_state, ingress_private;
  std::optional<std::int64_t> retry_initial_interval_ms, retry_max_interval_ms;
  std::optional<double> retry_factor;
  std::optional<std::uint32_t> retry_max_attempts;
  std::optional<bool> kill_at_max_attempts;  // Else: pause.

  bool operator==(const DeclaredOptions&) const = default;
};

struct DeclaredHandler {
  std::string name;
  HandlerKind kind = HandlerKind::kPlain;
  std::string documentation;
  Pairs metadata;
  bool input_required = false;
  std::string input_content_type = "*/*";
  std::string input_schema;                              // JSON text; empty: none.
  std::string output_content_type = "application/json";  // Empty: there is no output.
  bool content_type_if_empty = false;
  std::string output_schema;  // JSON text; empty: none.
  DeclaredOptions options;

  bool operator==(const DeclaredHandler&) const = default;
};

struct DeclaredService {
  std::string name;
  ServiceKind kind = ServiceKind::kService;
  std::string documentation;
  Pairs metadata;
  DeclaredOptions options;
  std::vector<DeclaredHandler> handlers;
  // Of the service, over all deployments; the greatest is the one that new invocations go to. Given
  // when the deployment is registered.
  std::uint64_t revision = 0;

  const DeclaredHandler* handler(std::string_view name) const;
  bool operator==(const DeclaredService&) const = default;
};

struct Deployment {
  DeploymentId id;           // In the row's key, not in its value.
  std::string uri;           // http or https, with host and path, in its normal form.
  bool use_http_11 = false;  // Wanted by the operator.
  HttpVersion http_version = HttpVersion::kHttp2;  // Of the answer to discovery.
  Pairs additional_headers;                        // Sent with every request; names in lower case.
  Pairs metadata;                                  // The operator's.
  ProtocolMode mode = ProtocolMode::kBidiStream;
  std::uint32_t protocol_version_min = 0, protocol_version_max = 0;
  std::string sdk_version;  // What the endpoint calls itself; empty: it did not say.
  std::int64_t created_at = 0;
  std::vector<DeclaredService> services;

  const DeclaredService* service(std::string_view name) const;
  // Both directions at once take HTTP/2.
  bool bidirectional() const {
    return mode == ProtocolMode::kBidiStream && http_version == HttpVersion::kHttp2;
  }
  bool operator==(const Deployment&) const = default;
};

}  // namespace holdfast::journal
