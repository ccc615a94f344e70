#include "net/admin/answer.h"

#include <fmt/format.h>

#include <utility>

#include "net/ingress/error_status.h"
#include "net/ingress/json_text.h"

namespace holdfast::net {
namespace {

constexpr int kOk = 200;
constexpr int kCreated = 201;
constexpr int kAccepted = 202;
constexpr int kForbidden = 403;
constexpr int kMethodNotAllowed = 405;
constexpr int kUnsupportedMediaType = 415;
constexpr int kUnprocessable = 422;
constexpr int kTooManyRequests = 429;
constexpr int kNotImplemented = 501;

HttpResponse response(int status, std::string_view content_type, Bytes body) {
  HttpResponse result;
  result.status = status;
  if (!body.empty()) result.headers.emplace_back("content-type", std::string(content_type));
  result.body = std::move(body);
  return result;
}

// META0004 of "[META0004] ..."; else empty.
std::string_view code_of(std::string_view message) {
  constexpr std::string_view kBefore = "[META";
  constexpr std::size_t kSize = 8;
  if (!message.starts_with(kBefore) || message.size() < kSize + 2 || message[kSize + 1] != ']') {
    return {};
  }
  const std::string_view code = message.substr(1, kSize);
  const bool is_number = code.find_first_not_of("0123456789", kBefore.size() - 1) == code.npos;
  return is_number ? code : std::string_view();
}

}  // namespace

HttpResponse ok_answer() { return response(kOk, "", ""); }

HttpResponse ok_answer(const boost::json::value& body) {
  return response(kOk, "application/json", boost::json::serialize(body));
}

HttpResponse text_answer(std::string_view content_type, Bytes body) {
  return response(kOk, content_type, std::move(body));
}

HttpResponse created_answer(const boost::json::value& body) {
  return response(kCreated, "application/json", boost::json::serialize(body));
}

HttpResponse accepted_answer() { return response(kAccepted, "", ""); }

HttpResponse admin_wire_error_answer(int status, std::string_view message) {
  std::string body = "{\"message\":";
  append_json(body, message);
  body.push_back('}');
  HttpResponse result = response(status, "application/json", std::move(body));
  add_retry_after(result);
  return result;
}

HttpResponse admin_error_answer(const Error& error) {
  HttpResponse result = admin_wire_error_answer(status_of(error.code()), error.message());
  const std::string_view code = code_of(error.message());
  if (!code.empty()) {
    result.body.pop_back();
    result.body += fmt::format(",\"restate_code\":\"{}\"}}", code);
  }
  return result;
}

HttpResponse foreign_host_answer(std::string_view host) {
  return admin_wire_error_answer(
      kForbidden,
      fmt::format("this port answers to an IP address or localhost, not to the name '{}'; use "
                  "one of these, or start the server with --admin-allow-remote",
                  host));
}

HttpResponse admin_wrong_method_answer(std::string_view allowed) {
  HttpResponse result =
      admin_wire_error_answer(kMethodNotAllowed, fmt::format("this path takes {}", allowed));
  result.headers.emplace_back("allow", std::string(allowed));
  return result;
}

HttpResponse not_json_answer() {
  return admin_wire_error_answer(kUnsupportedMediaType,
                                 "the body must be JSON, with content-type: application/json");
}

HttpResponse unprocessable_answer(std::string_view message) {
  return admin_wire_error_answer(kUnprocessable, message);
}

HttpResponse not_implemented_answer(std::string_view message) {
  return admin_wire_error_answer(kNotImplemented, message);
}

HttpResponse too_many_answer(std::string_view message) {
  return admin_wire_error_answer(kTooManyRequests, message);
}

boost::json::string json_string(std::string_view text) {
  const std::string clean = to_utf8(text);
  return boost::json::string(clean.data(), clean.size());
}

}  // namespace holdfast::net
