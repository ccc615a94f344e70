#pragma once
// ServiceInfo: a service and its handlers, and how each is to be treated. Values.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/deployment.h"
#include "journal/invocation.h"

namespace holdfast::actors {

// The id of the deployment that is the code of this process: that of a ULID of zero, which no
// registered one has.
inline constexpr std::string_view kEmbeddedDeployment = "dp_10000000000000000000000";

enum class OnMaxAttempts : std::uint8_t { kPause, kKill };

// When a failed attempt is tried again. All times in milliseconds.
struct RetryPolicy {
  std::int64_t initial_interval_ms = 500;
  double factor = 2.0;
  std::int64_t max_interval_ms = 60'000;
  std::optional<std::uint32_t> max_attempts = 70;  // None: for ever.
  OnMaxAttempts on_max_attempts = OnMaxAttempts::kPause;
  double jitter = 0.3;  // Share of the interval, up and down.

  bool operator==(const RetryPolicy&) const = default;
};

// What a service may say for all of its handlers, and each of them for itself.
struct Treatment {
  RetryPolicy retry;
  std::int64_t inactivity_timeout_ms = 60'000;
  std::int64_t abort_timeout_ms = 600'000;
  std::optional<std::int64_t> park_after_ms;  // None: as the server has it.
  std::int64_t idempotency_retention_ms = 86'400'000;
  std::int64_t workflow_retention_ms = 86'400'000;
  std::int64_t journal_retention_ms = 86'400'000;
  bool lazy_state = false;  // An attempt is not given the state; it asks for what it reads.
};

// With how it is treated, whoever said so.
struct HandlerInfo : Treatment {
  std::string name;
  journal::HandlerKind kind = journal::HandlerKind::kPlain;
  std::string documentation;
  bool is_private = false;  // Not callable from the ingress.

  std::string input_content_type = "*/*";  // "*/*": anything.
  bool input_required = false;             // An empty body is refused.
  bool input_forbidden = false;            // A body is refused.
  std::string output_content_type = "application/json";
  bool content_type_if_empty = false;

  journal::Pairs metadata;
};

struct ServiceInfo {
  std::string name;
  journal::ServiceKind kind = journal::ServiceKind::kService;
  std::string documentation;
  bool is_public = true;
  std::uint64_t revision = 1;
  std::string deployment_id;  // kEmbeddedDeployment for services inside this process.
  std::vector<HandlerInfo> handlers;
  journal::Pairs metadata;
  Treatment treatment;  // Of those handlers that do not say otherwise.

  const HandlerInfo* handler(std::string_view name) const;
};

}  // namespace holdfast::actors
