#include "net/admin/service_requests.h"

#include <fmt/format.h>

#include <utility>

#include "net/admin/answer.h"
#include "net/admin/openapi_view.h"
#include "net/admin/service_view.h"
#include "net/admin/state_body.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

Error not_found(const std::string& service) {
  return {ErrorCode::kNotFound, fmt::format("service '{}' not found", service)};
}

json::object list_view(const actors::CatalogSnapshot& catalog) {
  json::array services;
  for (const auto& [name, service] : catalog) services.push_back(service_view(service));
  return {{"services", std::move(services)}};
}

json::object handlers_view(const actors::ServiceInfo& service) {
  json::array handlers;
  for (const actors::HandlerInfo& handler : service.handlers) {
    handlers.push_back(handler_view(handler, service));
  }
  return {{"handlers", std::move(handlers)}};
}

HttpResponse handler_answer(const actors::ServiceInfo& service, const std::string& name) {
  const actors::HandlerInfo* const handler = service.handler(name);
  if (handler != nullptr) return ok_answer(handler_view(*handler, service));
  return admin_error_answer(
      {ErrorCode::kNotFound, fmt::format("service '{}' has no handler '{}'", service.name, name)});
}

}  // namespace

void ServiceRequests::handle(AdminRequest request) {
  const auto& parts = request.path.segments;
  const auto catalog = engine_.catalog().snapshot();
  const std::shared_ptr<HttpReply> reply = request.reply;
  if (parts.size() == 1) {
    reply->send(request.is("GET") ? ok_answer(list_view(*catalog))
                                  : admin_wrong_method_answer("GET"));
    return;
  }
  const auto found = catalog->find(parts[1]);
  if (found == catalog->end()) return reply->send(admin_error_answer(not_found(parts[1])));
  const actors::ServiceInfo& service = found->second;
  if (parts.size() == 2) {
    if (request.is("GET")) return reply->send(ok_answer(service_view(service)));
    if (request.is("PATCH")) return patch(std::move(request));
    return reply->send(admin_wrong_method_answer("GET, PATCH"));
  }
  if (parts[2] == "handlers" && parts.size() <= 4) {
    if (!request.is("GET")) return reply->send(admin_wrong_method_answer("GET"));
    return reply->send(parts.size() == 3 ? ok_answer(handlers_view(service))
                                         : handler_answer(service, parts[3]));
  }
  if (parts[2] == "openapi" && parts.size() == 3) {
    if (!request.is("GET")) return reply->send(admin_wrong_method_answer("GET"));
    return show_openapi(service, reply);
  }
  if (parts[2] == "state" && parts.size() == 3) {
    if (!request.is("POST")) return reply->send(admin_wrong_method_answer("POST"));
    if (service.kind == journal::ServiceKind::kService) {
      return reply->send(admin_error_answer(
          {ErrorCode::kInvalidArgument, fmt::format("service '{}' has no state", service.name)}));
    }
    return replace_state(std::move(request));
  }
  reply->send(admin_error_answer({ErrorCode::kNotFound, "there is no such path under /services"}));
}

// On the reader thread, as the schemas may be many.
void ServiceRequests::show_openapi(const actors::ServiceInfo& service,
                                   const std::shared_ptr<HttpReply>& reply) {
  const auto deployment = engine_.catalog().deployment(service.deployment_id);
  const bool posted = reader_.post([this, reply, service, deployment](const std::atomic<bool>&) {
    const journal::DeclaredService* const declared =
        deployment == nullptr ? nullptr : deployment->deployment.service(service.name);
    reply->send(ok_answer(openapi_view(service, declared, ingress_endpoint_)));
  });
  if (!posted) reply->send(admin_error_answer({ErrorCode::kUnavailable, "too many requests wait"}));
}

void ServiceRequests::patch(AdminRequest request) {
  const std::shared_ptr<HttpReply> reply = request.reply;
  if (!says_json(request.http)) return reply->send(not_json_answer());
  Result<json::object> body = json_body(request.http);
  if (!body) return reply->send(admin_error_answer(body.error()));
  const auto posted = reader_.post([this, reply, service = request.path.segments[1],
                                    body = std::move(*body)](const std::atomic<bool>&) {
    if (!settings_->contains(service)) {
      auto stored = engine_.tables().settings(service);
      // Unreadable: private, as the server treats it; what is set now is written over it.
      if (!stored && stored.error().code() == ErrorCode::kCorruption) {
        stored = std::optional(journal::ServiceSettings{.is_public = false});
      }
      if (!stored) return reply->send(admin_error_answer(stored.error()));
      settings_->emplace(service, std::move(*stored).value_or(journal::ServiceSettings()));
    }
    Result<journal::ServiceSettings> settings = patched(settings_->at(service), body);
    if (!settings) return reply->send(admin_error_answer(settings.error()));
    settings_->insert_or_assign(service, *settings);
    engine_.set_service(service, *settings, [this, reply, service](Result<void> done) {
      if (!done) {
        // What is stored is not what was meant to be: read it again before the next change.
        (void)reader_.post([settings = settings_, service](const std::atomic<bool>&) {
          settings->erase(service);
        });
        return reply->send(admin_error_answer(done.error()));
      }
      const auto catalog = engine_.catalog().snapshot();
      const auto found = catalog->find(service);
      reply->send(found == catalog->end() ? admin_error_answer(not_found(service))
                                          : ok_answer(service_view(found->second)));
    });
  });
  if (!posted) reply->send(admin_error_answer({ErrorCode::kUnavailable, "too many requests wait"}));
}

void ServiceRequests::replace_state(AdminRequest request) {
  const std::shared_ptr<HttpReply> reply = request.reply;
  if (!says_json(request.http)) return reply->send(not_json_answer());
  Result<json::object> body = json_body(request.http);
  if (!body) return reply->send(admin_error_answer(body.error()));
  Result<NewState> state = parse_new_state(*body);
  if (!state) return reply->send(admin_error_answer(state.error()));
  engine_.replace_state(request.path.segments[1], std::move(state->object_key),
                        std::move(state->state), [reply](Result<void> done) {
                          reply->send(done ? accepted_answer() : admin_error_answer(done.error()));
                        });
}

}  // namespace holdfast::net
