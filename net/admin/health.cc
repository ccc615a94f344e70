#include "net/admin/health.h"

#include <fmt/format.h>

#include "net/admin/answer.h"

namespace holdfast::net {
namespace {

void add(std::string& text, const char* name, const char* type, const char* help,
         std::uint64_t value) {
  text += fmt::format("# HELP {} {}\n# TYPE {} {}\n{} {}\n", name, help, name, type, name, value);
}

}  // namespace

boost::json::object cluster_health_view(const std::string& cluster_name) {
  return {{"cluster_name", json_string(cluster_name)}};
}

boost::json::object version_view(const std::string& version, const std::string& ingress_endpoint) {
  return {{"version", version},
          {"min_admin_api_version", kAdminApiVersionMin},
          {"max_admin_api_version", kAdminApiVersionMax},
          {"ingress_endpoint", json_string(ingress_endpoint)},
          {"features", boost::json::object()}};
}

std::string metrics_text(const Measured& measured) {
  std::string text;
  add(text, "holdfast_actors_active_invocations", "gauge", "Invocations in memory.",
      measured.engine.active);
  add(text, "holdfast_actors_steps_running", "gauge", "Closures of handlers that execute now.",
      measured.engine.steps_running);
  add(text, "holdfast_actors_bytes_in_flight", "gauge", "Bytes accepted and not yet durable.",
      measured.engine.bytes_in_flight);
  add(text, "holdfast_storage_appends_total", "counter", "Synced writes to the log.",
      measured.appends);
  add(text, "holdfast_storage_commit_bytes_in_flight", "gauge",
      "Bytes submitted to the committer and not yet durable.", measured.commit_bytes_in_flight);
  return text;
}

}  // namespace holdfast::net
