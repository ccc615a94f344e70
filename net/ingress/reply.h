#pragma once
// Reply (8): what came of a request, as status, headers and body. The only place of the ingress
// that knows HTTP status codes. Pure.
//
// Every answer is open to scripts of any origin (CORS). An error says where it comes from: the
// handler
// ("invocation") or us ("ingress"), in its body and in x-restate-error-source.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/catalog/catalog.h"
#include "actors/engine.h"
#include "net/http/response.h"
#include "storage/base/result.h"

namespace holdfast::net {

// How to name the type of a handler's output.
struct OutputType {
  std::string content_type;
  bool if_empty = false;  // Also of an empty body.
};
OutputType output_type_of(const actors::HandlerInfo* handler);

// Whether to tell until when the result is kept.
enum class TellExpiry { kYes, kNo };

// 200 and the raw output, or the status of the handler's failure: its code where that is an error
// of HTTP (400 to 999), else 500.
HttpResponse finished_reply(actors::Finished finished, const OutputType& type, TellExpiry expiry);
// 202.
HttpResponse accepted_reply(const actors::Accepted& accepted);
// 470: there is an invocation, but no output yet.
HttpResponse not_ready_reply(const journal::InvocationId& id);
// 200.
HttpResponse lookup_reply(const journal::InvocationId& id);
HttpResponse health_reply(const std::vector<std::string>& services);
// 202, empty.
HttpResponse signalled_reply();
// 204; `asked_headers`: what the browser wants to send.
HttpResponse preflight_reply(std::optional<std::string_view> asked_headers);
// 405.
HttpResponse wrong_method_reply(std::string_view allowed);
// The status of the error's code. kUnavailable and kShuttingDown ask the client to try again.
HttpResponse error_reply(const Error& error);
// An error of HTTP itself; see HttpServerOptions::error_response.
HttpResponse wire_error_reply(int status, std::string_view message);

}  // namespace holdfast::net
