#pragma once
// DeploymentRequests: the part of the admin API below /deployments. To register is to ask the
// endpoint what it serves (Discovery), to understand its answer (Manifest), and to have that
// accepted and stored (Registry). The code of this process is one of them; only a new program
// changes it.
//
// Threads: handle() on the io thread. Manifests are taken apart on the reader's thread.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "actors/catalog/registry.h"
#include "net/admin/admin_request.h"
#include "net/admin/deployment_body.h"
#include "net/admin/reader_thread.h"
#include "net/egress/discovery.h"
#include "storage/base/clock.h"

namespace holdfast::net {

class DeploymentRequests {
 public:
  // Endpoints that may be asked at a time; each may answer with a manifest of some MiB.
  static constexpr int kDiscoveriesMax = 16;

  // `discovery` must not call back, and `reader` must be gone, before this object goes away.
  DeploymentRequests(actors::Catalog& catalog, actors::Registry& registry, Discovery& discovery,
                     ReaderThread& reader)
      : catalog_(catalog), registry_(registry), discovery_(discovery), reader_(reader) {}

  // REQUIRES: the first segment is "deployments". Io thread.
  void handle(AdminRequest request);

 private:
  // The code of this process as a deployment.
  std::optional<actors::DeploymentInfo> embedded() const;
  void list(const std::shared_ptr<HttpReply>& reply);
  void show(const std::string& id, const std::shared_ptr<HttpReply>& reply);
  void create(const AdminRequest& request);
  void update(const journal::DeploymentId& id, const AdminRequest& request);
  void remove(const journal::DeploymentId& id, const AdminRequest& request);

  // Asks the endpoint of `deployment`, and completes it by what it answers. Any error is answered.
  void discover(journal::Deployment deployment, std::shared_ptr<HttpReply> reply,
                std::function<void(journal::Deployment)> then);
  HttpResponse registration_answer(const Result<actors::Registration>& result, bool dry_run) const;

  actors::Catalog& catalog_;
  actors::Registry& registry_;
  Discovery& discovery_;
  ReaderThread& reader_;
  const std::int64_t started_at_ = to_unix_millis(SystemClock().now());
  std::atomic<int> discovering_{0};
};

}  // namespace holdfast::net
