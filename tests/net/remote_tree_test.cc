// A whole server and an endpoint that speaks version 7: what it waits for is a tree, and it is
// asked again when that is ready.

#include <atomic>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "journal/ids.h"
#include "net/protocol/restate/frame.h"
#include "net/protocol/restate/from_handler.h"
#include "net/protocol/restate/to_handler.h"
#include "tests/net/http_fixture.h"
#include "tests/net/server_fixture.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;
namespace restate = protocol::restate;
using restate::Version;

constexpr std::uint32_t kSleeps = 14;
constexpr std::uint32_t kAwakeables = 6;

// What a request of an attempt tells.
struct Told {
  std::size_t commands = 0;
  std::size_t notifications = 0;
};

Told read(BytesView body) {
  Told told;
  restate::FrameReader reader;
  for (;;) {
    const auto frame = reader.next(body);
    CHECK(frame.has_value(), "the engine sends frames");
    if (!*frame) return told;
    const auto message = restate::decode_to_handler(**frame, Version::k7);
    CHECK(message.has_value(), "and only what it may");
    if (std::holds_alternative<protocol::Command>(*message)) ++told.commands;
    if (std::holds_alternative<protocol::Notification>(*message)) ++told.notifications;
  }
}

// Waits for all of so many sleeps and awakeables, or for its cancellation.
class Endpoint {
 public:
  std::uint16_t port() const { return server_.port(); }
  int attempts() const { return attempts_; }
  // Requests that did not say which server asks.
  int nameless() const { return nameless_; }

 private:
  void answer(HttpRequest&& request, const std::shared_ptr<HttpReply>& reply) {
    HttpResponse response;
    if (find_header(request.headers, "x-restate-cluster-name") != "holdfast") ++nameless_;
    if (request.target == "/discover") {
      response.headers = {{"content-type", "application/vnd.restate.endpointmanifest.v3+json"}};
      response.body =
          R"({"minProtocolVersion":7,"maxProtocolVersion":7,"protocolMode":"REQUEST_RESPONSE",)"
          R"("services":[{"name":"All","ty":"SERVICE","handlers":[{"name":"run"}]}]})";
    } else {
      ++attempts_;
      response.headers = {{"content-type", restate::content_type(Version::k7)}};
      response.body = attempt(read(request.body));
    }
    reply->send(std::move(response));
  }

  static Bytes attempt(const Told& told) {
    Bytes said;
    const auto say = [&](const restate::FromHandler& message) {
      restate::append_from_handler(said, message, Version::k7);
    };
    if (told.notifications == kSleeps + kAwakeables) {
      say(restate::NewCommand{{{}, protocol::OutputCommand{Bytes("\"all\"")}}, false});
      say(restate::End());
      return said;
    }
    restate::Suspension suspension;
    restate::Future& all = suspension.awaiting.nested.emplace_back();
    all.combinator = protocol::WaitSet::Combinator::kFirstFailure;
    suspension.awaiting.combinator = protocol::WaitSet::Combinator::kAny;
    suspension.awaiting.signals = {protocol::kCancelSignal};
    const std::int64_t now = to_unix_millis(SystemClock().now());
    for (std::uint32_t id = 1; id <= kSleeps; ++id) {
      if (told.commands == 1) {
        say(restate::NewCommand{{{}, protocol::SleepCommand{now + 20 * (id % 5), id}}, false});
      }
      all.completions.push_back(id);
    }
    for (std::uint32_t i = 0; i < kAwakeables; ++i) {
      all.signals.push_back(protocol::kFirstAwakeable + i);
    }
    say(suspension);
    return said;
  }

  std::atomic<int> attempts_ = 0, nameless_ = 0;
  RunningServer server_{[this](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
    answer(std::move(request), reply);
  }};
};

struct Fixture : ServerFixture {
  Endpoint endpoint;

  Fixture() { add_deployment(endpoint.port()); }
  ~Fixture() { stop(); }

  HttpResponse ask(std::string_view method, const std::string& path, BytesView body = {}) {
    auto response = ServerFixture::ask(method, path, body);
    BOOST_REQUIRE(response.has_value());
    return std::move(*response);
  }
  journal::InvocationId send() {
    const HttpResponse response = ask("POST", "/All/run/send");
    BOOST_REQUIRE_MESSAGE(response.status == 202, response.body);
    return journal::InvocationId::from_text(
               json::parse(response.body).at("invocationId").as_string())
        .value();
  }
  void settle(const journal::InvocationId& id, std::uint32_t awakeable, const char* how) {
    const std::string name = journal::AwakeableId{id, protocol::kFirstAwakeable + awakeable}.text();
    BOOST_TEST(ask("POST", "/restate/awakeables/" + name + "/" + how, "\"x\"").status == 202);
  }
  void wait_until_parked(const journal::InvocationId& id) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      const auto response = admin->request("GET", "/invocations/" + id.text(), {}, {});
      BOOST_REQUIRE(response.has_value());
      if (response->body.find("\"suspended\"") != Bytes::npos) return;
    }
    BOOST_ERROR("it was not parked");
  }
  HttpResponse result_of(const journal::InvocationId& id) {
    return ask("GET", "/restate/invocation/" + id.text() + "/attach");
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(remote_tree, Fixture)

BOOST_AUTO_TEST_CASE(all_over_twenty_things_is_resumed_once) {
  const journal::InvocationId id = send();

  for (std::uint32_t i = 0; i < kAwakeables; ++i) settle(id, i, "resolve");

  BOOST_TEST(result_of(id).body == "\"all\"");
  BOOST_TEST(endpoint.attempts() == 2);
  BOOST_TEST(endpoint.nameless() == 0);
}

BOOST_AUTO_TEST_CASE(a_restart_in_between_resumes_nobody) {
  const journal::InvocationId id = send();
  wait_until_parked(id);
  for (std::uint32_t i = 1; i < kAwakeables; ++i) settle(id, i, "resolve");

  stop();
  start();
  settle(id, 0, "resolve");

  BOOST_TEST(result_of(id).body == "\"all\"");
  BOOST_TEST(endpoint.attempts() == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
