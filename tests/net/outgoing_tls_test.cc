#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>

#include "tests/net/http_fixture.h"
#include "tests/net/outgoing_fixture.h"
#include "tests/net/test_authority.h"

namespace holdfast::net {
namespace {

using Kind = ExchangeFailure::Kind;

HttpServerOptions with(const TestAuthority::Files& files) {
  HttpServerOptions options;
  options.certificate_file = files.certificate;
  options.key_file = files.key;
  return options;
}

OutgoingOptions trusting(const TestAuthority& authority) {
  OutgoingOptions options;
  options.ca_file = authority.file();
  return options;
}

std::string uri(const std::string& host, const RunningServer& server) {
  return "https://" + host + ":" + std::to_string(server.port());
}

BOOST_AUTO_TEST_SUITE(outgoing_tls)

BOOST_AUTO_TEST_CASE(both_versions_work_over_tls_by_name_and_by_address) {
  const TestAuthority authority;
  RunningServer server(echo, with(authority.issue("DNS:localhost,IP:127.0.0.1")));
  RunningTransport transport(trusting(authority));
  const std::string large(200000, 'x');

  for (const HttpVersion version : {HttpVersion::kHttp2, HttpVersion::kHttp11}) {
    for (const std::string host : {"localhost", "127.0.0.1"}) {
      const auto pool = transport.pool(uri(host, server), version);
      BOOST_TEST(call(*pool, "/", "hello") == "200 hello");
      BOOST_TEST((call(*pool, "/", large) == "200 " + large));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_certificate_for_somebody_else_is_refused) {
  const TestAuthority authority;
  RunningServer server(echo, with(authority.issue("DNS:example.org,IP:127.0.0.2")));
  RunningTransport transport(trusting(authority));

  const std::string by_name = call(*transport.pool(uri("localhost", server)), "/");
  const std::string by_address = call(*transport.pool(uri("127.0.0.1", server)), "/");

  BOOST_TEST(by_name.find("its TLS certificate is not made out to localhost") != std::string::npos);
  BOOST_TEST(by_address.find("its TLS certificate is not made out to 127.0.0.1") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_certificate_of_an_unknown_authority_is_refused) {
  const TestAuthority trusted;
  const TestAuthority other;
  RunningServer server(echo, with(other.issue("DNS:localhost")));
  RunningTransport transport(trusting(trusted));
  RunningTransport system;

  const std::string answer = call(*transport.pool(uri("localhost", server)), "/");
  const std::string by_system = call(*system.pool(uri("localhost", server)), "/");

  BOOST_TEST(answer.find("its TLS certificate is not trusted") != std::string::npos);
  BOOST_TEST(by_system.find("its TLS certificate is not trusted") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_plain_endpoint_is_no_tls_endpoint) {
  RunningServer server(echo);
  RunningTransport transport;
  const auto events = std::make_shared<Recorder>();
  transport.pool(uri("localhost", server))->open("GET", "/", {}, events, {.body = ""});

  BOOST_TEST((events->wait_kind() == Kind::kNotConnected));
  BOOST_TEST(events->now().find("the TLS handshake failed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_of_authorities_that_cannot_be_read_is_named) {
  boost::asio::io_context io;
  OutgoingOptions options;
  options.ca_file = "/no/such/file.pem";

  const auto made = OutgoingHttp::create(io, options);

  BOOST_REQUIRE(!made.has_value());
  BOOST_TEST((made.error().code() == ErrorCode::kInvalidArgument));
  BOOST_TEST(made.error().message().find("/no/such/file.pem") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
