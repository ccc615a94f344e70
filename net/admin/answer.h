#pragma once
// Answer: what came of an operator's request, as HTTP. The only place of the admin API that knows
// status codes. Errors are {"message", "restate_code"?}.

#include <boost/json.hpp>
#include <optional>
#include <string_view>

#include "net/http/response.h"
#include "storage/base/result.h"

namespace holdfast::net {

// 200.
HttpResponse ok_answer();
HttpResponse ok_answer(const boost::json::value& body);
HttpResponse text_answer(std::string_view content_type, Bytes body);
// 201.
HttpResponse created_answer(const boost::json::value& body);
// 202: durable, and will be so soon.
HttpResponse accepted_answer();
// The status of the error's code. A code in brackets at the beginning of the message ([META0004])
// is the "restate_code".
HttpResponse admin_error_answer(const Error& error);
// 403: the request names a host that is not this machine; see host_rule.h.
HttpResponse foreign_host_answer(std::string_view host);
// 405.
HttpResponse admin_wrong_method_answer(std::string_view allowed);
// 415: a body that does not say it is JSON. It also keeps scripts of other origins out: a browser
// asks before it sends this type, and is told nothing.
HttpResponse not_json_answer();
// 422: the request is understood, but not for this kind of invocation.
HttpResponse unprocessable_answer(std::string_view message);
// 501.
HttpResponse not_implemented_answer(std::string_view message);
// 429, with retry-after.
HttpResponse too_many_answer(std::string_view message);
// An error of HTTP itself; see HttpServerOptions::error_response.
HttpResponse admin_wire_error_answer(int status, std::string_view message);

// Text of ours or of a user's as a JSON string; what is not UTF-8 in it is replaced.
boost::json::string json_string(std::string_view text);

}  // namespace holdfast::net
