#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <optional>

#include "net/http/client.h"
#include "net/server/server.h"
#include "tests/net/http_fixture.h"
#include "tests/support/log_capture.h"
#include "tests/support/temp_folder.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

// An endpoint that serves one service of that name.
class Endpoint {
 public:
  explicit Endpoint(const std::string& service)
      : server_([service](HttpRequest&&, std::shared_ptr<HttpReply> reply) {
          HttpResponse response;
          response.headers = {{"content-type", "application/vnd.restate.endpointmanifest.v4+json"}};
          response.body =
              R"({"protocolMode":"BIDI_STREAM","minProtocolVersion":5,"maxProtocolVersion":7,)"
              R"("services":[{"name":")" +
              service + R"(","ty":"SERVICE","handlers":[{"name":"greet"}]}]})";
          reply->send(std::move(response));
        }) {}
  std::string uri() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

 private:
  RunningServer server_;
};

struct Fixture {
  testing::TempFolder folder;
  std::unique_ptr<Server> server;
  std::optional<HttpClient> admin;

  Fixture() { start(); }

  void start() {
    Config config;
    config.data_folder = folder.path() + "/data";
    config.ingress = "127.0.0.1:0";
    config.admin = "127.0.0.1:0";
    auto started = Server::start(config, {});
    BOOST_TEST_CONTEXT((started ? "" : started.error().message())) {
      BOOST_REQUIRE(started.has_value());
    }
    server = std::move(started).value();
    const std::string url = server->admin_url();
    admin.emplace("127.0.0.1",
                  static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
  }
  void stop() {
    admin.reset();
    server.reset();
  }

  HttpResponse ask(std::string_view method, std::string_view target, BytesView body = {}) {
    return admin->request(method, target, {{"content-type", "application/json"}}, body).value();
  }
  std::string registered(const Endpoint& endpoint) {
    const HttpResponse response =
        ask("POST", "/deployments", "{\"uri\":\"" + endpoint.uri() + "\"}");
    BOOST_TEST_CONTEXT(response.body) { BOOST_REQUIRE(response.status == 201); }
    return std::string(json::parse(response.body).as_object().at("id").as_string());
  }
  // Writes into the store of a stopped server.
  void write(const storage::Batch& batch) {
    const auto opened = storage::open_data_folder(folder.path() + "/data");
    auto store = storage::RocksStore::open(opened->store_path(), {});
    BOOST_REQUIRE(store.has_value());
    BOOST_REQUIRE(storage::write_one(**store, batch, storage::Sync::kYes).has_value());
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(server_deployments, Fixture)

BOOST_AUTO_TEST_CASE(what_was_registered_over_http_is_there_after_a_restart) {
  const Endpoint endpoint("Hello");
  const std::string id = registered(endpoint);
  BOOST_TEST(ask("PATCH", "/services/Hello", R"({"public":false})").status == 200);

  stop();
  start();

  const HttpResponse response = ask("GET", "/services/Hello");
  BOOST_REQUIRE(response.status == 200);
  const json::object service = json::parse(response.body).as_object();
  BOOST_TEST(service.at("deployment_id").as_string() == id);
  BOOST_TEST(!service.at("public").as_bool());
  const HttpResponse again = ask("POST", "/deployments", "{\"uri\":\"" + endpoint.uri() + "\"}");
  BOOST_TEST(again.status == 200);
}

BOOST_AUTO_TEST_CASE(inv_11_a_deployment_that_cannot_be_read_stops_neither_the_server_nor_others) {
  testing::LogCapture log;
  const Endpoint good("Good");
  const Endpoint bad("Bad");
  const std::string good_id = registered(good);
  const std::string bad_id = registered(bad);
  stop();
  const auto raw = journal::DeploymentId::from_text(bad_id).value();
  storage::Batch batch;
  batch.put("d" + Bytes(reinterpret_cast<const char*>(raw.ulid.data()), 16), "nonsense");
  batch.put("cGood", "nonsense");
  write(batch);

  start();

  BOOST_TEST(
      log.contains("deployment unreadable, its services are unavailable deployment=" + bad_id));
  BOOST_TEST(ask("GET", "/services/Bad").status == 404);
  const HttpResponse shown = ask("GET", "/services/Good");
  BOOST_REQUIRE(shown.status == 200);
  // Its settings may have closed it.
  BOOST_TEST(!json::parse(shown.body).as_object().at("public").as_bool());
  const json::object list = json::parse(ask("GET", "/deployments").body).as_object();
  BOOST_TEST(list.at("deployments").as_array().size() == 1u);
  BOOST_TEST(list.at("unreadable").as_array().at(0).as_string() == bad_id);

  BOOST_TEST(ask("DELETE", "/deployments/" + bad_id + "?force=true").status == 202);
  registered(bad);
  BOOST_TEST(ask("GET", "/services/Bad").status == 200);
  BOOST_TEST(ask("PATCH", "/services/Good", R"({"public":true})").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
