#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "net/admin/admin.h"
#include "net/admin/deployment_body.h"
#include "tests/net/fake_discovery.h"
#include "tests/net/fake_reply.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

constexpr const char* kA = "http://a:9080/";
constexpr const char* kNobody = "/deployments/dp_10000000000000000000001";
constexpr const char* kHello = R"([{"name":"Hello","ty":"SERVICE","handlers":[{"name":"greet"}]}])";

struct Fixture {
  FakeEngine engine;
  RegistryParts parts{engine};
  FakeDiscovery discovery;
  std::optional<Admin> admin;

  Fixture() {
    admin.emplace(engine, parts.registry, discovery, nullptr,
                  Admin::About{"0.1.0", "http://127.0.0.1:8080"});
    discovery.answers.emplace(kA, FakeDiscovery::endpoint(kHello));
  }
  ~Fixture() { parts.committer.stop(); }

  std::shared_ptr<FakeReply> ask(std::string method, std::string target, Bytes body = {}) {
    const auto reply = std::make_shared<FakeReply>();
    admin->handle({std::move(method),
                   std::move(target),
                   {{"content-type", "application/json"}},
                   std::move(body)},
                  reply);
    return reply;
  }
  HttpResponse answer(std::string method, std::string target, Bytes body = {}) {
    return ask(std::move(method), std::move(target), std::move(body))->wait();
  }
  int status(std::string method, std::string target, Bytes body = {}) {
    return answer(std::move(method), std::move(target), std::move(body)).status;
  }
  json::object body(const HttpResponse& response, int expected = 200) {
    BOOST_TEST_CONTEXT(response.body) { BOOST_REQUIRE(response.status == expected); }
    return json::parse(response.body).as_object();
  }
  // Registers what answers at `uri`; its id.
  std::string registered(const std::string& uri) {
    const auto response = answer("POST", "/deployments", R"({"uri":")" + uri + R"("})");
    return std::string(body(response, 201).at("id").as_string());
  }
  // Besides the code of this process.
  std::size_t listed() {
    return body(answer("GET", "/deployments")).at("deployments").as_array().size() - 1;
  }
  void expect_error(const HttpResponse& response, int status, std::string_view part,
                    std::string_view code = "") {
    BOOST_TEST_CONTEXT(response.body) {
      BOOST_TEST(response.status == status);
      const json::object error = json::parse(response.body).as_object();
      BOOST_TEST((std::string(error.at("message").as_string()).find(part) != std::string::npos));
      const bool has_code = error.contains("restate_code");
      BOOST_TEST((has_code ? std::string(error.at("restate_code").as_string()) : "") == code);
    }
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(deployment_requests, Fixture)

BOOST_AUTO_TEST_CASE(an_endpoint_is_registered_by_its_address) {
  const HttpResponse response =
      answer("POST", "/v3/deployments",
             R"({"uri":"HTTP://A:9080","use_http_11":false,"additional_headers":{"X-Key":"k"},
          "metadata":{"team":"t"},"force":null})");

  const json::object result = body(response, 201);
  const std::string id(result.at("id").as_string());
  BOOST_TEST(response.header("location").value() == "/deployments/" + id);
  BOOST_TEST(result.at("min_protocol_version").as_int64() == 5);
  BOOST_TEST(result.at("max_protocol_version").as_int64() == 7);
  BOOST_TEST(result.at("sdk_version").as_string() == "restate-sdk-typescript/1.17.2");
  BOOST_TEST(result.at("info").as_array().empty());
  const json::object& service = result.at("services").as_array().at(0).as_object();
  BOOST_TEST(service.at("name").as_string() == "Hello");
  BOOST_TEST(service.at("revision").as_int64() == 1);
  BOOST_TEST(service.at("deployment_id").as_string() == id);
  BOOST_TEST(service.at("handlers").as_array().size() == 1u);
  BOOST_REQUIRE(discovery.asked.size() == 1u);
  BOOST_TEST(discovery.asked[0].uri == kA);
  BOOST_TEST((discovery.asked[0].additional_headers == journal::Pairs{{"x-key", "k"}}));

  const json::object shown = body(answer("GET", "/services/Hello"));
  BOOST_TEST(shown.at("deployment_id").as_string() == id);
  BOOST_TEST(status("GET", "/services/Hello/handlers/greet") == 200);
}

BOOST_AUTO_TEST_CASE(deployments_are_listed_and_shown) {
  BOOST_TEST(listed() == 0u);
  const std::string id = registered(kA);

  const json::object list = body(answer("GET", "/deployments"));
  const json::object& row = list.at("deployments").as_array().at(1).as_object();
  BOOST_TEST(row.at("id").as_string() == id);
  BOOST_TEST(row.at("uri").as_string() == kA);
  BOOST_TEST(row.at("protocol_type").as_string() == "BidiStream");
  BOOST_TEST(row.at("http_version").as_string() == "HTTP/2.0");
  BOOST_TEST(row.at("created_at").as_string().ends_with("Z"));
  const json::object& service = row.at("services").as_array().at(0).as_object();
  BOOST_TEST(service.at("revision").as_int64() == 1);
  BOOST_TEST(!service.contains("handlers"));
  BOOST_TEST(!list.contains("unreadable"));

  const json::object one = body(answer("GET", "/deployments/" + id));
  BOOST_TEST(one.at("services").as_array().at(0).as_object().contains("handlers"));
  expect_error(answer("GET", kNobody), 404, "not found");
  BOOST_TEST(status("GET", "/deployments/nonsense") == 400);
  BOOST_TEST(status("GET", "/deployments/" + id + "/more") == 404);
  BOOST_TEST(status("POST", "/deployments/" + id) == 405);
  BOOST_TEST(status("DELETE", "/deployments") == 405);
}

BOOST_AUTO_TEST_CASE(the_code_of_this_process_is_shown_as_a_deployment_that_nobody_can_change) {
  const std::string id = "dp_10000000000000000000000";
  const std::string path = "/deployments/" + id;
  BOOST_TEST(body(answer("GET", "/services/Counter")).at("deployment_id").as_string() == id);

  const json::object list = body(answer("GET", "/deployments"));
  const json::object& row = list.at("deployments").as_array().at(0).as_object();
  BOOST_TEST(row.at("id").as_string() == id);
  BOOST_TEST(row.at("uri").as_string() == "http://embedded/");
  BOOST_TEST(row.at("created_at").as_string().starts_with("2"));
  BOOST_TEST(row.at("max_protocol_version").as_int64() == 7);
  BOOST_TEST(json::serialize(row.at("services").as_array().at(0)) ==
             R"({"name":"Counter","revision":1})");
  const json::object one = body(answer("GET", path));
  BOOST_TEST(one.at("services").as_array().size() == 3u);
  BOOST_TEST(one.at("services").as_array().at(0).as_object().contains("handlers"));

  expect_error(answer("DELETE", path + "?force=true"), 409, "code inside this server");
  expect_error(answer("PATCH", path, R"({"uri":"http://a:9080"})"), 409, "code inside this server");
  BOOST_TEST(status("POST", path) == 405);
  BOOST_TEST(discovery.asked.empty());
}

BOOST_AUTO_TEST_CASE(a_process_without_services_of_its_own_is_no_deployment) {
  FakeEngine bare{{}};
  RegistryParts its{bare};
  Admin alone{bare, its.registry, discovery, nullptr, {"0.1.0", ""}};
  const auto ask_it = [&](const char* target) {
    const auto reply = std::make_shared<FakeReply>();
    alone.handle({"GET", target, {}, {}}, reply);
    return reply->wait();
  };

  BOOST_TEST(body(ask_it("/deployments")).at("deployments").as_array().empty());
  expect_error(ask_it("/deployments/dp_10000000000000000000000"), 404, "not found");
  its.committer.stop();
}

BOOST_AUTO_TEST_CASE(the_same_again_is_200_and_other_code_is_409) {
  const std::string id = registered(kA);
  const std::string post = R"({"uri":"http://a:9080"})";

  const json::object again = body(answer("POST", "/deployments", post));
  BOOST_TEST(again.at("id").as_string() == id);

  discovery.answers.insert_or_assign(kA, FakeDiscovery::endpoint("[]"));
  expect_error(answer("POST", "/deployments", post), 409, "service 'Hello' is gone", "META0004");
  const json::object forced =
      body(answer("POST", "/deployments", R"({"uri":"http://a:9080/","force":true})"));
  BOOST_TEST(forced.at("id").as_string() == id);
  BOOST_TEST(forced.at("info").as_array().size() == 1u);  // It serves nothing.
  BOOST_TEST(status("GET", "/services/Hello") == 404);
}

BOOST_AUTO_TEST_CASE(by_force_the_same_again_is_the_next_revision) {
  const std::string id = registered(kA);
  const auto revision = [&](const char* fields) {
    const json::object again = body(answer(
        "POST", "/deployments", std::string(R"({"uri":"http://a:9080","force":true)") + fields));
    BOOST_TEST(again.at("id").as_string() == id);
    return again.at("services").at(0).at("revision").as_int64();
  };

  BOOST_TEST(revision(R"(,"dry_run":true})") == 2);
  BOOST_TEST(body(answer("GET", "/services/Hello")).at("revision").as_int64() == 1);
  BOOST_TEST(revision("}") == 2);
  BOOST_TEST(revision("}") == 3);
  BOOST_TEST(body(answer("GET", "/services/Hello")).at("revision").as_int64() == 3);
}

BOOST_AUTO_TEST_CASE(an_older_deployment_registered_again_says_which_one_is_newer) {
  registered(kA);
  discovery.answers.emplace("http://b/", FakeDiscovery::endpoint(kHello));
  const std::string b = registered("http://b/");

  const json::object again = body(answer("POST", "/deployments", R"({"uri":"http://a:9080"})"));

  const json::string message =
      again.at("info").as_array().at(0).as_object().at("message").as_string();
  BOOST_TEST((message.find(b) != json::string::npos));
}

BOOST_AUTO_TEST_CASE(breaking_changes_are_409_until_meant) {
  registered(kA);
  discovery.answers.emplace(
      "http://b/",
      FakeDiscovery::endpoint(R"([{"name":"Hello","ty":"SERVICE","handlers":[{"name":"x"}]}])"));
  expect_error(answer("POST", "/deployments", R"({"uri":"http://b"})"), 409,
               "service 'Hello' has no handler 'greet' any more", "META0006");
  body(answer("POST", "/deployments", R"({"uri":"http://b","breaking":true})"), 201);
}

BOOST_AUTO_TEST_CASE(a_dry_run_registers_nothing) {
  body(answer("POST", "/deployments", R"({"uri":"http://a:9080","dry_run":true})"), 201);

  BOOST_TEST(listed() == 0u);
  BOOST_TEST(status("GET", "/services/Hello") == 404);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_body_is_said) {
  const auto post = [&](std::string body) { return answer("POST", "/deployments", body); };
  expect_error(post(""), 400, "not JSON");
  expect_error(post("{"), 400, "not JSON");
  expect_error(post("[]"), 400, "JSON object");
  expect_error(post("{}"), 400, "field 'uri'");
  expect_error(post(R"({"uri":5})"), 400, "field 'uri'");
  for (const char* uri :
       {"", "a", "ftp://a", "http://", "http://a:0", "http://a:99999", "http://a?x=1", "http://a#x",
        "http://u:p@a", "http://a b", "unix:///tmp/s"}) {
    expect_error(post(std::string(R"({"uri":")") + uri + R"("})"), 400, "field 'uri'");
  }
  expect_error(post(R"({"uri":"http://a","forse":true})"), 400, "field 'forse': there is no such");
  expect_error(post(R"({"arn":"arn:aws:lambda:x"})"), 400, "field 'arn': it is not supported");
  expect_error(post(R"({"uri":"http://a","force":"yes"})"), 400, "field 'force'");
  const auto header = [&](const std::string& name, const std::string& value) {
    return post(R"({"uri":"http://a","additional_headers":{")" + name + "\":" + value + "}}");
  };
  expect_error(header("x", "1"), 400, "must be strings");
  expect_error(header("a b", "\"x\""), 400, "no header name");
  expect_error(header("x", R"("a\r\nb: c")"), 400, "control character");
  expect_error(header("Content-Length", "\"1\""), 400, "set by this server");
  expect_error(header("Host", "\"a\""), 400, "set by this server");
  expect_error(header("A\":\"1\",\"a", "\"1\""), 400, "there twice");
  BOOST_TEST(discovery.asked.empty());

  const auto reply = std::make_shared<FakeReply>();
  admin->handle({"POST", "/deployments", {{"content-type", "text/plain"}}, "{}"}, reply);
  BOOST_TEST(reply->wait().status == 415);
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_cannot_be_used_is_400_with_its_code) {
  const auto post = [&] { return answer("POST", "/deployments", R"({"uri":"http://b"})"); };
  expect_error(post(), 400, "refused", "META0003");
  Discovered html;
  html.manifest = "<html>";
  html.content_type = "text/html";
  discovery.answers.emplace("http://b/", html);
  expect_error(post(), 400, "content-type 'text/html'", "META0013");
  html.content_type = "application/vnd.restate.endpointmanifest.v4+json";
  discovery.answers.insert_or_assign("http://b/", html);
  expect_error(post(), 400, "not JSON", "META0013");
  discovery.answers.insert_or_assign("http://b/", FakeDiscovery::endpoint(kHello, 1, 4));
  expect_error(post(), 400, "a newer SDK is needed", "META0012");
  discovery.answers.insert_or_assign(
      "http://b/", FakeDiscovery::endpoint(R"([{"name":"Greeter","ty":"SERVICE","handlers":[]}])"));
  expect_error(post(), 409, "service 'Greeter' is code inside this server");
  BOOST_TEST(listed() == 0u);
}

BOOST_AUTO_TEST_CASE(an_endpoint_over_http_1_1_works_in_turns_and_that_is_said) {
  Discovered endpoint = FakeDiscovery::endpoint(kHello);
  endpoint.http_version = journal::HttpVersion::kHttp11;
  discovery.answers.insert_or_assign(kA, endpoint);

  const json::object result =
      body(answer("POST", "/deployments", R"({"uri":"http://a:9080","use_http_11":true})"), 201);

  BOOST_TEST(discovery.asked[0].use_http_11);
  BOOST_TEST(result.at("info").as_array().size() == 1u);
  const std::string id(result.at("id").as_string());
  BOOST_TEST(body(answer("GET", "/deployments/" + id)).at("http_version").as_string() ==
             "HTTP/1.1");
  BOOST_TEST(!engine.catalog().deployment(id)->deployment.bidirectional());
}

BOOST_AUTO_TEST_CASE(a_deployment_is_removed_only_by_force) {
  const std::string path = "/deployments/" + registered(kA);

  BOOST_TEST(status("DELETE", path) == 501);
  BOOST_TEST(status("DELETE", path + "?force=false") == 501);
  BOOST_TEST(status("GET", path) == 200);
  BOOST_TEST(status("DELETE", path + "?force=true") == 202);
  BOOST_TEST(status("GET", path) == 404);
  BOOST_TEST(status("GET", "/services/Hello") == 404);
  BOOST_TEST(status("DELETE", path + "?force=true") == 404);
  registered(kA);
}

BOOST_AUTO_TEST_CASE(a_deployment_is_moved_by_patch_and_put) {
  const std::string path = "/deployments/" + registered(kA);
  discovery.answers.emplace("http://b/x", FakeDiscovery::endpoint(kHello));

  for (const char* method : {"PATCH", "PUT"}) {
    const json::object dry = body(answer(method, path, R"({"uri":"http://b/x/","dry_run":true})"));
    BOOST_TEST(dry.at("uri").as_string() == "http://b/x");
    BOOST_TEST(body(answer("GET", path)).at("uri").as_string() == kA);
  }
  const json::object moved =
      body(answer("PATCH", path, R"({"uri":"http://b/x","additional_headers":{"k":"v"}})"));
  BOOST_TEST(moved.at("uri").as_string() == "http://b/x");
  BOOST_TEST(moved.at("additional_headers").as_object().at("k").as_string() == "v");
  BOOST_TEST((discovery.asked.back().additional_headers == journal::Pairs{{"k", "v"}}));

  discovery.answers.insert_or_assign("http://b/x", FakeDiscovery::endpoint("[]"));
  expect_error(answer("PATCH", path, "{}"), 409, "service 'Hello' is gone", "META0016");
  body(answer("PATCH", path, R"({"overwrite":true})"));
  BOOST_TEST(status("GET", "/services/Hello") == 404);

  expect_error(answer("PATCH", path, R"({"uri":"nowhere"})"), 400, "field 'uri'");
  expect_error(answer("PATCH", path, R"({"force":true})"), 400, "field 'force'");
  expect_error(answer("PATCH", path, R"({"uri":"http://c"})"), 400, "refused", "META0003");
  BOOST_TEST(status("PATCH", kNobody, "{}") == 404);
}

BOOST_AUTO_TEST_CASE(only_so_many_endpoints_are_asked_at_a_time) {
  discovery.hold = true;
  std::vector<std::shared_ptr<FakeReply>> replies;
  for (int i = 0; i < DeploymentRequests::kDiscoveriesMax; ++i) {
    replies.push_back(ask("POST", "/deployments", R"({"uri":"http://a:9080"})"));
  }
  const HttpResponse refused = answer("POST", "/deployments", R"({"uri":"http://a:9080"})");
  BOOST_TEST(refused.status == 503);
  BOOST_TEST(refused.header("retry-after").has_value());

  discovery.release();

  int created = 0;
  for (const auto& reply : replies) {
    const int status = reply->wait().status;
    BOOST_TEST((status == 200 || status == 201));
    created += status == 201;
  }
  BOOST_TEST(created == 1);
  BOOST_TEST(status("POST", "/deployments", R"({"uri":"http://a:9080"})") == 200);
}

BOOST_AUTO_TEST_CASE(addresses_have_one_form) {
  BOOST_TEST(normal_uri("HTTP://LocalHost:80").value() == "http://localhost/");
  BOOST_TEST(normal_uri("https://a:443/").value() == "https://a/");
  BOOST_TEST(normal_uri("http://a:9080/base/").value() == "http://a:9080/base");
  BOOST_TEST(normal_uri("http://[::1]:9080").value() == "http://[::1]:9080/");
  BOOST_TEST(!normal_uri("http://" + std::string(3000, 'a')).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
