#include "net/admin/openapi_view.h"

#include <fmt/format.h>

#include <utility>

#include "net/admin/answer.h"
#include "net/admin/schema_view.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;
using actors::HandlerInfo;
using actors::ServiceInfo;

json::object reference(std::string_view to) {
  return {{"$ref", fmt::format("#/components/{}", to)}};
}

json::object content(std::string_view type, json::object media = {}) {
  return {{json_string(type), std::move(media)}};
}

json::object text_parameter(const char* name, const char* in, bool required,
                            const char* description) {
  return {{"name", name},
          {"in", in},
          {"required", required},
          {"description", description},
          {"schema", {{"type", "string"}}}};
}

json::object components() {
  const json::object text{{"type", "string"}};
  const json::object accepted{
      {"type", "object"},
      {"required", {"invocationId", "status"}},
      {"properties",
       {{"invocationId", text},
        {"executionTime", {{"type", "string"}, {"format", "date-time"}}},
        {"status", {{"type", "string"}, {"enum", {"Accepted", "PreviouslyAccepted"}}}}}}};
  const json::object error{
      {"type", "object"},
      {"required", {"code", "message", "source"}},
      {"properties",
       {{"code", {{"type", "integer"}}},
        {"message", text},
        {"metadata", {{"type", "object"}, {"additionalProperties", text}}},
        {"source", {{"type", "string"}, {"enum", {"ingress", "invocation"}}}}}}};
  return {
      {"schemas", {{"Accepted", accepted}, {"Error", error}}},
      {"parameters",
       {{"key", text_parameter("key", "path", true, "Names the object or the workflow run.")},
        {"idempotencyKey",
         text_parameter("idempotency-key", "header", false,
                        "Names the invocation: a repeated request gets the answer of the first.")},
        {"delay", text_parameter("delay", "query", false,
                                 "When to begin: ISO 8601 (PT5S) or friendly (10s).")}}},
      {"responses",
       {{"Accepted",
         {{"description", "It is stored, and will run."},
          {"content", content("application/json", {{"schema", reference("schemas/Accepted")}})}}},
        {"NotReady",
         {{"description", "There is no output yet."},
          {"content", content("application/json", {{"schema", reference("schemas/Error")}})}}},
        {"Error",
         {{"description", "The request is refused, or the handler failed."},
          {"content", content("application/json", {{"schema", reference("schemas/Error")}})}}}}}};
}

// Schemas of one service's handlers, as components of the document.
class Schemas {
 public:
  explicit Schemas(const journal::DeclaredService* declared) : declared_(declared) {}

  // A media type, with the schema of the handler's input or output if it declared one.
  json::object input(const HandlerInfo& handler) {
    const auto* const declared = find(handler);
    return declared == nullptr ? json::object() : media(handler, "input", declared->input_schema);
  }
  json::object output(const HandlerInfo& handler) {
    const auto* const declared = find(handler);
    return declared == nullptr ? json::object() : media(handler, "output", declared->output_schema);
  }
  void put_into(json::object& components) && {
    for (auto& [name, schema] : schemas_) components.insert_or_assign(name, std::move(schema));
  }

 private:
  const journal::DeclaredHandler* find(const HandlerInfo& handler) const {
    return declared_ == nullptr ? nullptr : declared_->handler(handler.name);
  }
  json::object media(const HandlerInfo& handler, std::string_view what, std::string_view text) {
    if (text.empty()) return {};
    const std::string name = fmt::format("{}_{}", handler.name, what);
    const std::string place = fmt::format("schemas/{}", name);
    auto schema = schema_view(text, fmt::format("#/components/{}", place));
    if (!schema.has_value()) return {};
    schemas_.insert_or_assign(json_string(name), std::move(*schema));
    return {{"schema", reference(place)}};
  }

  const journal::DeclaredService* const declared_;
  json::object schemas_;
};

json::object output(const HandlerInfo& handler, Schemas& schemas) {
  json::object response{{"description", "The output of the handler."}};
  if (!handler.output_content_type.empty()) {
    response["content"] = content(handler.output_content_type, schemas.output(handler));
  }
  return response;
}

json::object operation(const ServiceInfo& service, const HandlerInfo& handler,
                       std::string_view suffix, json::object responses) {
  responses["default"] = reference("responses/Error");
  json::object operation{{"operationId", json_string(handler.name + std::string(suffix))},
                         {"tags", json::array{json_string(service.name)}},
                         {"responses", std::move(responses)}};
  if (!handler.documentation.empty()) operation["description"] = json_string(handler.documentation);
  return operation;
}

// `extra` names one more parameter; empty for none.
json::object calling(json::object operation, const ServiceInfo& service, const HandlerInfo& handler,
                     std::string_view extra, Schemas& schemas) {
  json::array parameters;
  if (service.kind != journal::ServiceKind::kService)
    parameters.push_back(reference("parameters/key"));
  if (handler.kind != journal::HandlerKind::kRun) {
    parameters.push_back(reference("parameters/idempotencyKey"));
  }
  if (!extra.empty()) parameters.push_back(reference(fmt::format("parameters/{}", extra)));
  operation["parameters"] = std::move(parameters);
  if (!handler.input_forbidden) {
    operation["requestBody"] = {
        {"required", handler.input_required},
        {"content", content(handler.input_content_type, schemas.input(handler))}};
  }
  return {{"post", std::move(operation)}};
}

json::object asking(json::object operation) {
  operation["parameters"] = json::array{reference("parameters/key")};
  return {{"get", std::move(operation)}};
}

void put_paths(json::object& paths, const ServiceInfo& service, const HandlerInfo& handler,
               Schemas& schemas) {
  const bool keyed = service.kind != journal::ServiceKind::kService;
  const std::string path =
      fmt::format("/{}/{}{}", service.name, keyed ? "{key}/" : "", handler.name);
  paths[json_string(path)] =
      calling(operation(service, handler, "", {{"200", output(handler, schemas)}}), service,
              handler, "", schemas);
  paths[json_string(path + "/send")] =
      calling(operation(service, handler, "_send", {{"202", reference("responses/Accepted")}}),
              service, handler, "delay", schemas);
  if (handler.kind != journal::HandlerKind::kRun) return;
  const std::string run = fmt::format("/restate/workflow/{}/{{key}}", service.name);
  paths[json_string(run + "/attach")] =
      asking(operation(service, handler, "_attach", {{"200", output(handler, schemas)}}));
  paths[json_string(run + "/output")] = asking(
      operation(service, handler, "_output",
                {{"200", output(handler, schemas)}, {"470", reference("responses/NotReady")}}));
}

}  // namespace

json::object openapi_view(const ServiceInfo& service, const journal::DeclaredService* declared,
                          const std::string& ingress_endpoint) {
  json::object info{{"title", json_string(service.name)},
                    {"version", std::to_string(service.revision)}};
  if (!service.documentation.empty()) info["description"] = json_string(service.documentation);
  json::object paths;
  Schemas schemas(declared);
  for (const HandlerInfo& handler : service.handlers) {
    if (service.is_public && !handler.is_private) put_paths(paths, service, handler, schemas);
  }
  json::object parts = components();
  std::move(schemas).put_into(parts.at("schemas").as_object());
  return {{"openapi", "3.1.0"},
          {"info", std::move(info)},
          {"servers", json::array{json::object{{"url", json_string(ingress_endpoint)}}}},
          {"paths", std::move(paths)},
          {"components", std::move(parts)}};
}

}  // namespace holdfast::net
