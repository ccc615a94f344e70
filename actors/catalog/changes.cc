#include "actors/catalog/changes.h"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::actors {
namespace {

constexpr std::size_t kShown = 5;

const char* noun(journal::HandlerKind kind) {
  switch (kind) {
    case journal::HandlerKind::kPlain:
      return "plain";
    case journal::HandlerKind::kExclusive:
      return "exclusive";
    case journal::HandlerKind::kShared:
      return "shared";
    case journal::HandlerKind::kRun:
      break;
  }
  return "a workflow's run";
}

// `Service` is a ServiceInfo or a DeclaredService: both have a name, a kind and handlers.
template <class Before, class After>
void find_losses(const Before& before, const After& after, std::vector<std::string>& changes) {
  if (before.kind != after.kind) {
    changes.push_back(fmt::format("service '{}' was a {} and is a {} now", before.name,
                                  actors::noun(before.kind), actors::noun(after.kind)));
  }
  for (const auto& handler : before.handlers) {
    const auto* const now = after.handler(handler.name);
    if (now == nullptr) {
      changes.push_back(
          fmt::format("service '{}' has no handler '{}' any more", before.name, handler.name));
    } else if (now->kind != handler.kind && before.kind == after.kind) {
      changes.push_back(fmt::format("handler '{}' of service '{}' was {} and is {} now",
                                    handler.name, before.name, noun(handler.kind),
                                    noun(now->kind)));
    }
  }
}

}  // namespace

const char* noun(journal::ServiceKind kind) {
  switch (kind) {
    case journal::ServiceKind::kService:
      return "service";
    case journal::ServiceKind::kObject:
      return "virtual object";
    case journal::ServiceKind::kWorkflow:
      break;
  }
  return "workflow";
}

std::vector<std::string> breaking_changes(const ServiceInfo& before,
                                          const journal::DeclaredService& after) {
  std::vector<std::string> changes;
  find_losses(before, after, changes);
  return changes;
}

std::vector<std::string> structural_changes(const journal::Deployment& before,
                                            const journal::Deployment& after) {
  std::vector<std::string> changes;
  for (const journal::DeclaredService& service : before.services) {
    const journal::DeclaredService* const now = after.service(service.name);
    if (now == nullptr) {
      changes.push_back(fmt::format("service '{}' is gone", service.name));
      continue;
    }
    find_losses(service, *now, changes);
    for (const journal::DeclaredHandler& handler : now->handlers) {
      if (service.handler(handler.name) == nullptr) {
        changes.push_back(
            fmt::format("service '{}' has a new handler '{}'", service.name, handler.name));
      }
    }
  }
  for (const journal::DeclaredService& service : after.services) {
    if (before.service(service.name) == nullptr) {
      changes.push_back(fmt::format("service '{}' is new", service.name));
    }
  }
  return changes;
}

std::string summary(const std::vector<std::string>& changes) {
  const std::size_t shown = std::min(changes.size(), kShown);
  std::string text = fmt::format(
      "{}", fmt::join(changes.begin(), changes.begin() + static_cast<long>(shown), "; "));
  if (shown < changes.size()) text += fmt::format("; and {} more", changes.size() - shown);
  return text;
}

}  // namespace holdfast::actors
