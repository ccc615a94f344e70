#include "net/egress/manifest.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

namespace holdfast::net {
namespace {

namespace json = boost::json;
using journal::HandlerKind;
using journal::ServiceKind;

// As the TypeScript SDK 1.17.2 says it.
constexpr const char* kTypeScript =
    R"({"minProtocolVersion":5,"maxProtocolVersion":7,"protocolMode":"BIDI_STREAM","services":[
{"name":"O","ty":"VIRTUAL_OBJECT","handlers":[{"name":"add","ty":"EXCLUSIVE",
"input":{"required":false,"contentType":"application/json"},
"output":{"setContentTypeIfEmpty":false,"contentType":"application/json"}},
{"name":"get","ty":"SHARED","input":{"required":false,"contentType":"application/json"},
"output":{"setContentTypeIfEmpty":false,"contentType":"application/json"}}],"metadata":{}}]})";

// A manifest with one service, into which a test puts what it is about.
json::object with_service(const std::string& service) {
  return json::parse(
             R"({"minProtocolVersion":5,"maxProtocolVersion":7,"protocolMode":"BIDI_STREAM",)"
             R"("services":[)" +
             service + "]}")
      .as_object();
}
Result<Manifest> parse(const json::object& manifest) {
  return parse_manifest(json::serialize(manifest));
}
Result<Manifest> parse_service(const std::string& service) { return parse(with_service(service)); }
Result<Manifest> parse_handler(const std::string& handler, const std::string& ty = "SERVICE") {
  return parse_service(R"({"name":"S","ty":")" + ty + R"(","handlers":[)" + handler + "]}");
}

void expect_bad(const Result<Manifest>& result, std::string_view part) {
  BOOST_REQUIRE(!result.has_value());
  const std::string& message = result.error().message();
  BOOST_TEST_CONTEXT(message) {
    BOOST_TEST((result.error().code() == ErrorCode::kInvalidArgument));
    BOOST_TEST(message.starts_with("[META0013] the endpoint's manifest: "));
    BOOST_TEST((message.find(part) != std::string::npos));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(manifest)

BOOST_AUTO_TEST_CASE(what_the_typescript_sdk_says_is_understood) {
  const auto manifest = parse_manifest(kTypeScript);

  BOOST_REQUIRE(manifest.has_value());
  BOOST_TEST((manifest->mode == journal::ProtocolMode::kBidiStream));
  BOOST_TEST(manifest->protocol_version_min == 5u);
  BOOST_TEST(manifest->protocol_version_max == 7u);
  BOOST_REQUIRE(manifest->services.size() == 1u);
  const journal::DeclaredService& service = manifest->services[0];
  BOOST_TEST((service.kind == ServiceKind::kObject));
  BOOST_TEST((service.handler("add")->kind == HandlerKind::kExclusive));
  BOOST_TEST((service.handler("get")->kind == HandlerKind::kShared));
  BOOST_TEST(service.handler("add")->input_content_type == "application/json");
  BOOST_TEST(!service.handler("add")->input_required);
}

BOOST_AUTO_TEST_CASE(every_field_is_taken) {
  const auto manifest = parse_manifest(R"({"protocolMode":"REQUEST_RESPONSE",
    "minProtocolVersion":6,"maxProtocolVersion":99,"lambdaCompression":"zstd","services":[{
    "name":"a.b-c_1","ty":"WORKFLOW","documentation":"d","metadata":{"k":"v"},
    "inactivityTimeout":1,"abortTimeout":2,"journalRetention":3,"idempotencyRetention":4,
    "enableLazyState":true,"ingressPrivate":true,"retryPolicyInitialInterval":5,
    "retryPolicyMaxInterval":6,"retryPolicyMaxAttempts":7,"retryPolicyExponentiationFactor":1.5,
    "retryPolicyOnMaxAttempts":"KILL","handlers":[
      {"name":"run","workflowCompletionRetention":8,"input":{"required":true,"contentType":"a/b",
       "jsonSchema":{"type":"integer"}},"output":{"contentType":"c/d","setContentTypeIfEmpty":true,
       "jsonSchema":true}},
      {"name":"_0","ty":"SHARED","documentation":"h","metadata":{"x":"y"},
       "idempotencyRetention":9,"output":{}}]}]})");

  BOOST_REQUIRE(manifest.has_value());
  BOOST_TEST((manifest->mode == journal::ProtocolMode::kRequestResponse));
  const journal::DeclaredService& service = manifest->services[0];
  BOOST_TEST((service.kind == ServiceKind::kWorkflow));
  BOOST_TEST(service.documentation == "d");
  BOOST_TEST((service.metadata == journal::Pairs{{"k", "v"}}));
  BOOST_TEST(service.options.inactivity_timeout_ms.value() == 1);
  BOOST_TEST(service.options.abort_timeout_ms.value() == 2);
  BOOST_TEST(service.options.journal_retention_ms.value() == 3);
  BOOST_TEST(service.options.idempotency_retention_ms.value() == 4);
  BOOST_TEST(service.options.lazy_state.value());
  BOOST_TEST(service.options.ingress_private.value());
  BOOST_TEST(service.options.retry_initial_interval_ms.value() == 5);
  BOOST_TEST(service.options.retry_max_interval_ms.value() == 6);
  BOOST_TEST(service.options.retry_max_attempts.value() == 7u);
  BOOST_TEST(service.options.retry_factor.value() == 1.5);
  BOOST_TEST(service.options.kill_at_max_attempts.value());
  const journal::DeclaredHandler& run = *service.handler("run");
  BOOST_TEST((run.kind == HandlerKind::kRun));
  BOOST_TEST(run.options.workflow_retention_ms.value() == 8);
  BOOST_TEST(run.input_required);
  BOOST_TEST(run.input_content_type == "a/b");
  BOOST_TEST(run.input_schema == R"({"type":"integer"})");
  BOOST_TEST(run.output_content_type == "c/d");
  BOOST_TEST(run.content_type_if_empty);
  BOOST_TEST(run.output_schema == "true");
  const journal::DeclaredHandler& shared = *service.handler("_0");
  BOOST_TEST((shared.kind == HandlerKind::kShared));
  BOOST_TEST(shared.documentation == "h");
  BOOST_TEST(shared.options.idempotency_retention_ms.value() == 9);
  BOOST_TEST(shared.input_content_type == "*/*");
  BOOST_TEST(shared.output_content_type.empty());
}

BOOST_AUTO_TEST_CASE(null_is_the_same_as_absent) {
  const auto manifest = parse_handler(
      R"({"name":"h","ty":null,"documentation":null,"input":null,"output":null,"metadata":null,
          "inactivityTimeout":null,"workflowCompletionRetention":null,
          "retryPolicyOnMaxAttempts":null,"retryPolicyExponentiationFactor":null})");
  BOOST_REQUIRE(manifest.has_value());
  BOOST_TEST((manifest->services[0].handlers[0] == journal::DeclaredHandler{.name = "h"}));
}

BOOST_AUTO_TEST_CASE(kinds_of_handlers_have_the_defaults_of_their_service) {
  const auto kind = [](const std::string& ty) {
    return parse_handler(R"({"name":"h"})", ty).value().services[0].handlers[0].kind;
  };
  BOOST_TEST((kind("SERVICE") == HandlerKind::kPlain));
  BOOST_TEST((kind("VIRTUAL_OBJECT") == HandlerKind::kExclusive));
  BOOST_TEST((kind("WORKFLOW") == HandlerKind::kRun));
}

BOOST_AUTO_TEST_CASE(a_handler_of_a_service_is_plain_whatever_kind_its_sdk_names) {
  for (const std::string kind : {"SHARED", "EXCLUSIVE", "WORKFLOW"}) {
    const auto manifest = parse_handler(R"({"name":"h","ty":")" + kind + R"("})");
    BOOST_REQUIRE(manifest.has_value());
    BOOST_TEST((manifest->services[0].handlers[0].kind == HandlerKind::kPlain));
  }
  expect_bad(parse_handler(R"({"name":"h","ty":"PLAIN"})"), "field 'ty'");
}

BOOST_AUTO_TEST_CASE(kinds_that_do_not_go_together_are_refused) {
  expect_bad(parse_handler(R"({"name":"h","ty":"WORKFLOW"})", "VIRTUAL_OBJECT"),
             "service 'S', handler 'h', field 'ty'");
  expect_bad(parse_handler(R"({"name":"h","ty":"EXCLUSIVE"})", "WORKFLOW"), "field 'ty'");
  expect_bad(parse_handler(R"({"name":"h","ty":"exclusive"})", "VIRTUAL_OBJECT"),
             "one of EXCLUSIVE, SHARED, WORKFLOW is expected");
  expect_bad(parse_handler(R"({"name":"h","ty":5})", "VIRTUAL_OBJECT"), "field 'ty'");
  expect_bad(parse_handler(R"({"name":"h","ty":"SHARED"})", "WORKFLOW"), "this has 0");
  expect_bad(parse_handler(R"({"name":"a"},{"name":"b"})", "WORKFLOW"), "this has 2");
  expect_bad(parse_service(R"({"name":"S","ty":"OBJECT","handlers":[]})"),
             "service 'S', field 'ty'");
  expect_bad(parse_service(R"({"name":"S","handlers":[]})"), "service 'S', field 'ty'");
}

BOOST_AUTO_TEST_CASE(names_are_checked) {
  for (const char* name : {"", "1a", "_", "__", "a b", "a/b", "\\u00e4", "-a", ".a", "_-"}) {
    BOOST_TEST_CONTEXT(name) {
      expect_bad(
          parse_service(std::string(R"({"name":")") + name + R"(","ty":"SERVICE","handlers":[]})"),
          "field 'name'");
    }
  }
  for (const char* name : {"", "1a", "_", "a.b", "a-b"}) {
    BOOST_TEST_CONTEXT(name) {
      expect_bad(parse_handler(std::string(R"({"name":")") + name + R"("})"), "field 'name'");
    }
  }
  for (const char* name : {"a", "A.b-c_9", "_1", "_a.b"}) {
    BOOST_TEST(
        parse_service(std::string(R"({"name":")") + name + R"(","ty":"SERVICE","handlers":[]})")
            .has_value());
  }
  expect_bad(parse_handler(R"({"name":")" + std::string(256, 'a') + R"("})"), "field 'name'");
  BOOST_TEST(parse_handler(R"({"name":")" + std::string(255, 'a') + R"("})").has_value());
  expect_bad(parse_service(R"({"name":"restate","ty":"SERVICE","handlers":[]})"), "the ingress");
  expect_bad(parse_service(R"({"ty":"SERVICE","handlers":[]})"), "service 1, field 'name'");
  expect_bad(parse_service(R"({"name":7,"ty":"SERVICE","handlers":[]})"), "service 1, field");
  expect_bad(parse_handler("{}"), "service 'S', handler 1, field 'name'");
  expect_bad(parse_handler(R"({"name":"h"},{"name":"h"})"), "another one has it too");
  expect_bad(parse_service(R"({"name":"S","ty":"SERVICE","handlers":[]},)"
                           R"({"name":"S","ty":"SERVICE","handlers":[]})"),
             "another one has it too");
}

BOOST_AUTO_TEST_CASE(durations_are_whole_numbers_from_zero) {
  for (const char* field :
       {"inactivityTimeout", "abortTimeout", "journalRetention", "idempotencyRetention",
        "retryPolicyInitialInterval", "retryPolicyMaxInterval", "retryPolicyMaxAttempts"}) {
    for (const char* value : {"-1", "1.5", "\"1s\"", "true", "[]", "{}", "-1e300"}) {
      BOOST_TEST_CONTEXT(field << " " << value) {
        expect_bad(parse_handler(std::string(R"({"name":"h",")") + field + "\":" + value + "}"),
                   std::string("service 'S', handler 'h', field '") + field + "'");
        expect_bad(parse_service(std::string(R"({"name":"S","ty":"SERVICE","handlers":[],")") +
                                 field + "\":" + value + "}"),
                   std::string("service 'S', field '") + field + "'");
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_duration_beyond_a_thousand_years_is_for_ever) {
  for (const char* value : {"9223372036854775807", "18446744073709551615", "1e300"}) {
    const auto manifest =
        parse_handler(std::string(R"({"name":"h","journalRetention":)") + value + "}");
    BOOST_REQUIRE(manifest.has_value());
    BOOST_TEST(manifest->services[0].handlers[0].options.journal_retention_ms.value() ==
               ManifestLimits::kDurationMs);
  }
  const auto attempts = parse_handler(R"({"name":"h","retryPolicyMaxAttempts":99999999999})");
  BOOST_TEST(attempts.value().services[0].handlers[0].options.retry_max_attempts.value() ==
             UINT32_MAX);
}

BOOST_AUTO_TEST_CASE(the_other_options_are_checked) {
  const auto handler = [](const std::string& field) {
    return parse_handler(R"({"name":"h",)" + field + "}", "WORKFLOW");
  };
  expect_bad(handler(R"("enableLazyState":1)"), "field 'enableLazyState': true or false");
  expect_bad(handler(R"("ingressPrivate":"yes")"), "field 'ingressPrivate'");
  expect_bad(handler(R"("retryPolicyExponentiationFactor":0.5)"), "1 or more");
  expect_bad(handler(R"("retryPolicyExponentiationFactor":"2")"), "1 or more");
  expect_bad(handler(R"("retryPolicyOnMaxAttempts":"STOP")"), "one of PAUSE, KILL");
  expect_bad(handler(R"("documentation":1)"), "field 'documentation'");
  expect_bad(handler(R"("metadata":[])"), "field 'metadata'");
  expect_bad(handler(R"("metadata":{"a":1})"), "field 'metadata'");
  expect_bad(handler(R"("idempotencyRetention":1)"), "workflowCompletionRetention instead");
  expect_bad(handler(R"("input":[])"), "field 'input'");
  expect_bad(handler(R"("input":{"required":0})"), "input: field 'required'");
  expect_bad(handler(R"("input":{"contentType":"a\r\nb"})"), "field 'contentType'");
  expect_bad(handler(R"("input":{"schema":{}})"), "input: there is no field 'schema'");
  expect_bad(handler(R"("output":{"setContentTypeIfEmpty":"x"})"), "setContentTypeIfEmpty");
  expect_bad(parse_handler(R"({"name":"h","workflowCompletionRetention":1})"),
             "belongs to a WORKFLOW");
  expect_bad(parse_service(R"({"name":"S","ty":"SERVICE","handlers":[],)"
                           R"("workflowCompletionRetention":1})"),
             "there is no field 'workflowCompletionRetention'");
  expect_bad(handler(R"("timeout":1)"), "handler 'h', there is no field 'timeout'");
}

BOOST_AUTO_TEST_CASE(the_endpoint_itself_is_checked) {
  const auto with = [](const char* field, json::value value) {
    json::object manifest = with_service(R"({"name":"S","ty":"SERVICE","handlers":[]})");
    manifest[field] = std::move(value);
    return parse(manifest);
  };
  BOOST_TEST(with("lambdaCompression", nullptr).has_value());
  expect_bad(with("protocolMode", nullptr), "field 'protocolMode'");
  expect_bad(with("protocolMode", "BIDI"), "one of BIDI_STREAM, REQUEST_RESPONSE");
  expect_bad(with("services", nullptr), "field 'services': an array");
  expect_bad(with("services", json::object()), "field 'services': an array");
  expect_bad(with("services", json::array{1}), "service 1, an object");
  expect_bad(with("more", 1), "there is no field 'more'");
  expect_bad(with("lambdaCompression", "gzip"), "lambdaCompression");
  expect_bad(with("minProtocolVersion", nullptr), "minProtocolVersion");
  expect_bad(with("maxProtocolVersion", "7"), "maxProtocolVersion");
  expect_bad(with("minProtocolVersion", 0), "minProtocolVersion");
  expect_bad(with("minProtocolVersion", 8), "above maxProtocolVersion");
}

BOOST_AUTO_TEST_CASE(protocol_versions_must_overlap_with_ours) {
  const auto versions = [](int min, int max) {
    json::object manifest = with_service(R"({"name":"S","ty":"SERVICE","handlers":[]})");
    manifest["minProtocolVersion"] = min;
    manifest["maxProtocolVersion"] = max;
    return parse(manifest);
  };
  for (const auto& [min, max] : {std::pair(1, 5), {5, 5}, {7, 7}, {7, 100}, {1, 100}}) {
    BOOST_TEST(versions(min, max).has_value());
  }
  for (const auto& [min, max] : {std::pair(1, 4), {8, 9}}) {
    const auto result = versions(min, max);
    BOOST_REQUIRE(!result.has_value());
    BOOST_TEST(result.error().message().starts_with("[META0012] the endpoint speaks versions"));
  }
}

BOOST_AUTO_TEST_CASE(inv_11_what_is_no_manifest_is_refused) {
  expect_bad(parse_manifest(""), "not JSON");
  expect_bad(parse_manifest("<html><body>404</body></html>"), "not JSON");
  expect_bad(parse_manifest("[]"), "an object is expected");
  expect_bad(parse_manifest("null"), "an object is expected");
  expect_bad(parse_manifest(std::string(kTypeScript) + "x"), "not JSON");
  expect_bad(parse_manifest(std::string(kTypeScript).substr(0, 100)), "not JSON");
  expect_bad(parse_manifest("{\"a\":\"\xff\"}"), "not JSON");
  expect_bad(parse_manifest(std::string(1'000'000, '[')), "not JSON");
  expect_bad(parse_manifest(Bytes(ManifestLimits::kBytes + 1, ' ')), "longer than 8 MiB");
}

BOOST_AUTO_TEST_CASE(inv_11_a_manifest_cut_or_damaged_anywhere_never_stops_the_process) {
  const std::string whole = kTypeScript;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    BOOST_TEST(!parse_manifest(whole.substr(0, i)).has_value());
    for (const char c : {'"', '{', '}', '[', ',', '9', '\0', '\xff'}) {
      std::string damaged = whole;
      damaged[i] = c;
      (void)parse_manifest(damaged);
    }
  }
}

BOOST_AUTO_TEST_CASE(only_the_four_content_types_are_manifests) {
  for (const char n : {'1', '2', '3', '4'}) {
    const std::string type =
        std::string("application/vnd.restate.endpointmanifest.v") + n + "+json";
    BOOST_TEST(is_manifest_type(type));
    BOOST_TEST((manifest_types().find(type) != std::string_view::npos));
  }
  for (const char* type :
       {"", "application/json", "text/html", "application/vnd.restate.endpointmanifest.v5+json",
        "application/vnd.restate.endpointmanifest.v0+json",
        "application/vnd.restate.endpointmanifest.v10+json",
        "application/vnd.restate.endpointmanifest.v1+json; charset=utf-8"}) {
    BOOST_TEST(!is_manifest_type(type));
  }
}

BOOST_AUTO_TEST_CASE(a_schema_that_is_too_long_is_not_kept) {
  const auto with_schema = [](std::size_t length) {
    return parse_manifest(
        R"({"protocolMode":"BIDI_STREAM","minProtocolVersion":5,"maxProtocolVersion":6,"services":[{
        "name":"S","ty":"SERVICE","handlers":[{"name":"do","input":{"jsonSchema":")" +
        std::string(length, 'x') + R"("}}]}]})");
  };
  const std::size_t most = ManifestLimits::kSchemaBytes - 2;  // Its quotes count, too.

  BOOST_TEST(with_schema(most)->services[0].handler("do")->input_schema.size() == most + 2);
  BOOST_TEST(with_schema(most + 1)->services[0].handler("do")->input_schema.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
