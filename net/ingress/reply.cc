#include "net/ingress/reply.h"

#include <fmt/format.h>

#include <utility>

#include "net/ingress/error_status.h"
#include "net/ingress/json_text.h"
#include "storage/base/time_text.h"

namespace holdfast::net {
namespace {

constexpr int kOk = 200;
constexpr int kAccepted = 202;
constexpr int kNoContent = 204;
constexpr int kMethodNotAllowed = 405;
constexpr int kNotReady = 470;  // Restate's own: the invocation has no output yet.
constexpr int kInternal = 500;

constexpr const char* kJson = "application/json";
constexpr const char* kOfIngress = "ingress";
constexpr const char* kOfInvocation = "invocation";

HttpResponse response(int status) {
  HttpResponse result;
  result.status = status;
  result.headers.reserve(6);
  result.headers.emplace_back("access-control-allow-origin", "*");
  result.headers.emplace_back("access-control-expose-headers", "*");
  return result;
}

HttpResponse json_response(int status, std::string body) {
  HttpResponse result = response(status);
  result.headers.emplace_back("content-type", kJson);
  result.body = std::move(body);
  return result;
}

HttpResponse failure_response(int status, std::string_view message, const char* source,
                              const std::vector<std::pair<std::string, std::string>>& metadata) {
  std::string body = fmt::format("{{\"code\":{},\"message\":", status);
  append_json(body, message);
  if (!metadata.empty()) {
    body += ",\"metadata\":{";
    for (const auto& [name, value] : metadata) {
      if (body.back() != '{') body.push_back(',');
      append_json(body, name);
      body.push_back(':');
      append_json(body, value);
    }
    body.push_back('}');
  }
  body += fmt::format(",\"source\":\"{}\"}}", source);
  HttpResponse result = json_response(status, std::move(body));
  result.headers.emplace_back("x-restate-error-source", source);
  return result;
}

int status_of(const journal::Failure& failure) {
  return failure.code >= 400 && failure.code <= 999 ? failure.code : kInternal;
}

}  // namespace

OutputType output_type_of(const actors::HandlerInfo* handler) {
  if (handler == nullptr) return {kJson, false};  // Its code is gone since.
  return {handler->output_content_type, handler->content_type_if_empty};
}

HttpResponse finished_reply(actors::Finished finished, const OutputType& type, TellExpiry expiry) {
  HttpResponse result;
  if (auto* value = std::get_if<Bytes>(&finished.outcome)) {
    result = response(kOk);
    if (!type.content_type.empty() && (!value->empty() || type.if_empty)) {
      result.headers.emplace_back("content-type", type.content_type);
    }
    result.body = std::move(*value);
  } else {
    const auto& failure = std::get<journal::Failure>(finished.outcome);
    result = failure_response(status_of(failure), failure.message, kOfInvocation, failure.metadata);
  }
  result.headers.emplace_back("x-restate-id", finished.id.text());
  if (expiry == TellExpiry::kYes && finished.expires_at != 0) {
    result.headers.emplace_back("idempotency-expires", time_text(finished.expires_at));
  }
  return result;
}

HttpResponse accepted_reply(const actors::Accepted& accepted) {
  const std::string id = accepted.id.text();
  std::string body = fmt::format("{{\"invocationId\":\"{}\"", id);
  if (accepted.scheduled_start_at != 0) {
    body += fmt::format(",\"executionTime\":\"{}\"", time_text(accepted.scheduled_start_at));
  }
  body += fmt::format(",\"status\":\"{}\"}}", accepted.fresh ? "Accepted" : "PreviouslyAccepted");
  HttpResponse result = json_response(kAccepted, std::move(body));
  result.headers.emplace_back("x-restate-id", id);
  return result;
}

HttpResponse not_ready_reply(const journal::InvocationId& id) {
  HttpResponse result = wire_error_reply(kNotReady, "the invocation has no output yet");
  result.headers.emplace_back("x-restate-id", id.text());
  return result;
}

HttpResponse lookup_reply(const journal::InvocationId& id) {
  return json_response(kOk, fmt::format("{{\"invocationId\":\"{}\"}}", id.text()));
}

HttpResponse health_reply(const std::vector<std::string>& services) {
  std::string body = "{\"services\":[";
  for (const std::string& service : services) {
    if (body.back() != '[') body.push_back(',');
    append_json(body, service);
  }
  return json_response(kOk, body + "]}");
}

HttpResponse signalled_reply() { return response(kAccepted); }

HttpResponse preflight_reply(std::optional<std::string_view> asked_headers) {
  HttpResponse result = response(kNoContent);
  result.headers.emplace_back("access-control-allow-methods", "GET, POST");
  result.headers.emplace_back("access-control-allow-headers",
                              std::string(asked_headers.value_or("*")));
  result.headers.emplace_back("access-control-max-age", "600");
  return result;
}

HttpResponse wrong_method_reply(std::string_view allowed) {
  HttpResponse result =
      wire_error_reply(kMethodNotAllowed, fmt::format("this path takes {}", allowed));
  result.headers.emplace_back("allow", std::string(allowed));
  return result;
}

HttpResponse error_reply(const Error& error) {
  return wire_error_reply(status_of(error.code()), error.message());
}

HttpResponse wire_error_reply(int status, std::string_view message) {
  HttpResponse result = failure_response(status, message, kOfIngress, {});
  add_retry_after(result);
  return result;
}

}  // namespace holdfast::net
