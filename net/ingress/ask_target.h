#pragma once
// Ask target: the JSON body of POST /restate/{attach,output,lookup}, which says which invocation is
// meant.
//
//   {"target": {"type": "invocation", "invocationId"}}
//   {"target": {"type": "workflow", "workflowName", "workflowKey"}}
//   {"target": {"type": "idempotentInvocation", "service", "key"?, "handler", "idempotencyKey"}}
//
// The type may also stand as {"target": {"workflow": {...}}} or {"target": "workflow", ...}, or be
// left out where the fields tell it.

#include "actors/catalog/catalog.h"
#include "journal/ids.h"
#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::net {

// kInvalidArgument: not such a body. kNotFound: no such service or handler. Whether the invocation
// exists is not asked.
Result<journal::InvocationId> parse_ask_target(BytesView body,
                                               const actors::CatalogSnapshot& catalog);

}  // namespace holdfast::net
