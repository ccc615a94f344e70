#pragma once
// AllHandlers: code in this process and deployments, behind one door.

#include <functional>
#include <string>

#include "actors/catalog/catalog.h"
#include "actors/handler.h"

namespace holdfast::net {

class AllHandlers final : public actors::Handlers {
 public:
  // All outlive it.
  AllHandlers(const actors::Catalog& catalog, actors::Handlers& embedded, actors::Handlers& remote)
      : catalog_(catalog), embedded_(embedded), remote_(remote) {}

  // What is pinned to a deployment goes there, even if code in this process has taken its name.
  Result<actors::OpenedAttempt> open(const journal::Invocation& invocation,
                                     actors::AttemptHost& host,
                                     std::function<void()> wake) override {
    return (is_elsewhere(invocation) ? remote_ : embedded_).open(invocation, host, std::move(wake));
  }

  bool is_elsewhere(const journal::Invocation& invocation) const override {
    return !invocation.deployment_id.empty() || !catalog_.is_embedded(invocation.target.service);
  }
  bool starts_ahead() const override { return remote_.starts_ahead(); }

 private:
  const actors::Catalog& catalog_;
  actors::Handlers& embedded_;
  actors::Handlers& remote_;
};

}  // namespace holdfast::net
