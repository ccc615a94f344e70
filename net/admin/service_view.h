#pragma once
// Service view: services and their handlers as the admin API shows them, and the changes it takes.
// Pure.

#include <boost/json.hpp>

#include "actors/catalog/catalog.h"
#include "journal/tables/tables.h"
#include "storage/base/result.h"

namespace holdfast::net {

// Retentions, timeouts, retries and lazy state are those of every handler that does not show its
// own.
boost::json::object service_view(const actors::ServiceInfo& service);
boost::json::object pairs_view(const journal::Pairs& pairs);
boost::json::object handler_view(const actors::HandlerInfo& handler,
                                 const actors::ServiceInfo& service);

// Lays the fields of a PATCH body over `settings`: public, idempotency_retention,
// workflow_completion_retention, journal_retention, inactivity_timeout, abort_timeout. A null
// changes nothing. kInvalidArgument names the field; then nothing has changed.
Result<journal::ServiceSettings> patched(journal::ServiceSettings settings,
                                         const boost::json::object& patch);

}  // namespace holdfast::net
