#include "net/ingress/ask_target.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include "net/ingress/callee.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

Error wrong(std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("bad target: {}", why)};
}

Result<std::optional<std::string>> optional_text(const json::object& object, const char* name) {
  const json::value* const found = object.if_contains(name);
  if (found == nullptr || found->is_null()) return std::optional<std::string>();
  if (!found->is_string()) return wrong(fmt::format("'{}' must be a string", name));
  return std::optional<std::string>(std::string(found->get_string()));
}

Result<std::string> text(const json::object& object, const char* name) {
  std::optional<std::string> found = TRY(optional_text(object, name));
  if (!found.has_value() || found->empty()) return wrong(fmt::format("'{}' is missing", name));
  return std::move(*found);
}

Result<AskTarget> by_idempotency_key(const json::object& target,
                                     const actors::CatalogSnapshot& catalog) {
  const std::string service = TRY(text(target, "service"));
  const std::string handler = TRY(text(target, "handler"));
  const std::string idempotency_key = TRY(text(target, "idempotencyKey"));
  const std::optional<std::string> key = TRY(optional_text(target, "key"));
  const actors::ServiceInfo* const found = TRY(find_service(service, catalog));
  TRY(find_handler(*found, handler));
  if (is_keyed(*found) != key.has_value()) {
    return wrong(fmt::format("'{}' {} a key", service, is_keyed(*found) ? "needs" : "has not"));
  }
  return idempotent_target(service, key, handler, idempotency_key);
}

// What `target` calls itself: its field "type"; without one, the kind whose fields it has.
Result<std::string> kind_of(const json::object& target) {
  const std::optional<std::string> type = TRY(optional_text(target, "type"));
  if (type.has_value()) return *type;
  if (target.contains("invocationId")) return std::string("invocation");
  if (target.contains("workflowName")) return std::string("workflow");
  return std::string("idempotentInvocation");
}

}  // namespace

Result<AskTarget> workflow_target(const std::string& name, const std::string& key,
                                  const actors::CatalogSnapshot& catalog) {
  const actors::ServiceInfo* const service = TRY(find_service(name, catalog));
  if (service->kind != journal::ServiceKind::kWorkflow) {
    return Error(ErrorCode::kInvalidArgument, fmt::format("'{}' is not a workflow", name));
  }
  return AskTarget{journal::workflow_run_id(name, key),
                   fmt::format("run of workflow '{}' with the key '{}'", name, key)};
}

AskTarget idempotent_target(std::string_view service, std::optional<std::string_view> key,
                            std::string_view handler, std::string_view idempotency_key) {
  const std::string path = key.has_value() ? fmt::format("{}/{}/{}", service, *key, handler)
                                           : fmt::format("{}/{}", service, handler);
  return {journal::idempotent_id(service, key, handler, idempotency_key),
          fmt::format("call of '{}' with the idempotency key '{}'", path, idempotency_key)};
}

Error in_words_of(const AskTarget& target, Error error) {
  if (target.name.empty() || error.code() != ErrorCode::kNotFound) return error;
  return {ErrorCode::kNotFound, fmt::format("there is no {}, or no longer", target.name)};
}

Result<AskTarget> parse_ask_target(BytesView body, const actors::CatalogSnapshot& catalog) {
  boost::system::error_code failed;
  const json::value parsed = json::parse({body.data(), body.size()}, failed);
  if (failed) return wrong("the body is not JSON: " + failed.message());
  const json::value* target = &parsed;
  std::string kind;
  if (parsed.is_object()) {
    const json::object& object = parsed.get_object();
    if (const json::value* inner = object.if_contains("target"); inner != nullptr) target = inner;
    // {"target": "workflow", ...fields} says the same as {"target": {"type": "workflow", ...}}.
    if (target->is_string()) {
      kind = std::string(target->get_string());
      target = &parsed;
    }
  }
  if (!target->is_object()) return wrong("expected {\"target\":{...}}");
  const json::object* fields = &target->get_object();
  for (const char* name : {"invocation", "workflow", "idempotentInvocation"}) {
    // {"target": {"workflow": {...}}}
    const json::value* const inner = fields->if_contains(name);
    if (kind.empty() && inner != nullptr && inner->is_object()) {
      kind = name;
      fields = &inner->get_object();
      break;
    }
  }
  if (TRY(optional_text(*fields, "scope")).has_value()) return wrong("scopes are not supported");
  if (kind.empty()) kind = TRY(kind_of(*fields));
  if (kind == "invocation") {
    const std::string id = TRY(text(*fields, "invocationId"));
    return AskTarget{TRY(journal::InvocationId::from_text(id)), {}};
  }
  if (kind == "workflow") {
    const std::string name = TRY(text(*fields, "workflowName"));
    const std::string key = TRY(text(*fields, "workflowKey"));
    return workflow_target(name, key, catalog);
  }
  if (kind == "idempotentInvocation") return by_idempotency_key(*fields, catalog);
  return wrong(fmt::format("there is no kind '{}'", kind));
}

}  // namespace holdfast::net
