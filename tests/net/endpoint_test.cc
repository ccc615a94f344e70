#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include <holdfast/endpoint.h>
#include <holdfast/sdk.h>

#include "net/egress/identity.h"
#include "net/http/client.h"
#include "net/protocol/restate/command_codec.h"
#include "net/protocol/restate/completion_kinds.h"
#include "net/protocol/restate/from_handler.h"
#include "net/protocol/restate/notification_codec.h"
#include "net/protocol/restate/to_handler.h"
#include "tests/net/stream_client.h"

namespace holdfast::net {
namespace {

using namespace std::chrono_literals;
namespace restate = protocol::restate;

constexpr restate::Version kVersion = restate::Version::k7;
constexpr const char* kType = "application/vnd.restate.invocation.v7";
const HttpHeaders kHead = {{"content-type", kType}, {"accept", kType}};

// Closures wait at a gate until a test opens it.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

Task<std::string> greet(Context&, std::string name) { co_return "Hello, " + name + "!"; }

Task<int> three_steps(Context& ctx, int from) {
  int sum = from;
  for (int i = 0; i < 3; ++i) sum += co_await ctx.run("add", [] { return 1; });
  co_return sum;
}

Task<std::string> wait_long(Context& ctx) {
  co_await ctx.sleep(24h);
  co_return "woken";
}

Endpoint plan() {
  Endpoint endpoint;
  endpoint.bind(
      Service("Greeter")
          .handler("greet", greet, {.documentation = "Says hello."})
          .handler("three_steps", three_steps)
          .handler("wait_long", wait_long, {.inactivity_timeout = 5s, .lazy_state = true}));
  endpoint.drain_time(2s);
  return endpoint;
}

std::unique_ptr<RunningEndpoint> started(Endpoint endpoint) {
  Endpoint::Started made = endpoint.start("127.0.0.1", 0);
  BOOST_REQUIRE_MESSAGE(made.endpoint != nullptr, made.problem);
  return std::move(made.endpoint);
}

Bytes opening(std::string input) {
  restate::StartHead head;
  head.raw_id = Bytes(24, 'i');
  head.invocation_id = "inv_1lNf3nIQpAfe0HKpHcbEHXKintjhm75b0y";
  head.random_seed = 1;
  Bytes bytes;
  restate::append_start(bytes, head, kVersion);
  restate::append_command(bytes, {"", protocol::InputCommand{{}, std::move(input)}}, kVersion);
  return bytes;
}

std::vector<restate::FromHandler> messages_of(BytesView bytes) {
  restate::FrameReader reader;
  std::vector<restate::FromHandler> messages;
  while (auto frame = reader.next(bytes).value()) {
    messages.push_back(restate::decode_from_handler(*frame, kVersion).value());
  }
  BOOST_TEST(reader.at_boundary());
  return messages;
}

std::string output_of(BytesView bytes) {
  for (const restate::FromHandler& message : messages_of(bytes)) {
    const auto* command = std::get_if<restate::NewCommand>(&message);
    const auto* output =
        command == nullptr ? nullptr : std::get_if<protocol::OutputCommand>(&command->command.body);
    if (output != nullptr) return std::get<Bytes>(output->result);
  }
  return "none";
}

template <class Message>
std::optional<Message> last_of(BytesView bytes) {
  const auto messages = messages_of(bytes);
  if (messages.empty() || !std::holds_alternative<Message>(messages.back())) return std::nullopt;
  return std::get<Message>(messages.back());
}

struct Fixture {
  std::unique_ptr<RunningEndpoint> endpoint = started(plan());
  HttpClient client{"127.0.0.1", endpoint->port()};

  HttpResponse ask(std::string_view method, std::string_view path, const HttpHeaders& headers = {},
                   BytesView body = {}) {
    auto response = client.request(method, path, headers, body);
    BOOST_REQUIRE(response.has_value());
    return *response;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(endpoint, Fixture)

BOOST_AUTO_TEST_CASE(discovery_tells_what_is_served_in_the_version_asked_for) {
  const std::string type = "application/vnd.restate.endpointmanifest.v";
  const HttpResponse all = ask(
      "GET", "/base/discover",
      {{"accept", type + "1+json, " + type + "2+json, " + type + "3+json, " + type + "4+json"}});
  const HttpResponse first = ask("GET", "/discover", {{"accept", type + "1+json"}});

  BOOST_TEST(all.status == 200);
  BOOST_TEST(all.header("content-type").value() == type + "4+json");
  const auto manifest = boost::json::parse(all.body).as_object();
  BOOST_TEST(manifest.at("protocolMode").as_string() == "REQUEST_RESPONSE");
  BOOST_TEST(manifest.at("minProtocolVersion").as_int64() == 5);
  BOOST_TEST(manifest.at("maxProtocolVersion").as_int64() == 7);
  const auto& handlers = manifest.at("services").at(0).at("handlers").as_array();
  BOOST_TEST(handlers.at(0).at("documentation").as_string() == "Says hello.");
  BOOST_TEST(handlers.at(0).at("input").at("contentType").as_string() == "application/json");
  BOOST_TEST(handlers.at(2).at("inactivityTimeout").as_int64() == 5000);
  BOOST_TEST(handlers.at(2).at("enableLazyState").as_bool());
  BOOST_TEST(handlers.at(2).at("input").as_object().empty());
  BOOST_TEST(first.header("content-type").value() == type + "1+json");
  BOOST_TEST(first.body.find("inactivityTimeout") == std::string::npos);
  BOOST_TEST(first.body.find("enableLazyState") == std::string::npos);
  BOOST_TEST(first.body.find("documentation") == std::string::npos);
  BOOST_TEST(ask("GET", "/discover", {{"accept", type + "5+json"}}).status == 415);
  BOOST_TEST(ask("GET", "/discover", {{"accept", "text/html"}}).status == 415);
}

BOOST_AUTO_TEST_CASE(over_http2_the_manifest_offers_both_directions_at_once) {
  StreamClient streams(endpoint->port());

  const std::uint32_t stream = streams.open("GET", "/discover", {}, true);

  BOOST_TEST(streams.finish(stream).body.find("\"BIDI_STREAM\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_not_served_is_refused_with_a_reason) {
  BOOST_TEST(ask("GET", "/health").status == 200);
  BOOST_TEST(ask("GET", "/").status == 404);
  BOOST_TEST(ask("GET", "/invoke/Greeter/greet").status == 405);
  BOOST_TEST(ask("POST", "/discover").status == 405);
  BOOST_TEST(ask("POST", "/invoke/Greeter/nothing", kHead).status == 404);
  BOOST_TEST(ask("POST", "/invoke/Nobody/greet", kHead).status == 404);
  BOOST_TEST(ask("POST", "/invoke/Greeter/greet").status == 415);
  for (const char* type : {"application/vnd.restate.invocation.v4", "application/json",
                           "application/vnd.restate.invocation.v8"}) {
    BOOST_TEST(ask("POST", "/invoke/Greeter/greet", {{"content-type", type}}).status == 415);
  }
  BOOST_TEST(
      ask("POST", "/invoke/Greeter/greet", {{"content-type", kType}, {"accept", "text/plain"}})
          .status == 415);
  StreamClient streams(endpoint->port());
  const std::uint32_t stream = streams.open("POST", "/invoke/Greeter/nothing", kHead);
  const StreamClient::Answer& answer = streams.finish(stream);  // While the request is open.
  BOOST_TEST((answer.ended && !answer.is_200));
  BOOST_TEST(answer.body.find("no such service") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(over_http1_the_answer_is_whole) {
  const HttpResponse answer = ask("POST", "/base/invoke/Greeter/greet", kHead, opening("\"Ada\""));

  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.header("content-type").value() == kType);
  BOOST_TEST(output_of(answer.body) == "\"Hello, Ada!\"");
  BOOST_TEST(last_of<restate::End>(answer.body).has_value());

  const HttpResponse waits = ask("POST", "/invoke/Greeter/wait_long", kHead, opening(""));
  BOOST_TEST(last_of<restate::Suspension>(waits.body).has_value());
}

BOOST_AUTO_TEST_CASE(garbage_is_error_571_and_the_process_lives) {
  for (const std::string& body : {std::string(), std::string(100, '\xFF'), std::string("hello"),
                                  opening("1").substr(0, 20)}) {
    const HttpResponse answer = ask("POST", "/invoke/Greeter/greet", kHead, body);
    const auto failed = last_of<restate::HandlerError>(answer.body);
    BOOST_REQUIRE(failed.has_value());
    BOOST_TEST(failed->error.code == 571);
  }
  StreamClient streams(endpoint->port());
  const std::uint32_t stream = streams.open("POST", "/invoke/Greeter/greet", kHead);
  streams.write(stream, std::string(100, '\xFF'));
  BOOST_TEST(last_of<restate::HandlerError>(streams.finish(stream).body)->error.code == 571);
  streams.write(stream, "more", true);

  BOOST_TEST(output_of(ask("POST", "/invoke/Greeter/greet", kHead, opening("\"A\"")).body) ==
             "\"Hello, A!\"");
}

BOOST_AUTO_TEST_CASE(a_hundred_streams_at_once_each_get_their_acks_and_answers) {
  constexpr int kStreams = 100;
  StreamClient streams(endpoint->port());
  for (int i = 0; i < kStreams; ++i) {
    const std::uint32_t stream = streams.open("POST", "/invoke/Greeter/three_steps", kHead);
    streams.write(stream, opening(std::to_string(10 * i)));
  }
  std::map<std::uint32_t, std::size_t> acked;
  int ended = 0;

  while (ended < kStreams) {
    BOOST_REQUIRE(streams.receive());
    ended = 0;
    for (auto& [stream, answer] : streams.answers) {
      if (stream == 0) continue;
      ended += answer.ended ? 1 : 0;
      std::size_t proposals = 0;
      restate::FrameReader reader;
      BytesView bytes = answer.body;
      while (auto frame = reader.next(bytes).value()) {
        if (frame->type != restate::MessageType::kProposeRunCompletion) continue;
        const auto message = restate::decode_from_handler(*frame, kVersion).value();
        if (++proposals <= acked[stream]) continue;
        ++acked[stream];
        Bytes ack;
        restate::append_proposal_ack(ack, {std::get<restate::ProposeRun>(message).completion});
        streams.write(stream, ack);
      }
    }
  }

  for (int i = 0; i < kStreams; ++i) {
    BOOST_TEST(output_of(streams.answers[static_cast<std::uint32_t>(2 * i + 1)].body) ==
               std::to_string(10 * i + 3));
  }
}

BOOST_AUTO_TEST_CASE(a_blocked_handler_lives_on_notifications_and_is_suspended_at_half_close) {
  StreamClient streams(endpoint->port());
  const std::uint32_t woken = streams.open("POST", "/invoke/Greeter/wait_long", kHead);
  const std::uint32_t suspended = streams.open("POST", "/invoke/Greeter/wait_long", kHead);
  streams.write(woken, opening(""));
  streams.write(suspended, opening(""));
  streams.receive_bytes(woken, 9);

  Bytes completion;
  restate::append_completion(completion, {protocol::CompletionRef{1}, protocol::Void{}},
                             restate::CompletionKind::kSleep, kVersion);
  streams.write(woken, completion);
  streams.write(suspended, "", true);

  BOOST_TEST(output_of(streams.finish(woken).body) == "\"woken\"");
  BOOST_TEST(last_of<restate::Suspension>(streams.finish(suspended).body).has_value());
}

BOOST_AUTO_TEST_CASE(a_stop_suspends_who_waits_and_answers_nobody_else) {
  StreamClient streams(endpoint->port());
  const std::uint32_t stream = streams.open("POST", "/invoke/Greeter/wait_long", kHead);
  streams.write(stream, opening(""));
  streams.receive_bytes(stream, 9);

  std::thread stopping([this] { endpoint->stop(); });
  const StreamClient::Answer& answer = streams.finish(stream);
  streams.write(stream, "", true);
  while (streams.receive()) {
  }
  stopping.join();

  BOOST_TEST(answer.ended);
  BOOST_TEST(last_of<restate::Suspension>(answer.body).has_value());
  BOOST_TEST(streams.goaway);
  BOOST_TEST(!endpoint->closures_running());
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_takes_its_attempt_along_but_not_its_closure) {
  Gate gate;
  Endpoint blocking;
  blocking.bind(Service("Blocker").handler("block", [&gate](Context& ctx) -> Task<int> {
    co_return co_await ctx.run("wait", [&gate] {
      gate.pass();
      return 1;
    });
  }));
  blocking.drain_time(100ms);
  const auto blocker = started(std::move(blocking));
  StreamClient streams(blocker->port());
  const std::uint32_t stream = streams.open("POST", "/invoke/Blocker/block", kHead);
  streams.write(stream, opening(""));
  streams.receive_bytes(stream, 9);

  streams.reset(stream);
  const std::uint32_t again = streams.open("POST", "/invoke/Blocker/block", kHead);
  streams.write(again, opening(""));
  streams.receive_bytes(again, 9);
  streams.close();
  blocker->stop();

  BOOST_TEST(blocker->closures_running());
  gate.open();
  while (blocker->closures_running()) std::this_thread::yield();
}

BOOST_AUTO_TEST_CASE(only_who_signs_with_a_known_key_is_let_in) {
  IdentityKey key = IdentityKey::from_pem(
                        "-----BEGIN PRIVATE KEY-----\n"
                        "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                        "-----END PRIVATE KEY-----\n")
                        .value();
  Endpoint guarded = plan();
  guarded.identity_key(key.public_key());
  const auto guard = started(std::move(guarded));
  const Identity identity({key});
  HttpClient caller("127.0.0.1", guard->port());
  HttpHeaders signed_head = kHead;
  HttpHeaders signed_other = kHead;
  const WallTime now = SystemClock().now();
  BOOST_TEST(identity.sign("/invoke/Greeter/greet", "", now, signed_head).has_value());
  BOOST_TEST(identity.sign("/invoke/Greeter/wait_long", "", now, signed_other).has_value());
  const auto status = [&](std::string_view method, std::string_view path,
                          const HttpHeaders& headers) {
    return caller.request(method, path, headers, opening("\"Ada\""))->status;
  };

  BOOST_TEST(status("POST", "/base/invoke/Greeter/greet", signed_head) == 200);
  BOOST_TEST(status("POST", "/invoke/Greeter/greet", kHead) == 401);
  BOOST_TEST(status("POST", "/invoke/Greeter/greet", signed_other) == 401);
  BOOST_TEST(status("POST", "/invoke/Greeter/nothing", kHead) == 401);
  BOOST_TEST(status("GET", "/discover", {}) == 401);
  BOOST_TEST(status("GET", "/health", {}) == 200);
  StreamClient streams(guard->port());
  const std::uint32_t refused = streams.open("POST", "/invoke/Greeter/greet", kHead);
  BOOST_TEST(!streams.finish(refused).is_200);
  const std::uint32_t taken = streams.open("POST", "/invoke/Greeter/greet", signed_head);
  streams.write(taken, opening("\"Ada\""));
  BOOST_TEST(output_of(streams.finish(taken).body) == "\"Hello, Ada!\"");
}

BOOST_AUTO_TEST_CASE(a_plan_that_makes_no_sense_is_refused_in_one_sentence) {
  const auto problem_of = [](Endpoint endpoint, std::string host = "127.0.0.1") {
    const Endpoint::Started made = endpoint.start(host, 0);
    BOOST_TEST((made.endpoint == nullptr));
    return made.problem;
  };
  Endpoint twice = plan();
  twice.bind(Service("Greeter").handler("greet", greet));
  Endpoint no_key = plan();
  no_key.identity_key("secret");
  Endpoint no_file = plan();
  no_file.tls("/no/such.crt", "/no/such.key");

  BOOST_TEST(!problem_of(Endpoint()).empty());
  BOOST_TEST(problem_of(std::move(twice)).find("Greeter") != std::string::npos);
  BOOST_TEST(problem_of(std::move(no_key)).find("secret") != std::string::npos);
  BOOST_TEST(problem_of(std::move(no_file)).find("/no/such.crt") != std::string::npos);
  BOOST_TEST(!problem_of(plan(), "not an address").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
