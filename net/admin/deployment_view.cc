#include "net/admin/deployment_view.h"

#include <fmt/format.h>

#include <utility>

#include "net/admin/answer.h"
#include "net/admin/service_view.h"
#include "net/egress/manifest.h"
#include "storage/base/time_text.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

void add_versions(json::object& view, const journal::Deployment& deployment) {
  view["min_protocol_version"] = deployment.protocol_version_min;
  view["max_protocol_version"] = deployment.protocol_version_max;
  if (!deployment.sdk_version.empty()) view["sdk_version"] = json_string(deployment.sdk_version);
}

json::object head_view(const actors::DeploymentInfo& info) {
  const journal::Deployment& deployment = info.deployment;
  json::object view;
  view["id"] = info.id;
  view["uri"] = json_string(deployment.uri);
  view["protocol_type"] =
      deployment.mode == journal::ProtocolMode::kBidiStream ? "BidiStream" : "RequestResponse";
  view["http_version"] =
      deployment.http_version == journal::HttpVersion::kHttp2 ? "HTTP/2.0" : "HTTP/1.1";
  view["additional_headers"] = pairs_view(deployment.additional_headers);
  view["metadata"] = pairs_view(deployment.metadata);
  view["created_at"] = time_text(deployment.created_at);
  add_versions(view, deployment);
  return view;
}

json::array services_view(const actors::DeploymentInfo& info) {
  json::array services;
  for (const actors::ServiceInfo& service : info.services) {
    services.push_back(service_view(service));
  }
  return services;
}

json::object note(std::string_view message) { return {{"message", json_string(message)}}; }

}  // namespace

std::optional<actors::DeploymentInfo> embedded_deployment(const actors::CatalogSnapshot& catalog,
                                                          std::int64_t started_at) {
  actors::DeploymentInfo info;
  for (const auto& [name, service] : catalog) {
    if (service.deployment_id == actors::kEmbeddedDeployment) info.services.push_back(service);
  }
  if (info.services.empty()) return std::nullopt;
  info.id = actors::kEmbeddedDeployment;
  info.deployment.uri = "http://embedded/";
  info.deployment.created_at = started_at;
  info.deployment.protocol_version_min = kProtocolVersionMax;
  info.deployment.protocol_version_max = kProtocolVersionMax;
  return info;
}

json::object deployment_summary(const actors::DeploymentInfo& info) {
  json::object view = head_view(info);
  json::array services;
  for (const actors::ServiceInfo& service : info.services) {
    services.push_back({{"name", json_string(service.name)}, {"revision", service.revision}});
  }
  view["services"] = std::move(services);
  return view;
}

json::object deployment_view(const actors::DeploymentInfo& info) {
  json::object view = head_view(info);
  view["services"] = services_view(info);
  return view;
}

json::object registration_view(const actors::DeploymentInfo& info,
                               actors::RegistrationResult result,
                               const actors::CatalogSnapshot& newest) {
  json::object view;
  view["id"] = info.id;
  view["services"] = services_view(info);
  add_versions(view, info.deployment);
  json::array notes;
  const journal::Deployment& deployment = info.deployment;
  if (deployment.mode == journal::ProtocolMode::kBidiStream && !deployment.bidirectional()) {
    notes.push_back(
        note("the endpoint can stream in both directions, but not over HTTP/1.1: it is "
             "asked and answers in turns"));
  }
  if (info.services.empty()) notes.push_back(note("the endpoint serves nothing"));
  for (const actors::ServiceInfo& service : info.services) {
    const auto now = newest.find(service.name);
    if (result == actors::RegistrationResult::kUnchanged && now != newest.end() &&
        now->second.deployment_id != info.id) {
      notes.push_back(note(fmt::format(
          "new invocations of '{}' go to deployment {}, which is newer; register with \"force\": "
          "true to make this one the newest",
          service.name, now->second.deployment_id)));
    }
  }
  view["info"] = std::move(notes);
  return view;
}

}  // namespace holdfast::net
