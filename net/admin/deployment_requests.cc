#include "net/admin/deployment_requests.h"

#include <fmt/format.h>

#include <utility>

#include "net/admin/answer.h"
#include "net/admin/deployment_view.h"
#include "net/egress/manifest.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

Error not_found(std::string_view id) {
  return {ErrorCode::kNotFound, fmt::format("deployment '{}' not found", id)};
}

Error part_of_program() {
  return {ErrorCode::kConflict,
          fmt::format("deployment {} is code inside this server: it is changed and removed with "
                      "the program, not here",
                      actors::kEmbeddedDeployment)};
}

Error too_many() { return {ErrorCode::kUnavailable, "too many requests wait"}; }

// Only text that can be shown: the endpoint says it.
std::string sdk_version_of(std::string_view server) {
  std::string version(server.substr(0, 255));
  for (char& c : version) {
    if (c < 0x20 || c >= 0x7f) c = '?';
  }
  return version;
}

Result<void> complete(journal::Deployment& deployment, const Discovered& discovered) {
  if (!is_manifest_type(discovered.content_type)) {
    return Error(
        ErrorCode::kInvalidArgument,
        fmt::format("[META0013] {} answers discovery with content-type '{:.100}', which is no "
                    "manifest: is it the address of a Restate SDK endpoint?",
                    deployment.uri, discovered.content_type));
  }
  Manifest manifest = TRY(parse_manifest(discovered.manifest));
  deployment.mode = manifest.mode;
  deployment.protocol_version_min = manifest.protocol_version_min;
  deployment.protocol_version_max = manifest.protocol_version_max;
  deployment.services = std::move(manifest.services);
  deployment.http_version = discovered.http_version;
  deployment.sdk_version = sdk_version_of(discovered.server);
  return {};
}

}  // namespace

void DeploymentRequests::handle(AdminRequest request) {
  const auto& parts = request.path.segments;
  const std::shared_ptr<HttpReply> reply = request.reply;
  if (parts.size() == 1) {
    if (request.is("GET")) return list(reply);
    if (request.is("POST")) return create(request);
    return reply->send(admin_wrong_method_answer("GET, POST"));
  }
  if (parts.size() > 2) {
    return reply->send(
        admin_error_answer({ErrorCode::kNotFound, "there is no such path under /deployments"}));
  }
  const Result<journal::DeploymentId> id = journal::DeploymentId::from_text(parts[1]);
  if (!id) return reply->send(admin_error_answer(id.error()));
  if (request.is("GET")) return show(parts[1], reply);
  const bool updates = request.is("PATCH") || request.is("PUT");
  if (!updates && !request.is("DELETE")) {
    return reply->send(admin_wrong_method_answer("GET, PATCH, PUT, DELETE"));
  }
  if (parts[1] == actors::kEmbeddedDeployment && embedded().has_value()) {
    return reply->send(admin_error_answer(part_of_program()));
  }
  if (updates) return update(*id, request);
  remove(*id, request);
}

std::optional<actors::DeploymentInfo> DeploymentRequests::embedded() const {
  return embedded_deployment(*catalog_.snapshot(), started_at_);
}

void DeploymentRequests::list(const std::shared_ptr<HttpReply>& reply) {
  json::array deployments;
  if (const auto own = embedded()) deployments.push_back(deployment_summary(*own));
  for (const auto& [id, info] : *catalog_.deployments()) {
    deployments.push_back(deployment_summary(*info));
  }
  json::object body{{"deployments", std::move(deployments)}};
  json::array unreadable;
  for (const journal::DeploymentId& id : registry_.unreadable()) unreadable.emplace_back(id.text());
  if (!unreadable.empty()) body["unreadable"] = std::move(unreadable);
  reply->send(ok_answer(body));
}

void DeploymentRequests::show(const std::string& id, const std::shared_ptr<HttpReply>& reply) {
  if (const auto own = embedded(); own.has_value() && own->id == id) {
    return reply->send(ok_answer(deployment_view(*own)));
  }
  const auto info = catalog_.deployment(id);
  reply->send(info == nullptr ? admin_error_answer(not_found(id))
                              : ok_answer(deployment_view(*info)));
}

void DeploymentRequests::create(const AdminRequest& request) {
  const std::shared_ptr<HttpReply> reply = request.reply;
  if (!says_json(request.http)) return reply->send(not_json_answer());
  Result<json::object> json = json_body(request.http);
  if (!json) return reply->send(admin_error_answer(json.error()));
  Result<RegistrationBody> body = parse_registration(*json);
  if (!body) return reply->send(admin_error_answer(body.error()));

  journal::Deployment wanted;
  wanted.uri = std::move(body->uri);
  wanted.use_http_11 = body->use_http_11;
  wanted.additional_headers = std::move(body->additional_headers);
  wanted.metadata = std::move(body->metadata);
  const actors::RegistrationOptions options = body->options;
  discover(std::move(wanted), reply, [this, reply, options](journal::Deployment found) {
    registry_.add(std::move(found), options,
                  [this, reply, options](Result<actors::Registration> result) {
                    reply->send(registration_answer(result, options.dry_run));
                  });
  });
}

void DeploymentRequests::update(const journal::DeploymentId& id, const AdminRequest& request) {
  const std::shared_ptr<HttpReply> reply = request.reply;
  if (!says_json(request.http)) return reply->send(not_json_answer());
  Result<json::object> json = json_body(request.http);
  if (!json) return reply->send(admin_error_answer(json.error()));
  Result<UpdateBody> body = parse_update(*json);
  if (!body) return reply->send(admin_error_answer(body.error()));
  const auto before = catalog_.deployment(id.text());
  if (before == nullptr) return reply->send(admin_error_answer(not_found(id.text())));

  journal::Deployment wanted;
  wanted.id = id;
  wanted.uri = body->uri.value_or(before->deployment.uri);
  wanted.use_http_11 = body->use_http_11.value_or(before->deployment.use_http_11);
  wanted.additional_headers =
      body->additional_headers.value_or(before->deployment.additional_headers);
  const bool overwrite = body->overwrite;
  const bool dry_run = body->dry_run;
  discover(std::move(wanted), reply, [this, reply, overwrite, dry_run](journal::Deployment found) {
    registry_.update(std::move(found), overwrite, dry_run,
                     [this, reply, dry_run](Result<actors::Registration> result) {
                       if (!result) return reply->send(admin_error_answer(result.error()));
                       const actors::DeploymentInfo info =
                           actors::make_deployment_info(std::move(result->deployment), {});
                       const auto stored = dry_run ? nullptr : catalog_.deployment(info.id);
                       reply->send(ok_answer(deployment_view(stored ? *stored : info)));
                     });
  });
}

void DeploymentRequests::remove(const journal::DeploymentId& id, const AdminRequest& request) {
  const std::shared_ptr<HttpReply> reply = request.reply;
  if (request.path.parameter("force") != "true") {
    return reply->send(not_implemented_answer(
        "only ?force=true is implemented: it removes the deployment at once, and invocations "
        "pinned to it fail until they are resumed on another one"));
  }
  registry_.remove(id, [reply](Result<void> done) {
    reply->send(done ? accepted_answer() : admin_error_answer(done.error()));
  });
}

void DeploymentRequests::discover(journal::Deployment deployment, std::shared_ptr<HttpReply> reply,
                                  std::function<void(journal::Deployment)> then) {
  if (discovering_.fetch_add(1) >= kDiscoveriesMax) {
    --discovering_;
    return reply->send(admin_error_answer(too_many()));
  }
  DiscoveryRequest asked{deployment.uri, deployment.use_http_11, deployment.additional_headers};
  discovery_.discover(std::move(asked), [this, deployment = std::move(deployment), reply,
                                         then = std::move(then)](Result<Discovered> discovered) {
    --discovering_;
    if (!discovered) return reply->send(admin_error_answer(discovered.error()));
    const auto answer = std::make_shared<const Discovered>(std::move(*discovered));
    const bool posted = reader_.post([deployment, reply, then, answer](const std::atomic<bool>&) {
      journal::Deployment found = deployment;
      const Result<void> completed = complete(found, *answer);
      if (!completed) return reply->send(admin_error_answer(completed.error()));
      then(std::move(found));
    });
    if (!posted) reply->send(admin_error_answer(too_many()));
  });
}

HttpResponse DeploymentRequests::registration_answer(const Result<actors::Registration>& result,
                                                     bool dry_run) const {
  if (!result) return admin_error_answer(result.error());
  const actors::DeploymentInfo computed = actors::make_deployment_info(result->deployment, {});
  const bool stored = !dry_run || result->result == actors::RegistrationResult::kUnchanged;
  const auto info = stored ? catalog_.deployment(computed.id) : nullptr;
  const json::object body =
      registration_view(info ? *info : computed, result->result, *catalog_.snapshot());
  HttpResponse answer = result->result == actors::RegistrationResult::kCreated
                            ? created_answer(body)
                            : ok_answer(body);
  answer.headers.emplace_back("location", "/deployments/" + computed.id);
  return answer;
}

}  // namespace holdfast::net
