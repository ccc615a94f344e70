#include "net/egress/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace holdfast::net {
namespace {

namespace json = boost::json;
using journal::DeclaredHandler;
using journal::DeclaredOptions;
using journal::DeclaredService;
using journal::HandlerKind;
using journal::ServiceKind;

constexpr std::string_view kTypes =
    "application/vnd.restate.endpointmanifest.v1+json, "
    "application/vnd.restate.endpointmanifest.v2+json, "
    "application/vnd.restate.endpointmanifest.v3+json, "
    "application/vnd.restate.endpointmanifest.v4+json";

Error bad(const std::string& message) {
  return {ErrorCode::kInvalidArgument, "[META0013] the endpoint's manifest: " + message};
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// ^([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9_]*$, where `more` may stand beside the last class.
bool is_name(std::string_view name, std::string_view more) {
  const std::size_t head = name.starts_with('_') ? 1 : 0;
  if (name.size() <= head || name.size() > ManifestLimits::kNameBytes) return false;
  if (!is_letter(name[head]) && !(head == 1 && is_digit(name[head]))) return false;
  return std::all_of(name.begin() + static_cast<long>(head), name.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || c == '_' || more.find(c) != more.npos;
  });
}

// One object of the manifest; `where` says which, for people: "service 'S', handler 'h', ".
class Fields {
 public:
  Fields(const json::object& object, std::string where)
      : object_(object), where_(std::move(where)) {}

  const std::string& where() const { return where_; }
  Error wrong(std::string_view field, std::string_view why) const {
    return bad(fmt::format("{}field '{}': {}", where_, field, why));
  }

  // A field that is absent and one that is null are the same.
  const json::value* find(std::string_view field) const {
    const json::value* const value = object_.if_contains(field);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  template <class Names>
  Result<void> only(const Names& known) const {
    for (const auto& [name, value] : object_) {
      if (std::find(std::begin(known), std::end(known), std::string_view(name)) ==
          std::end(known)) {
        return bad(fmt::format("{}there is no field '{:.64}'", where_, std::string_view(name)));
      }
    }
    return {};
  }

  Result<void> text(std::string_view field, std::string& to) const {
    const json::value* const value = find(field);
    if (value == nullptr) return {};
    if (!value->is_string()) return wrong(field, "a string is expected");
    to = std::string(value->get_string());
    return {};
  }

  Result<void> flag(std::string_view field, std::optional<bool>& to) const {
    const json::value* const value = find(field);
    if (value == nullptr) return {};
    if (!value->is_bool()) return wrong(field, "true or false is expected");
    to = value->get_bool();
    return {};
  }
  Result<void> flag(std::string_view field, bool& to) const {
    std::optional<bool> given;
    TRY(flag(field, given));
    to = given.value_or(to);
    return {};
  }

  // A whole number from 0; what is above `most` becomes `most`.
  template <class Number>
  Result<void> number(std::string_view field, std::uint64_t most, std::optional<Number>& to) const {
    const json::value* const value = find(field);
    if (value == nullptr) return {};
    std::uint64_t number = 0;
    if (value->is_int64() && value->get_int64() >= 0) {
      number = static_cast<std::uint64_t>(value->get_int64());
    } else if (value->is_uint64()) {
      number = value->get_uint64();
    } else if (value->is_double() && value->get_double() >= 0 &&
               value->get_double() == std::floor(value->get_double())) {
      // 1e3, or more than 64 bits.
      number = value->get_double() < 1e18 ? static_cast<std::uint64_t>(value->get_double()) : most;
    } else {
      return wrong(field, "a whole number, 0 or more, is expected");
    }
    to = static_cast<Number>(std::min(number, most));
    return {};
  }
  Result<void> duration(std::string_view field, std::optional<std::int64_t>& to) const {
    return number(field, static_cast<std::uint64_t>(ManifestLimits::kDurationMs), to);
  }

  Result<void> pairs(std::string_view field, journal::Pairs& to) const {
    const json::value* const value = find(field);
    if (value == nullptr) return {};
    if (!value->is_object()) return wrong(field, "an object of strings is expected");
    for (const auto& [name, text] : value->get_object()) {
      if (!text.is_string()) return wrong(field, "its values must be strings");
      to.emplace_back(std::string(name), std::string(text.get_string()));
    }
    return {};
  }

  // One of `words`: {text, value}; none when absent.
  template <class T, std::size_t n>
  Result<std::optional<T>> word(std::string_view field,
                                const std::pair<std::string_view, T> (&words)[n]) const {
    const json::value* const value = find(field);
    if (value == nullptr) return std::optional<T>();
    std::string expected;
    for (const auto& [text, meaning] : words) {
      if (value->is_string() && std::string_view(value->get_string()) == text) {
        return std::optional<T>(meaning);
      }
      expected += (expected.empty() ? "" : ", ") + std::string(text);
    }
    return wrong(field, "one of " + expected + " is expected");
  }

  // None when absent.
  Result<std::optional<Fields>> object(std::string_view field) const {
    const json::value* const value = find(field);
    if (value == nullptr) return std::optional<Fields>();
    if (!value->is_object()) return wrong(field, "an object is expected");
    return std::optional<Fields>(Fields(value->get_object(), fmt::format("{}{}: ", where_, field)));
  }

  Result<const json::array*> array(std::string_view field, std::size_t most) const {
    const json::value* const value = find(field);
    if (value == nullptr || !value->is_array()) return wrong(field, "an array is expected");
    if (value->get_array().size() > most) {
      return wrong(field, fmt::format("more than {} are too many", most));
    }
    return &value->get_array();
  }

 private:
  const json::object& object_;
  std::string where_;
};

constexpr std::string_view kEndpointFields[] = {
    "protocolMode", "minProtocolVersion", "maxProtocolVersion", "lambdaCompression", "services"};
constexpr std::string_view kOptionFields[] = {"inactivityTimeout",
                                              "abortTimeout",
                                              "journalRetention",
                                              "idempotencyRetention",
                                              "enableLazyState",
                                              "ingressPrivate",
                                              "retryPolicyInitialInterval",
                                              "retryPolicyMaxInterval",
                                              "retryPolicyMaxAttempts",
                                              "retryPolicyExponentiationFactor",
                                              "retryPolicyOnMaxAttempts"};
constexpr std::string_view kServiceFields[] = {"name", "ty", "documentation", "metadata",
                                               "handlers"};
constexpr std::string_view kHandlerFields[] = {
    "name", "ty", "documentation", "metadata", "input", "output", "workflowCompletionRetention"};
constexpr std::string_view kInputFields[] = {"required", "contentType", "jsonSchema"};
constexpr std::string_view kOutputFields[] = {"contentType", "setContentTypeIfEmpty", "jsonSchema"};

template <std::size_t n>
std::vector<std::string_view> with_options(const std::string_view (&fields)[n]) {
  std::vector<std::string_view> all(std::begin(fields), std::end(fields));
  all.insert(all.end(), std::begin(kOptionFields), std::end(kOptionFields));
  return all;
}

Result<DeclaredOptions> take_options(const Fields& fields) {
  static constexpr std::pair<std::string_view, bool> kEnds[] = {{"PAUSE", false}, {"KILL", true}};
  DeclaredOptions options;
  TRY(fields.duration("inactivityTimeout", options.inactivity_timeout_ms));
  TRY(fields.duration("abortTimeout", options.abort_timeout_ms));
  TRY(fields.duration("journalRetention", options.journal_retention_ms));
  TRY(fields.duration("idempotencyRetention", options.idempotency_retention_ms));
  TRY(fields.flag("enableLazyState", options.lazy_state));
  TRY(fields.flag("ingressPrivate", options.ingress_private));
  TRY(fields.duration("retryPolicyInitialInterval", options.retry_initial_interval_ms));
  TRY(fields.duration("retryPolicyMaxInterval", options.retry_max_interval_ms));
  TRY(fields.number("retryPolicyMaxAttempts", UINT32_MAX, options.retry_max_attempts));
  options.kill_at_max_attempts = TRY(fields.word("retryPolicyOnMaxAttempts", kEnds));
  if (const json::value* const factor = fields.find("retryPolicyExponentiationFactor")) {
    const double value = factor->is_number() ? factor->to_number<double>() : 0;
    if (!std::isfinite(value) || value < 1) {
      return fields.wrong("retryPolicyExponentiationFactor", "a number, 1 or more, is expected");
    }
    options.retry_factor = value;
  }
  return options;
}

// A content type as a header takes it.
Result<void> take_content_type(const Fields& fields, std::string& to) {
  TRY(fields.text("contentType", to));
  const bool printable =
      std::all_of(to.begin(), to.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (!printable || to.size() > ManifestLimits::kNameBytes) {
    return fields.wrong("contentType", "a content type is expected");
  }
  return {};
}

std::string take_schema(const Fields& fields) {
  const json::value* const schema = fields.find("jsonSchema");
  std::string text = schema == nullptr ? std::string() : json::serialize(*schema);
  return text.size() > ManifestLimits::kSchemaBytes ? std::string() : text;
}

Result<void> take_payloads(const Fields& fields, DeclaredHandler& handler) {
  if (const auto input = TRY(fields.object("input"))) {
    TRY(input->only(kInputFields));
    TRY(input->flag("required", handler.input_required));
    TRY(take_content_type(*input, handler.input_content_type));
    if (handler.input_content_type.empty()) handler.input_content_type = "*/*";
    handler.input_schema = take_schema(*input);
  }
  if (const auto output = TRY(fields.object("output"))) {
    TRY(output->only(kOutputFields));
    handler.output_content_type.clear();
    TRY(take_content_type(*output, handler.output_content_type));
    TRY(output->flag("setContentTypeIfEmpty", handler.content_type_if_empty));
    handler.output_schema = take_schema(*output);
  }
  return {};
}

Result<HandlerKind> take_kind(const Fields& fields, ServiceKind service) {
  static constexpr std::pair<std::string_view, HandlerKind> kKinds[] = {
      {"EXCLUSIVE", HandlerKind::kExclusive},
      {"SHARED", HandlerKind::kShared},
      {"WORKFLOW", HandlerKind::kRun}};
  const std::optional<HandlerKind> given = TRY(fields.word("ty", kKinds));
  switch (service) {
    case ServiceKind::kService:
      return HandlerKind::kPlain;  // It should have none; the Java SDK says SHARED all the same.
    case ServiceKind::kObject:
      if (given == HandlerKind::kRun) {
        return fields.wrong("ty", "a VIRTUAL_OBJECT has EXCLUSIVE and SHARED handlers");
      }
      return given.value_or(HandlerKind::kExclusive);
    case ServiceKind::kWorkflow:
      break;
  }
  if (given == HandlerKind::kExclusive) {
    return fields.wrong("ty", "a WORKFLOW has one WORKFLOW handler, and SHARED ones");
  }
  return given.value_or(HandlerKind::kRun);
}

// The object at `index`, with its name in `where`.
Result<Fields> named(const json::array& array, std::size_t index, std::string_view what,
                     const std::string& where) {
  const std::string place = fmt::format("{}{} {}, ", where, what, index + 1);
  if (!array[index].is_object()) return bad(place + "an object is expected");
  const json::object& object = array[index].get_object();
  const json::value* const name = object.if_contains("name");
  if (name == nullptr || !name->is_string()) {
    return Fields(object, place).wrong("name", "a string is expected");
  }
  return Fields(object,
                fmt::format("{}{} '{:.64}', ", where, what, std::string_view(name->get_string())));
}

Result<DeclaredHandler> take_handler(const Fields& fields, ServiceKind service) {
  static const std::vector<std::string_view> kKnown = with_options(kHandlerFields);
  TRY(fields.only(kKnown));
  DeclaredHandler handler;
  TRY(fields.text("name", handler.name));
  if (!is_name(handler.name, "")) {
    return fields.wrong("name",
                        "letters, digits and '_' are allowed, at most 255, a letter in front");
  }
  handler.kind = TRY(take_kind(fields, service));
  TRY(fields.text("documentation", handler.documentation));
  TRY(fields.pairs("metadata", handler.metadata));
  TRY(take_payloads(fields, handler));
  handler.options = TRY(take_options(fields));
  TRY(fields.duration("workflowCompletionRetention", handler.options.workflow_retention_ms));
  const bool is_run = handler.kind == HandlerKind::kRun;
  if (!is_run && handler.options.workflow_retention_ms.has_value()) {
    return fields.wrong("workflowCompletionRetention", "it belongs to a WORKFLOW handler");
  }
  if (is_run && handler.options.idempotency_retention_ms.has_value()) {
    return fields.wrong("idempotencyRetention",
                        "a WORKFLOW handler has workflowCompletionRetention instead");
  }
  return handler;
}

Result<void> take_handlers(const Fields& fields, DeclaredService& service) {
  const json::array* const handlers = TRY(fields.array("handlers", ManifestLimits::kHandlers));
  std::set<std::string> names;
  std::size_t runs = 0;
  for (std::size_t i = 0; i < handlers->size(); ++i) {
    const Fields one = TRY(named(*handlers, i, "handler", fields.where()));
    DeclaredHandler handler = TRY(take_handler(one, service.kind));
    if (!names.insert(handler.name).second) return one.wrong("name", "another one has it too");
    runs += handler.kind == HandlerKind::kRun ? 1 : 0;
    service.handlers.push_back(std::move(handler));
  }
  if (service.kind == ServiceKind::kWorkflow && runs != 1) {
    return fields.wrong(
        "handlers", fmt::format("a WORKFLOW has one handler of ty WORKFLOW, this has {}", runs));
  }
  return {};
}

Result<DeclaredService> take_service(const Fields& fields) {
  static const std::vector<std::string_view> kKnown = with_options(kServiceFields);
  static constexpr std::pair<std::string_view, ServiceKind> kKinds[] = {
      {"SERVICE", ServiceKind::kService},
      {"VIRTUAL_OBJECT", ServiceKind::kObject},
      {"WORKFLOW", ServiceKind::kWorkflow}};
  TRY(fields.only(kKnown));
  DeclaredService service;
  TRY(fields.text("name", service.name));
  if (!is_name(service.name, ".-")) {
    return fields.wrong(
        "name", "letters, digits, '_', '.' and '-' are allowed, at most 255, a letter in front");
  }
  if (service.name == "restate" || service.name == "openapi") {
    return fields.wrong("name", "the ingress has this path for itself");
  }
  const std::optional<ServiceKind> kind = TRY(fields.word("ty", kKinds));
  if (!kind.has_value()) {
    return fields.wrong("ty", "one of SERVICE, VIRTUAL_OBJECT, WORKFLOW is expected");
  }
  service.kind = *kind;
  TRY(fields.text("documentation", service.documentation));
  TRY(fields.pairs("metadata", service.metadata));
  service.options = TRY(take_options(fields));
  TRY(take_handlers(fields, service));
  return service;
}

Result<void> take_versions(const Fields& fields, Manifest& manifest) {
  std::optional<std::uint32_t> min, max;
  TRY(fields.number("minProtocolVersion", INT32_MAX, min));
  TRY(fields.number("maxProtocolVersion", INT32_MAX, max));
  for (const auto& [name, version] :
       {std::pair("minProtocolVersion", min), std::pair("maxProtocolVersion", max)}) {
    if (version.value_or(0) == 0) return fields.wrong(name, "a number, 1 or more, is expected");
  }
  if (*min > *max) return fields.wrong("minProtocolVersion", "it is above maxProtocolVersion");
  if (*max < kProtocolVersionMin || *min > kProtocolVersionMax) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("[META0012] the endpoint speaks versions {} to {} of the service "
                             "protocol, this server {} to {}: {}",
                             *min, *max, kProtocolVersionMin, kProtocolVersionMax,
                             *max < kProtocolVersionMin ? "a newer SDK is needed"
                                                        : "a newer server is needed"));
  }
  manifest.protocol_version_min = *min;
  manifest.protocol_version_max = *max;
  return {};
}

Result<Manifest> take_manifest(const Fields& fields) {
  static constexpr std::pair<std::string_view, journal::ProtocolMode> kModes[] = {
      {"BIDI_STREAM", journal::ProtocolMode::kBidiStream},
      {"REQUEST_RESPONSE", journal::ProtocolMode::kRequestResponse}};
  static constexpr std::pair<std::string_view, bool> kCompressions[] = {{"zstd", true}};
  Manifest manifest;
  // First: an SDK of another age may well have other fields.
  TRY(take_versions(fields, manifest));
  TRY(fields.only(kEndpointFields));
  const auto mode = TRY(fields.word("protocolMode", kModes));
  if (!mode.has_value()) {
    return fields.wrong("protocolMode", "one of BIDI_STREAM, REQUEST_RESPONSE is expected");
  }
  manifest.mode = *mode;
  (void)TRY(fields.word("lambdaCompression", kCompressions));
  const json::array* const services = TRY(fields.array("services", ManifestLimits::kServices));
  std::set<std::string> names;
  for (std::size_t i = 0; i < services->size(); ++i) {
    const Fields one = TRY(named(*services, i, "service", ""));
    DeclaredService service = TRY(take_service(one));
    if (!names.insert(service.name).second) return one.wrong("name", "another one has it too");
    manifest.services.push_back(std::move(service));
  }
  return manifest;
}

}  // namespace

bool is_manifest_type(std::string_view content_type) {
  constexpr std::string_view kBefore = "application/vnd.restate.endpointmanifest.v";
  constexpr std::string_view kAfter = "+json";
  return content_type.size() == kBefore.size() + 1 + kAfter.size() &&
         content_type.starts_with(kBefore) && content_type.ends_with(kAfter) &&
         content_type[kBefore.size()] >= '1' && content_type[kBefore.size()] <= '4';
}

std::string_view manifest_types() { return kTypes; }

Result<Manifest> parse_manifest(BytesView text) {
  if (text.size() > ManifestLimits::kBytes) {
    return bad(fmt::format("it is longer than {} MiB", ManifestLimits::kBytes >> 20));
  }
  json::parse_options options;
  options.max_depth = ManifestLimits::kDepth;
  boost::system::error_code failed;
  const json::value value =
      json::parse({text.data(), text.size()}, failed, json::storage_ptr(), options);
  if (failed) return bad("it is not JSON: " + failed.message());
  if (!value.is_object()) return bad("an object is expected");
  return take_manifest(Fields(value.get_object(), ""));
}

}  // namespace holdfast::net
