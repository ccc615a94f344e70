#include "actors/catalog/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "actors/catalog/changes.h"
#include "journal/tables/tables.h"
#include "storage/base/log.h"

namespace holdfast::actors {
namespace {

constexpr Logger kLog("actors");

using journal::DeclaredService;
using journal::Deployment;

Error conflict(std::string message) { return {ErrorCode::kConflict, std::move(message)}; }

// What a deployment declares, and how it is reached; the rest is ours.
bool same(const Deployment& before, const Deployment& after) {
  Deployment a = before;
  Deployment b = after;
  for (Deployment* one : {&a, &b}) {
    one->id = {};
    one->created_at = 0;
    one->metadata.clear();
    one->sdk_version.clear();
    for (DeclaredService& service : one->services) service.revision = 0;
  }
  return a == b && (after.metadata.empty() || before.metadata == after.metadata);
}

// Why `after`, at the same address, is not the same.
std::string difference(const Deployment& before, const Deployment& after) {
  const std::vector<std::string> changes = structural_changes(before, after);
  if (!changes.empty()) return summary(changes);
  if (before.additional_headers != after.additional_headers) return "other additional_headers";
  if (before.use_http_11 != after.use_http_11) return "another use_http_11";
  if (before.http_version != after.http_version) return "it answers with another HTTP version";
  if (before.mode != after.mode || before.protocol_version_min != after.protocol_version_min ||
      before.protocol_version_max != after.protocol_version_max) {
    return "it speaks other protocol versions";
  }
  if (before.services != after.services && before.metadata == after.metadata) {
    return "options or descriptions of its services have changed";
  }
  return "other metadata";
}

std::shared_ptr<const DeploymentInfo> at_address(const Deployments& deployments,
                                                 std::string_view uri) {
  for (const auto& [id, info] : deployments) {
    if (info->deployment.uri == uri) return info;
  }
  return nullptr;
}

Result<void> check_names(const Catalog& catalog, const Deployment& found) {
  for (const DeclaredService& service : found.services) {
    if (catalog.is_embedded(service.name)) {
      return conflict(fmt::format(
          "service '{}' is code inside this server; a deployment cannot serve it", service.name));
    }
  }
  return {};
}

// The revision that comes after all there are.
std::uint64_t next_revision(const CatalogSnapshot& newest, std::string_view service) {
  const auto found = newest.find(service);
  return found == newest.end() ? 1 : found->second.revision + 1;
}

}  // namespace

Registry::Registry(Catalog& catalog, storage::Committer& committer, const Clock& clock,
                   Random& random, std::vector<journal::DeploymentId> unreadable)
    : catalog_(catalog),
      committer_(committer),
      clock_(clock),
      random_(random),
      unreadable_(std::move(unreadable)) {}

std::vector<journal::DeploymentId> Registry::unreadable() const {
  const std::lock_guard lock(mutex_);
  return unreadable_;
}

void Registry::add(Deployment found, RegistrationOptions options,
                   std::function<void(Result<Registration>)> on_done) {
  const auto shared = std::make_shared<Deployment>(std::move(found));
  enqueue({[this, shared, options, on_done] {
             Result<Registration> decided = decide_add(std::move(*shared), options);
             if (decided) return store(std::move(*decided), options.dry_run, on_done);
             on_done(decided.error());
             return Step::kDone;
           },
           on_done});
}

void Registry::update(Deployment found, bool overwrite, bool dry_run,
                      std::function<void(Result<Registration>)> on_done) {
  const auto shared = std::make_shared<Deployment>(std::move(found));
  enqueue({[this, shared, overwrite, dry_run, on_done] {
             Result<Registration> decided = decide_update(std::move(*shared), overwrite);
             if (decided) return store(std::move(*decided), dry_run, on_done);
             on_done(decided.error());
             return Step::kDone;
           },
           on_done});
}

void Registry::remove(const journal::DeploymentId& id, std::function<void(Result<void>)> on_done) {
  enqueue({[this, id, on_done] {
             if (is_unreadable(id) || catalog_.deployment(id.text()) != nullptr) {
               return erase(id, on_done);
             }
             on_done(
                 Error(ErrorCode::kNotFound, fmt::format("deployment '{}' not found", id.text())));
             return Step::kDone;
           },
           on_done});
}

void Registry::enqueue(Change change) {
  {
    std::unique_lock lock(mutex_);
    if (waiting_.size() >= kWaitingMax) {
      lock.unlock();
      return change.refuse({ErrorCode::kUnavailable, "too many changes of deployments wait"});
    }
    waiting_.push_back(std::move(change));
    if (std::exchange(busy_, true)) return;
  }
  run();
}

void Registry::run() {
  Step step = Step::kDone;
  while (step == Step::kDone) {
    Change change;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        busy_ = false;
        return;
      }
      change = std::move(waiting_.front());
      waiting_.pop_front();
    }
    step = change.begin();
  }
}

Result<Registration> Registry::decide_add(Deployment found,
                                          const RegistrationOptions& options) const {
  TRY(check_names(catalog_, found));
  const auto known = at_address(*catalog_.deployments(), found.uri);
  if (known != nullptr && !options.force && same(known->deployment, found)) {
    return Registration{RegistrationResult::kUnchanged, known->deployment};
  }
  if (known != nullptr && !options.force) {
    return conflict(fmt::format(
        "[META0004] {} is registered already, as {}, and differs now: {}. Give new code a new "
        "address, or overwrite the deployment with \"force\": true",
        found.uri, known->id, difference(known->deployment, found)));
  }

  const auto newest = catalog_.snapshot();
  std::vector<std::string> changes;
  for (DeclaredService& service : found.services) {
    const auto before = newest->find(service.name);
    if (before != newest->end()) {
      for (std::string& change : breaking_changes(before->second, service)) {
        changes.push_back(std::move(change));
      }
    }
    service.revision = next_revision(*newest, service.name);
  }
  if (!changes.empty() && !options.force && !options.breaking) {
    return conflict(
        fmt::format("[META0006] {}. Callers would fail; if that is meant, register with "
                    "\"breaking\": true",
                    summary(changes)));
  }

  const std::int64_t now = to_unix_millis(clock_.now());
  if (known != nullptr) {
    found.id = known->deployment.id;
    found.created_at = known->deployment.created_at;
    if (found.metadata.empty()) found.metadata = known->deployment.metadata;
    return Registration{RegistrationResult::kOverwritten, std::move(found)};
  }
  found.id = journal::fresh_deployment_id(now, random_);
  found.created_at = now;
  return Registration{RegistrationResult::kCreated, std::move(found)};
}

Result<Registration> Registry::decide_update(Deployment found, bool overwrite) const {
  const auto before = catalog_.deployment(found.id.text());
  if (before == nullptr) {
    return Error(ErrorCode::kNotFound, fmt::format("deployment '{}' not found", found.id.text()));
  }
  TRY(check_names(catalog_, found));
  const auto at = at_address(*catalog_.deployments(), found.uri);
  if (at != nullptr && at->id != before->id) {
    return conflict(
        fmt::format("[META0004] {} is the address of deployment {}", found.uri, at->id));
  }
  const auto changes = structural_changes(before->deployment, found);
  if (!changes.empty() && !overwrite) {
    return conflict(fmt::format(
        "[META0016] what answers at {} is not what {} was registered as: {}. If that is meant, "
        "update with \"overwrite\": true",
        found.uri, before->id, summary(changes)));
  }
  const auto newest = catalog_.snapshot();
  for (DeclaredService& service : found.services) {
    const DeclaredService* const known = before->deployment.service(service.name);
    service.revision = known != nullptr ? known->revision : next_revision(*newest, service.name);
  }
  found.metadata = before->deployment.metadata;
  found.created_at = before->deployment.created_at;
  const auto result = found == before->deployment ? RegistrationResult::kUnchanged
                                                  : RegistrationResult::kOverwritten;
  return Registration{result, std::move(found)};
}

Registry::Step Registry::store(Registration registration, bool dry_run,
                               const std::function<void(Result<Registration>)>& on_done) {
  if (dry_run || registration.result == RegistrationResult::kUnchanged) {
    on_done(std::move(registration));
    return Step::kDone;
  }
  storage::Batch batch;
  journal::put_deployment(batch, registration.deployment);
  committer_.submit_staged(std::move(batch), std::move(registration),
                           [this, on_done](Registration stored, const storage::CommitReceipt&) {
                             kLog.info("deployment registered", "deployment={} uri={} services={}",
                                       stored.deployment.id.text(), stored.deployment.uri,
                                       stored.deployment.services.size());
                             catalog_.put(stored.deployment);
                             on_done(std::move(stored));
                             run();
                           });
  return Step::kCommitting;
}

Registry::Step Registry::erase(const journal::DeploymentId& id,
                               const std::function<void(Result<void>)>& on_done) {
  storage::Batch batch;
  journal::erase_deployment(batch, id);
  committer_.submit(std::move(batch), [this, id, on_done](const storage::CommitReceipt&) {
    kLog.info("deployment removed", "deployment={}", id.text());
    catalog_.remove(id.text());
    {
      const std::lock_guard lock(mutex_);
      std::erase(unreadable_, id);
    }
    on_done({});
    run();
  });
  return Step::kCommitting;
}

bool Registry::is_unreadable(const journal::DeploymentId& id) const {
  const std::lock_guard lock(mutex_);
  return std::find(unreadable_.begin(), unreadable_.end(), id) != unreadable_.end();
}

}  // namespace holdfast::actors
