#include "net/admin/admin.h"

#include <fmt/format.h>

#include <utility>

#include "net/admin/answer.h"
#include "net/admin/health.h"
#include "storage/base/log.h"

namespace holdfast::net {
namespace {

constexpr Logger kLog("net");

// Whether a segment asks for a version of the API: v2, v17.
bool is_version(std::string_view segment) {
  return segment.size() >= 2 && segment[0] == 'v' &&
         segment.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

bool is_spoken(std::string_view version) {
  return version.size() == 2 && version[1] >= '0' + kAdminApiVersionMin &&
         version[1] <= '0' + kAdminApiVersionMax;
}

// The path without its version prefix. kInvalidArgument for a version that is not spoken.
Result<Path> parse_admin_path(std::string_view target) {
  Path path = TRY(parse_path(target));
  if (path.segments.empty() || !is_version(path.segments[0])) return path;
  if (!is_spoken(path.segments[0])) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("admin API version '{}' is not supported: /v{} to /v{} are",
                             path.segments[0], kAdminApiVersionMin, kAdminApiVersionMax));
  }
  path.segments.erase(path.segments.begin());
  return path;
}

bool is_kafka(std::string_view area) { return area == "subscriptions" || area == "kafka-clusters"; }

// There are none; who lists them to show everything is told so.
HttpResponse kafka_answer(const AdminRequest& request) {
  constexpr const char* kNone = "Holdfast has no Kafka ingress";
  const auto& parts = request.path.segments;
  if (!request.is("GET")) return not_implemented_answer(kNone);
  if (parts.size() > 1) return admin_error_answer({ErrorCode::kNotFound, kNone});
  const char* const list = parts[0] == "subscriptions" ? "subscriptions" : "clusters";
  return ok_answer(boost::json::object{{list, boost::json::array()}});
}

}  // namespace

void Admin::handle(HttpRequest&& http, std::shared_ptr<HttpReply> reply) {
  if (const auto host = http.header("host"); !host_allowed(about_.host_names, host)) {
    return reply->send(foreign_host_answer(*host));
  }
  Result<Path> path = parse_admin_path(http.target);
  if (!path) return reply->send(admin_error_answer(path.error()));
  AdminRequest request{std::move(http), std::move(*path), std::move(reply)};
  const std::string area = request.path.segments.empty() ? std::string() : request.path.segments[0];
  if (area != "query" && !request.is("GET") && !request.is("HEAD")) {
    kLog.info("an operator asks for a change", "method={} path={}", request.http.method,
              request.http.target);
  }
  if (area == "services") return services_.handle(std::move(request));
  if (area == "deployments") return deployments_.handle(std::move(request));
  const auto& parts = request.path.segments;
  const bool explains = parts.size() == 3 && area == "invocations" && parts[2] == "explanation";
  if (explains || area == "explanations") return explanations_.handle(std::move(request));
  if (area == "invocations") return invocations_.handle(std::move(request));
  if (area == "query") return queries_.handle(std::move(request));
  request.reply->send(is_kafka(area) ? kafka_answer(request) : health_answer(request));
}

HttpResponse Admin::health_answer(const AdminRequest& request) const {
  const auto& parts = request.path.segments;
  const std::string area = parts.size() == 1 ? parts[0] : std::string();
  if (area != "health" && area != "cluster-health" && area != "version" && area != "metrics") {
    return admin_error_answer({ErrorCode::kNotFound, "there is no such path"});
  }
  if (!request.is("GET")) return admin_wrong_method_answer("GET");
  if (area == "health") return ok_answer();
  if (area == "cluster-health") return ok_answer(cluster_health_view(about_.cluster_name));
  if (area == "version") return ok_answer(version_view(about_.version, about_.ingress_endpoint));
  Measured measured{engine_.counts()};
  if (committer_ != nullptr) {
    measured.appends = committer_->appends();
    measured.commit_bytes_in_flight = committer_->bytes_in_flight();
  }
  return text_answer("text/plain; version=0.0.4", metrics_text(measured));
}

}  // namespace holdfast::net
