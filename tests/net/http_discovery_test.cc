#include "net/egress/http_discovery.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>
#include <future>
#include <thread>

#include "net/egress/manifest.h"
#include "tests/net/http_fixture.h"
#include "tests/net/outgoing_fixture.h"

namespace holdfast::net {
namespace {

constexpr const char* kType = "application/vnd.restate.endpointmanifest.v3+json";

HttpResponse manifest_response(Bytes body = "{}") {
  HttpResponse response;
  response.headers = {{"content-type", kType}, {"x-restate-server", "sdk/1"}};
  response.body = std::move(body);
  return response;
}
HttpResponse status_response(int status) {
  HttpResponse response;
  response.status = status;
  response.body = "no";
  return response;
}

// An endpoint that answers one request after the other as told, the last answer again and again.
class Endpoint {
 public:
  explicit Endpoint(std::vector<HttpResponse> answers)
      : answers_(std::move(answers)),
        server_([this](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
          const std::lock_guard lock(mutex_);
          const std::size_t index = std::min(requests_.size(), answers_.size() - 1);
          requests_.push_back(std::move(request));
          reply->send(answers_[index]);
        }) {}

  std::string uri(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + path;
  }
  std::vector<HttpRequest> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  const std::vector<HttpResponse> answers_;
  std::mutex mutex_;
  std::vector<HttpRequest> requests_;  // By mutex_.
  RunningServer server_;               // Last: it uses the above.
};

void sign(HttpHeaders& headers, std::string_view path) {
  headers.emplace_back("x-signed", std::string(path));
}

struct Fixture {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::unique_ptr<OutgoingHttp> outgoing = std::move(OutgoingHttp::create(io)).value();
  HttpDiscovery discovery{
      io, *outgoing, sign, {std::chrono::milliseconds(5000), std::chrono::milliseconds(1), 3}};
  std::thread thread{[this] { io.run(); }};

  ~Fixture() { stop(); }
  void stop() {
    if (!thread.joinable()) return;
    boost::asio::post(io, [this] {
      outgoing->stop();
      work.reset();
    });
    thread.join();
  }

  std::future<Result<Discovered>> ask(HttpDiscovery& of, DiscoveryRequest request) {
    const auto done = std::make_shared<std::promise<Result<Discovered>>>();
    of.discover(std::move(request), [done](auto result) { done->set_value(std::move(result)); });
    return done->get_future();
  }
  Result<Discovered> discover(DiscoveryRequest request) {
    return ask(discovery, std::move(request)).get();
  }
};

void expect_error(const Result<Discovered>& result, std::string_view part) {
  BOOST_REQUIRE(!result.has_value());
  const std::string& message = result.error().message();
  BOOST_TEST_CONTEXT(message) {
    BOOST_TEST((result.error().code() == ErrorCode::kInvalidArgument));
    BOOST_TEST((message.find(part) != std::string::npos));
  }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(http_discovery, Fixture)

BOOST_AUTO_TEST_CASE(an_endpoint_is_asked_below_its_base_with_what_it_needs_to_hear) {
  Endpoint endpoint({manifest_response("{\"a\":1}")});

  const auto result = discover({endpoint.uri("/base"), false, {{"x-key", "k"}}});

  BOOST_REQUIRE(result.has_value());
  BOOST_TEST(result->manifest == "{\"a\":1}");
  BOOST_TEST(result->content_type == kType);
  BOOST_TEST(result->server == "sdk/1");
  BOOST_TEST((result->http_version == journal::HttpVersion::kHttp2));
  const HttpRequest request = endpoint.requests().at(0);
  BOOST_TEST(request.method == "GET");
  BOOST_TEST(request.target == "/base/discover");
  BOOST_TEST(request.header("accept").value() == manifest_types());
  BOOST_TEST(request.header("x-key").value() == "k");
  BOOST_TEST(request.header("x-signed").value() == "/discover");
}

BOOST_AUTO_TEST_CASE(http_1_1_is_spoken_when_wanted) {
  Endpoint endpoint({manifest_response()});

  const auto result = discover({endpoint.uri(), true, {}});

  BOOST_REQUIRE(result.has_value());
  BOOST_TEST((result->http_version == journal::HttpVersion::kHttp11));
  BOOST_TEST(endpoint.requests().at(0).target == "/discover");
}

BOOST_AUTO_TEST_CASE(what_may_pass_is_tried_again_and_the_rest_is_final) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    Endpoint endpoint({status_response(status), status_response(status), manifest_response()});
    BOOST_TEST(discover({endpoint.uri(), false, {}}).has_value());
    BOOST_TEST(endpoint.requests().size() == 3u);
  }
  for (const int status : {301, 400, 401, 404, 415}) {
    Endpoint endpoint({status_response(status), manifest_response()});
    expect_error(discover({endpoint.uri(), false, {}}), "status " + std::to_string(status));
    BOOST_TEST(endpoint.requests().size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_stays_away_is_given_up) {
  Endpoint endpoint({status_response(503)});
  expect_error(discover({endpoint.uri(), false, {}}), "[META0003]");
  BOOST_TEST(endpoint.requests().size() == 3u);

  std::uint16_t port = 0;
  { port = RunningServer(echo).port(); }
  expect_error(discover({"http://127.0.0.1:" + std::to_string(port) + "/", false, {}}),
               "[META0003] discovery failed: ");
  expect_error(discover({"http://does-not-exist.invalid/", false, {}}), "[META0003]");
  expect_error(discover({"nonsense", false, {}}), "endpoint address");
}

BOOST_AUTO_TEST_CASE(a_manifest_of_ten_megabytes_is_refused_over_both_versions) {
  Endpoint endpoint({manifest_response(Bytes(10 << 20, ' '))});
  for (const bool http_11 : {false, true}) {
    expect_error(discover({endpoint.uri(), http_11, {}}), "[META0013] the manifest of ");
    expect_error(discover({endpoint.uri(), http_11, {}}), "is longer than 8 MiB");
  }
  BOOST_TEST(endpoint.requests().size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_manifest_as_long_as_it_may_be_is_taken) {
  Endpoint endpoint({manifest_response(Bytes(ManifestLimits::kBytes, ' '))});
  BOOST_TEST(discover({endpoint.uri(), false, {}}).value().manifest.size() ==
             ManifestLimits::kBytes);
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_does_not_answer_or_drips_is_given_up_in_time) {
  HttpDiscovery impatient(io, *outgoing, {},
                          {std::chrono::milliseconds(300), std::chrono::milliseconds(1), 3});
  {  // No answer.
    std::vector<std::shared_ptr<HttpReply>> kept;
    RunningServer silent(
        [&](HttpRequest&&, std::shared_ptr<HttpReply> reply) { kept.push_back(std::move(reply)); });
    const std::string uri = "http://127.0.0.1:" + std::to_string(silent.port()) + "/";
    expect_error(ask(impatient, {uri, false, {}}).get(), "has not answered");
  }
  {  // A head, and the beginning of a body.
    RawServer dripping;
    const std::string uri = "http://127.0.0.1:" + std::to_string(dripping.port()) + "/";
    auto answer = ask(impatient, {uri, true, {}});
    RawPeer peer = dripping.accept();
    peer.receive_until("\r\n\r\n");
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx");
    expect_error(answer.get(), "has not answered");
    BOOST_TEST(peer.closed_by_peer());
  }
}

BOOST_AUTO_TEST_CASE(a_question_under_way_is_answered_when_the_transport_stops) {
  std::vector<std::shared_ptr<HttpReply>> kept;
  std::promise<void> asked;
  RunningServer silent([&](HttpRequest&&, std::shared_ptr<HttpReply> reply) {
    kept.push_back(std::move(reply));
    asked.set_value();
  });
  auto answer = ask(discovery, {"http://127.0.0.1:" + std::to_string(silent.port()), false, {}});
  asked.get_future().get();

  stop();

  BOOST_TEST((answer.get().error().code() == ErrorCode::kShuttingDown));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
