#pragma once
// Catalog: which services there are, where they run, and how each handler is to be treated. Readers
// take an immutable snapshot; a change publishes a new one.
//
// Services come from code in this process, and from deployments. Each deployment that serves a
// service is a revision of it; the greatest one is what new invocations go to, and the earlier ones
// are there for the invocations pinned to them. A service in this process hides deployments' of the
// same name.
//
// What an operator set belongs to a service's name: it lies over every revision, also later ones.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "actors/catalog/deployment_info.h"
#include "actors/catalog/service_info.h"
#include "journal/deployment.h"
#include "journal/tables/tables.h"
#include "storage/base/result.h"

namespace holdfast::actors {

// The newest revision of each service.
using CatalogSnapshot = std::map<std::string, ServiceInfo, std::less<>>;

// Any thread.
class Catalog {
 public:
  // `services` as their code declares them.
  explicit Catalog(std::vector<ServiceInfo> services);

  std::shared_ptr<const CatalogSnapshot> snapshot() const;

  // The service as `deployment_id` serves it; null when it does not (any more). `deployment_id` may
  // be kEmbeddedDeployment.
  std::shared_ptr<const ServiceInfo> find(std::string_view service,
                                          std::string_view deployment_id) const;
  // Null: there is none of that id (any more), or it is kEmbeddedDeployment.
  std::shared_ptr<const DeploymentInfo> deployment(std::string_view id) const;
  std::shared_ptr<const Deployments> deployments() const;
  // Whether code in this process serves it.
  bool is_embedded(std::string_view service) const;

  // What an operator changed, laid over what the service declares; replaces earlier settings of the
  // service. kNotFound.
  Result<void> apply(std::string_view service, const journal::ServiceSettings& settings);

  // What is stored, at the start of the process: in place of all deployments and settings. There
  // may be settings of services that are not there (now).
  void restore(std::vector<journal::Deployment> deployments, Settings settings);
  // A new deployment, or one in place of that with its id.
  void put(journal::Deployment deployment);
  void remove(std::string_view deployment_id);

 private:
  // REQUIRES: mutex_ is held.
  std::shared_ptr<const DeploymentInfo> shared_info(journal::Deployment deployment) const;
  void publish();

  const std::vector<ServiceInfo> embedded_;

  mutable std::mutex mutex_;
  // By mutex_.
  Settings settings_;
  std::shared_ptr<const Deployments> deployments_;
  std::shared_ptr<const CatalogSnapshot> snapshot_;
};

}  // namespace holdfast::actors
