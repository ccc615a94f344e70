#pragma once
// Request rules: what may stand in the head of a request going out, the same for both versions.

#include <string_view>

#include "net/http/outgoing/outgoing_exchange.h"

namespace holdfast::net {

// Null, or why the request cannot be said in HTTP: a method or header name that is no token, a path
// that does not begin with "/" or has a space or control character.
const char* request_problem(const OutgoingExchange::Request& request);

// Whether a header is sent on: not those that speak of the connection, the framing or the host.
// REQUIRES: lower case.
bool goes_with_request(std::string_view name);

// Whether each name is a token.
bool all_named(const HttpHeaders& headers);

void make_names_lower(HttpHeaders& headers);

}  // namespace holdfast::net
