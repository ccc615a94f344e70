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

#include <optional>
#include <string>
#include <string_view>

#include "actors/catalog/catalog.h"
#include "journal/ids.h"
#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::net {

// Who is asked about, and what the caller called it: "run of workflow 'signup' with the
// key 'anna'". Empty: by its id.
struct AskTarget {
  journal::InvocationId id;
  std::string name;
};

// The run of a workflow. kNotFound: no such service. kInvalidArgument: it is no workflow. Whether
// the invocation exists is asked by none of these.
Result<AskTarget> workflow_target(const std::string& name, const std::string& key,
                                  const actors::CatalogSnapshot& catalog);

// The call that was made with that idempotency key. REQUIRES: a key exactly for keyed services.
AskTarget idempotent_target(std::string_view service, std::optional<std::string_view> key,
                            std::string_view handler, std::string_view idempotency_key);

// kInvalidArgument: not such a body. kNotFound: no such service or handler.
Result<AskTarget> parse_ask_target(BytesView body, const actors::CatalogSnapshot& catalog);

// `error` in the caller's words: who did not give the id does not know it.
Error in_words_of(const AskTarget& target, Error error);

}  // namespace holdfast::net
