#include <algorithm>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <utility>

#include "net/admin/openapi_view.h"
#include "net/ingress/routes.h"
#include "tests/net/admin_fixture.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

struct Fixture : AdminFixture {
  json::object document(const std::string& service) {
    const HttpResponse response = answer("GET", "/services/" + service + "/openapi");
    BOOST_REQUIRE(response.status == 200);
    return json::parse(response.body).as_object();
  }
};

std::set<std::string> paths_of(const json::object& document) {
  std::set<std::string> names;
  for (const auto& path : document.at("paths").as_object()) names.emplace(path.key());
  return names;
}

// Calls `visit` with every "$ref" in `value`.
template <class Visit>
void each_ref(const json::value& value, const Visit& visit) {
  if (const auto* const array = value.if_array()) {
    for (const json::value& item : *array) each_ref(item, visit);
  } else if (const auto* const object = value.if_object()) {
    for (const auto& [name, item] : *object) {
      if (name == "$ref") visit(std::string(item.as_string()));
      each_ref(item, visit);
    }
  }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(openapi, Fixture)

BOOST_AUTO_TEST_CASE(a_service_has_a_call_and_a_send_for_each_public_handler) {
  const json::object greeter = document("Greeter");

  BOOST_TEST(greeter.at("openapi").as_string() == "3.1.0");
  BOOST_TEST(greeter.at("info").as_object().at("title").as_string() == "Greeter");
  BOOST_TEST(greeter.at("servers").as_array()[0].at("url").as_string() == "http://127.0.0.1:8080");
  BOOST_TEST((paths_of(greeter) == std::set<std::string>{"/Greeter/greet", "/Greeter/greet/send",
                                                         "/Greeter/raw", "/Greeter/raw/send",
                                                         "/Greeter/ping", "/Greeter/ping/send"}));
  const json::object& greet = greeter.at("paths").at("/Greeter/greet").at("post").as_object();
  BOOST_TEST(greet.at("requestBody").at("required").as_bool());
  BOOST_TEST(greet.at("requestBody").at("content").as_object().contains("application/json"));
  BOOST_TEST(
      !greeter.at("paths").at("/Greeter/ping").at("post").as_object().contains("requestBody"));
  BOOST_TEST(greeter.at("paths")
                 .at("/Greeter/raw")
                 .at("post")
                 .at("responses")
                 .at("200")
                 .at("content")
                 .as_object()
                 .contains("application/octet-stream"));
}

BOOST_AUTO_TEST_CASE(a_workflow_is_asked_by_its_key) {
  const json::object signup = document("Signup");

  BOOST_TEST(
      (paths_of(signup) ==
       std::set<std::string>{"/Signup/{key}/run", "/Signup/{key}/run/send", "/Signup/{key}/approve",
                             "/Signup/{key}/approve/send", "/restate/workflow/Signup/{key}/attach",
                             "/restate/workflow/Signup/{key}/output"}));
}

// Each path is asked of the ingress with the method that it says.
BOOST_AUTO_TEST_CASE(every_path_is_one_that_the_ingress_takes) {
  for (const char* service : {"Greeter", "Counter", "Signup"}) {
    const json::object described = document(service);
    for (const auto& path : described.at("paths").as_object()) {
      std::string target(path.key());
      if (const auto at = target.find("{key}"); at != std::string::npos) {
        target.replace(at, 5, "some-key");
      }
      for (const auto& operation : path.value().as_object()) {
        std::string method(operation.key());
        std::transform(method.begin(), method.end(), method.begin(),
                       [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        const auto route = parse_route(method, target, *engine.catalog().snapshot());
        BOOST_TEST_CONTEXT(method << " " << target) {
          BOOST_REQUIRE(route.has_value());
          BOOST_TEST(!std::holds_alternative<WrongMethodRoute>(*route));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(operations_have_names_of_their_own_and_references_lead_somewhere) {
  for (const char* service : {"Greeter", "Counter", "Signup"}) {
    const json::value described = document(service);
    std::set<std::string> ids;
    for (const auto& path : described.at("paths").as_object()) {
      for (const auto& operation : path.value().as_object()) {
        BOOST_TEST(ids.emplace(operation.value().at("operationId").as_string().c_str()).second);
      }
    }
    each_ref(described, [&](const std::string& to) {
      boost::system::error_code missing;
      BOOST_TEST_CONTEXT(to) {
        BOOST_TEST(to.starts_with("#/components/"));
        BOOST_TEST((described.find_pointer(to.substr(1), missing) != nullptr));
      }
    });
  }
}

BOOST_AUTO_TEST_CASE(a_private_service_has_no_paths) {
  journal::ServiceSettings settings;
  settings.is_public = false;
  BOOST_REQUIRE(engine.catalog().apply("Counter", settings).has_value());

  BOOST_TEST(paths_of(document("Counter")).empty());
}

BOOST_AUTO_TEST_CASE(there_is_none_of_what_is_not_served) {
  BOOST_TEST(answer("GET", "/services/Nobody/openapi").status == 404);
  BOOST_TEST(answer("GET", "/services/Greeter/openapi/more").status == 404);
  BOOST_TEST(answer("POST", "/services/Greeter/openapi").status == 405);
}

BOOST_AUTO_TEST_CASE(schemas_that_the_endpoint_declared_are_components) {
  const auto snapshot = engine.catalog().snapshot();
  const actors::ServiceInfo& service = snapshot->at("Greeter");
  journal::DeclaredService declared;
  declared.name = "Greeter";
  journal::DeclaredHandler& greet = declared.handlers.emplace_back();
  greet.name = "greet";
  greet.input_schema = R"({"type":"object","properties":{"friend":{"$ref":"#/$defs/Person"},
      "$ref":{"type":"string"},"all":{"items":{"$ref":"#"}}},
      "$defs":{"Person":{"type":"object","properties":{"name":{"type":"string"}}}}})";
  greet.output_schema = "true";
  journal::DeclaredHandler& raw = declared.handlers.emplace_back();
  raw.name = "raw";
  raw.input_schema = R"({"$id":"https://example.org/raw","$ref":"#/$defs/Mine"})";
  raw.output_schema = "no JSON";

  const json::value document = openapi_view(service, &declared, "http://here");

  const json::object& schemas = document.at("components").at("schemas").as_object();
  const auto& call = document.at("paths").at("/Greeter/greet").at("post");
  BOOST_TEST(call.at("requestBody").at("content").at("application/json").at("schema").at("$ref") ==
             json::value("#/components/schemas/greet_input"));
  const json::value& input = schemas.at("greet_input");
  const std::string person = input.at("properties").at("friend").at("$ref").as_string().c_str();
  BOOST_TEST(person == "#/components/schemas/greet_input/$defs/Person");
  boost::system::error_code missing;
  BOOST_TEST((document.find_pointer(person.substr(1), missing) != nullptr));
  BOOST_TEST(input.at("properties").at("all").at("items").at("$ref") ==
             json::value("#/components/schemas/greet_input"));
  BOOST_TEST(schemas.at("greet_output") == json::value(true));
  BOOST_TEST(schemas.at("raw_input").at("$ref") == json::value("#/$defs/Mine"),
             "it names itself, so its references are right as they are");
  BOOST_TEST(!schemas.contains("raw_output"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
