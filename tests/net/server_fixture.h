#pragma once
// ServerFixture: a whole server in the process of the test, with an ingress and an admin API of its
// own, that can be stopped and started again on what it stored.

#include <boost/test/unit_test.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http/client.h"
#include "net/server/server.h"
#include "tests/support/temp_folder.h"

namespace holdfast::net {

class ServerFixture {
 public:
  ServerFixture() { start(); }

  void start() {
    Config config;
    config.data_folder = folder_.path() + "/data";
    config.ingress = config.admin = "127.0.0.1:0";
    config.drain_ms = 0;
    auto started = Server::start(config, {});
    BOOST_REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().message()));
    server_ = std::move(started).value();
    ingress.emplace("127.0.0.1", port_of(server_->ingress_url()));
    admin.emplace("127.0.0.1", port_of(server_->admin_url()));
  }
  void stop() {
    ingress.reset();
    admin.reset();
    server_.reset();
  }

  // Registers the endpoint at that port.
  void add_deployment(std::uint16_t port) {
    const auto response =
        admin->request("POST", "/deployments", {{"content-type", "application/json"}},
                       "{\"uri\":\"http://127.0.0.1:" + std::to_string(port) + "\"}");
    BOOST_REQUIRE(response.has_value());
    BOOST_REQUIRE_MESSAGE(response->status == 201, response->body);
  }

  // Of the ingress; a body is JSON.
  Result<HttpResponse> ask(std::string_view method, const std::string& path, BytesView body = {}) {
    const HttpHeaders headers =
        body.empty() ? HttpHeaders() : HttpHeaders{{"content-type", "application/json"}};
    return ingress->request(method, path, headers, body);
  }

  // Both are there while it runs.
  std::optional<HttpClient> ingress, admin;

 private:
  static std::uint16_t port_of(const std::string& url) {
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }

  testing::TempFolder folder_;
  std::unique_ptr<Server> server_;
};

}  // namespace holdfast::net
