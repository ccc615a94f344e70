#include "net/egress/remote/remote_handlers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::net {

namespace restate = protocol::restate;

namespace {

Result<restate::Version> version_for(const journal::Invocation& invocation,
                                     const journal::Deployment& deployment) {
  if (invocation.protocol_version != 0) {
    const auto pinned = restate::to_version(invocation.protocol_version);
    if (pinned && invocation.protocol_version >= deployment.protocol_version_min &&
        invocation.protocol_version <= deployment.protocol_version_max) {
      return *pinned;
    }
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("[RT0013] the invocation speaks version {} of the protocol, which "
                             "deployment {} does not (any more)",
                             invocation.protocol_version, deployment.id.text()));
  }
  const auto highest = restate::to_version(std::min<std::uint32_t>(
      deployment.protocol_version_max, static_cast<std::uint32_t>(restate::kVersionMax)));
  if (highest) return *highest;
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("[RT0014] deployment {} speaks no version of the protocol that this "
                           "server does",
                           deployment.id.text()));
}

}  // namespace

RemoteHandlers::RemoteHandlers(std::shared_ptr<AttemptClock> attempt_clock, EndpointPools& pools,
                               const actors::Catalog& catalog, const Identity* identity,
                               const Clock& clock, std::string cluster_name)
    : pools_(pools),
      catalog_(catalog),
      identity_(identity),
      clock_(clock),
      cluster_name_(std::move(cluster_name)),
      attempt_clock_(std::move(attempt_clock)) {}

Result<void> RemoteHandlers::find_way(const Info& info, RemoteAttempt::Route& route) {
  const std::lock_guard lock(mutex_);
  if (auto deployments = catalog_.deployments(); deployments != deployments_) {
    // Pools of those that are gone are let go; an attempt that is under way holds its own.
    std::erase_if(ways_, [&](const auto& way) { return !deployments->contains(way.first); });
    deployments_ = std::move(deployments);
  }
  Way& way = ways_[info->id];
  if (way.info != info) {
    auto pool = TRY(pool_for(*info));
    way = {info, std::move(pool), {}};
  }
  route.pool = way.pool;
  auto& headers = way.headers[route.version];
  if (headers == nullptr) {
    headers = std::make_shared<const CommonHeaders>(
        RemoteAttempt::common_headers(route.version, additional_headers(info->deployment)));
  }
  route.common = headers;
  return {};
}

Result<std::shared_ptr<EndpointPool>> RemoteHandlers::pool_for(const actors::DeploymentInfo& info) {
  const bool http_11 = info.deployment.http_version == journal::HttpVersion::kHttp11;
  const EndpointAddress address = TRY(parse_endpoint_address(
      info.deployment.uri, http_11 ? HttpVersion::kHttp11 : HttpVersion::kHttp2));
  return pools_.pool_for(address);
}

HttpHeaders RemoteHandlers::additional_headers(const journal::Deployment& deployment) const {
  HttpHeaders headers = {{kClusterNameHeader, cluster_name_}};
  const auto& own = deployment.additional_headers;
  headers.insert(headers.end(), own.begin(), own.end());
  return headers;
}

Result<actors::OpenedAttempt> RemoteHandlers::open(const journal::Invocation& invocation,
                                                   actors::AttemptHost& host,
                                                   std::function<void()> wake) {
  const journal::Target& target = invocation.target;
  std::string id = invocation.deployment_id;
  if (id.empty()) {
    const auto snapshot = catalog_.snapshot();
    const auto newest = snapshot->find(target.service);
    if (newest == snapshot->end()) {
      return Error(ErrorCode::kNotFound,
                   fmt::format("[RT0011] no deployment serves {}", target.service));
    }
    id = newest->second.deployment_id;
  }
  const Info info = catalog_.deployment(id);
  const actors::ServiceInfo* const service = info ? info->service(target.service) : nullptr;
  const actors::HandlerInfo* const handler = service ? service->handler(target.handler) : nullptr;
  if (handler == nullptr) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("[RT0011] deployment {} does not serve {}/{} (any more)", id,
                             target.service, target.handler));
  }

  RemoteAttempt::Route route;
  route.version = TRY(version_for(invocation, info->deployment));
  TRY(find_way(info, route));
  route.timeouts.inactivity = std::chrono::milliseconds(handler->inactivity_timeout_ms);
  route.timeouts.abort = std::chrono::milliseconds(handler->abort_timeout_ms);
  route.bidirectional = info->deployment.bidirectional() && handler->inactivity_timeout_ms > 0;
  route.lazy_state = handler->lazy_state;
  if (identity_ != nullptr) {
    TRY(identity_->sign("/invoke/" + target.service + "/" + target.handler, {}, clock_.now(),
                        route.headers));
  }
  const auto version = static_cast<std::uint8_t>(route.version);
  return actors::OpenedAttempt{
      std::make_unique<RemoteAttempt>(std::move(route), attempt_clock_, host, std::move(wake)), id,
      version};
}

}  // namespace holdfast::net
