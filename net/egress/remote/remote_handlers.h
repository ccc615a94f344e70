#pragma once
// RemoteHandlers: attempts of handlers behind HTTP. It knows for each deployment the way there and
// the version of the protocol, and signs what is sent.
//
// Threads: any, but stop().

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "actors/catalog/catalog.h"
#include "actors/handler.h"
#include "net/egress/identity.h"
#include "net/egress/remote/attempt_clock.h"
#include "net/egress/remote/remote_attempt.h"
#include "net/http/outgoing/endpoint_pool.h"
#include "storage/base/clock.h"

namespace holdfast::net {

// Tells an endpoint which of the servers that use it asks.
inline constexpr const char* kClusterNameHeader = "x-restate-cluster-name";

class RemoteHandlers final : public actors::Handlers {
 public:
  // All outlive the handlers; `identity` may be null: requests are not signed.
  RemoteHandlers(std::shared_ptr<AttemptClock> attempt_clock, EndpointPools& pools,
                 const actors::Catalog& catalog, const Identity* identity, const Clock& clock,
                 std::string cluster_name);

  // A pinned invocation goes to its deployment, another one to the newest that serves its target.
  // kNotFound: there is none.
  Result<actors::OpenedAttempt> open(const journal::Invocation& invocation,
                                     actors::AttemptHost& host,
                                     std::function<void()> wake) override;
  bool is_elsewhere(const journal::Invocation&) const override { return true; }
  bool starts_ahead() const override { return true; }

  // No attempt is timed any more. See AttemptClock::stop().
  void stop() { attempt_clock_->stop(); }

 private:
  using Info = std::shared_ptr<const actors::DeploymentInfo>;
  struct Way {
    Info info;  // As of when the pool was taken.
    std::shared_ptr<EndpointPool> pool;
    // By version of the protocol, as they are asked for.
    std::map<protocol::restate::Version, std::shared_ptr<const CommonHeaders>> headers;
  };

  // Fills in what all attempts of the deployment by that version have in common.
  Result<void> find_way(const Info& info, RemoteAttempt::Route& route);
  Result<std::shared_ptr<EndpointPool>> pool_for(const actors::DeploymentInfo& info);
  HttpHeaders additional_headers(const journal::Deployment& deployment) const;

  EndpointPools& pools_;
  const actors::Catalog& catalog_;
  const Identity* const identity_;
  const Clock& clock_;
  const std::string cluster_name_;
  const std::shared_ptr<AttemptClock> attempt_clock_;

  std::mutex mutex_;
  // By mutex_.
  std::map<std::string, Way, std::less<>> ways_;            // By deployment.
  std::shared_ptr<const actors::Deployments> deployments_;  // Those ways_ was last held against.
};

}  // namespace holdfast::net
