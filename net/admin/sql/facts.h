#pragma once
// Facts: what the tables show that is not in the store. The one place that knows the catalog.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/catalog/catalog.h"
#include "journal/invocation.h"

namespace holdfast::net::sql {

struct ServiceFact {
  std::string name;
  std::uint64_t revision = 1;
  bool is_public = true;
  journal::ServiceKind kind = journal::ServiceKind::kService;
  std::string deployment_id;
};

struct DeploymentFact {
  std::string id;
  std::string kind;      // "http".
  std::string endpoint;  // Its URL.
  std::int64_t created_at = 0;
  std::optional<std::uint32_t> protocol_version_min, protocol_version_max;
  std::vector<std::string> services;
};

// Any thread.
class Facts {
 public:
  virtual ~Facts() = default;
  virtual std::vector<ServiceFact> services() const = 0;
  virtual std::vector<DeploymentFact> deployments() const = 0;
  // What the endpoint called itself when it was registered; empty: it did not say, or is not known.
  virtual std::string server_of(std::string_view deployment_id) const = 0;
  // When this process began to run invocations, in Unix milliseconds.
  virtual std::int64_t started_at() const = 0;
};

class CatalogFacts final : public Facts {
 public:
  CatalogFacts(const actors::Catalog& catalog, std::int64_t started_at)
      : catalog_(catalog), started_at_(started_at) {}

  std::vector<ServiceFact> services() const override;
  // Without what is in this process.
  std::vector<DeploymentFact> deployments() const override;
  std::string server_of(std::string_view deployment_id) const override;
  std::int64_t started_at() const override { return started_at_; }

 private:
  const actors::Catalog& catalog_;
  const std::int64_t started_at_;
};

}  // namespace holdfast::net::sql
