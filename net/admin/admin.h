#pragma once
// Admin: the operator's API. Sorts requests by area: health here, services, deployments and
// invocations in their own files. Paths, statuses and fields: docs/formats/admin_http.md.
//
// There is no authentication, so the port belongs to this machine; see the option
// admin.allow_remote. Nothing here allows scripts of other origins, what changes something takes a
// method or a content type that a browser asks about first, and a page that points its own name
// here is refused (host_rule.h).
//
// Threads: handle() on the io thread. Reads of the store happen on one thread of the admin's own,
// queries on another.

#include <memory>
#include <string>

#include "actors/engine.h"
#include "net/admin/deployment_requests.h"
#include "net/admin/explanation_requests.h"
#include "net/admin/host_rule.h"
#include "net/admin/invocation_requests.h"
#include "net/admin/query_requests.h"
#include "net/admin/reader_thread.h"
#include "net/admin/service_requests.h"
#include "net/http/reply.h"
#include "net/http/request.h"
#include "storage/committer.h"

namespace holdfast::net {

class Admin {
 public:
  struct About {
    std::string version;
    std::string ingress_endpoint;  // Where clients reach the ingress.
    HostNames host_names = HostNames::kLocal;
    std::string cluster_name = "holdfast";
  };

  // The engine must be stopped, and `discovery` and `registry` must not call back any more, before
  // the admin goes away. `committer` may be null: not measured.
  Admin(actors::Engine& engine, actors::Registry& registry, Discovery& discovery,
        const storage::Committer* committer, About about, const QueryOptions& queries = {})
      : engine_(engine),
        committer_(committer),
        about_(std::move(about)),
        services_(engine, reader_, about_.ingress_endpoint),
        deployments_(engine.catalog(), registry, discovery, reader_),
        invocations_(engine, reader_),
        explanations_(engine, reader_, about_.ingress_endpoint),
        queries_(engine, queries) {}

  void handle(HttpRequest&& request, std::shared_ptr<HttpReply> reply);

 private:
  HttpResponse health_answer(const AdminRequest& request) const;

  actors::Engine& engine_;
  const storage::Committer* const committer_;
  const About about_;
  ServiceRequests services_;
  DeploymentRequests deployments_;
  InvocationRequests invocations_;
  ExplanationRequests explanations_;
  QueryRequests queries_;
  ReaderThread reader_;  // Last: its jobs use the above.
};

}  // namespace holdfast::net
