#include "net/egress/remote/remote_handlers.h"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "net/http/outgoing/outgoing_http.h"
#include "tests/net/remote_attempt_stand.h"
#include "tests/support/manual_clock.h"

namespace holdfast::net {
namespace {

journal::Deployment deployment(std::uint8_t number, const std::string& uri) {
  journal::Deployment made;
  made.id.ulid.fill(number);
  made.uri = uri;
  made.http_version = journal::HttpVersion::kHttp2;
  made.protocol_version_min = 5;
  made.protocol_version_max = 7;
  journal::DeclaredService& service = made.services.emplace_back();
  service.name = "S" + std::to_string(number);
  service.handlers.emplace_back().name = "run";
  service.handlers.back().kind = journal::HandlerKind::kPlain;
  return made;
}

struct Fixture {
  boost::asio::io_context io;
  testing::ManualClock clock;
  actors::Catalog catalog{std::vector<actors::ServiceInfo>()};
  std::unique_ptr<OutgoingHttp> http = OutgoingHttp::create(io).value();
  RemoteHandlers handlers{
      std::make_shared<IoAttemptClock>(io), *http, catalog, nullptr, clock, "here"};
  attempt_stand::FakeHost host;

  ~Fixture() {
    handlers.stop();
    http->stop();
  }
  void open(const std::string& service) {
    journal::Invocation row;
    row.target = {journal::ServiceKind::kService, journal::HandlerKind::kPlain, service, "", "run"};
    BOOST_REQUIRE(handlers.open(row, host, [] {}).has_value());
  }
  std::weak_ptr<EndpointPool> pool_of(const std::string& uri) {
    return http->pool_for(parse_endpoint_address(uri, HttpVersion::kHttp2).value());
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(remote_handlers, Fixture)

BOOST_AUTO_TEST_CASE(the_pool_of_a_deployment_that_was_removed_is_let_go) {
  const journal::Deployment stays = deployment(1, "http://127.0.0.1:1");
  const journal::Deployment goes = deployment(2, "http://127.0.0.1:2");
  catalog.put(stays);
  catalog.put(goes);
  open("S1");
  open("S2");
  const auto first = pool_of(stays.uri), second = pool_of(goes.uri);
  BOOST_TEST(!first.expired());
  BOOST_TEST(!second.expired());

  catalog.remove(goes.id.text());
  open("S1");

  BOOST_TEST(!first.expired());
  BOOST_TEST(second.expired());
}

// They are made ready once, so what was made ready must not outlive what it was made of.
BOOST_AUTO_TEST_CASE(a_call_carries_the_headers_its_deployment_has_now_and_names_its_own_version) {
  struct Pools final : EndpointPools {
    std::shared_ptr<EndpointPool> pool_for(const EndpointAddress&) override { return pool; }
    const std::shared_ptr<attempt_stand::FakePool> pool =
        std::make_shared<attempt_stand::FakePool>();
  } pools;
  RemoteHandlers calls(std::make_shared<IoAttemptClock>(io), pools, catalog, nullptr, clock,
                       "here");
  const auto headers_of_call = [&](std::uint32_t version) {
    journal::Invocation row;
    row.target = {journal::ServiceKind::kService, journal::HandlerKind::kPlain, "S1", "", "run"};
    row.protocol_version = version;
    auto opened = std::move(calls.open(row, host, [] {})).value();
    opened.attempt->start({row, {journal::Entry{{}, journal::Input{}}}, 0, 0, false});
    return std::move(pools.pool->headers);
  };
  journal::Deployment one = deployment(1, "http://127.0.0.1:1");
  one.additional_headers = {{"X-Token", "old"}};
  catalog.put(one);
  for (const std::uint32_t version : {7u, 5u, 7u}) {
    const HttpHeaders sent = headers_of_call(version);
    const std::string type = "application/vnd.restate.invocation.v" + std::to_string(version);
    BOOST_TEST(find_header(sent, "content-type").value_or("") == type);
    BOOST_TEST(find_header(sent, "accept").value_or("") == type);
    BOOST_TEST(find_header(sent, "x-token").value_or("") == "old");
    BOOST_TEST(find_header(sent, kClusterNameHeader).value_or("") == "here");
  }

  one.additional_headers = {{"X-Token", "new"}};
  catalog.put(one);

  BOOST_TEST(find_header(headers_of_call(7), "x-token").value_or("") == "new");
  calls.stop();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
