#pragma once
// Words: what the admin API and the SQL tables call things alike. Pure.

#include <string_view>

#include "journal/invocation.h"

namespace holdfast::net {

// service, virtual_object, workflow.
const char* word_of(journal::ServiceKind kind);
// ingress, service, restart_as_new.
const char* word_of(journal::Source source);
// The second of the four parts of a W3C traceparent; empty: it is none.
std::string_view trace_id_of(std::string_view trace_parent);

}  // namespace holdfast::net
