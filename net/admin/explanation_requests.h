#pragma once
// ExplanationRequests: the part of the admin API that says why invocations do not go on: one of
// them with the whole chain, or those that have stood longest, a line each.

#include <string>

#include "actors/engine.h"
#include "net/admin/admin_request.h"
#include "net/admin/explanation.h"
#include "net/admin/reader_thread.h"

namespace holdfast::net {

class ExplanationRequests {
 public:
  // Of GET /explanations.
  static constexpr std::size_t kLimit = 20;
  static constexpr std::size_t kLimitMax = 1000;
  // Journals read to see who is only asleep; whoever is looked at after that counts as asleep.
  static constexpr std::size_t kLooksMax = 20'000;

  // `reader` must be gone before this object. `ingress` is where clients reach the ingress.
  ExplanationRequests(actors::Engine& engine, ReaderThread& reader, std::string ingress)
      : engine_(engine), reader_(reader), ingress_(std::move(ingress)) {}

  // GET /explanations?limit=, GET /invocations/ID/explanation. Io thread.
  void handle(AdminRequest request);

 private:
  Explainer::Addresses addresses_for(const AdminRequest& request) const;
  void list(const AdminRequest& request);
  void show(const AdminRequest& request);

  actors::Engine& engine_;
  ReaderThread& reader_;
  const std::string ingress_;
};

}  // namespace holdfast::net
