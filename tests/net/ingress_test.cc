#include "net/ingress/ingress.h"

#include <boost/test/unit_test.hpp>

#include "tests/net/fake_engine.h"
#include "tests/net/fake_reply.h"

namespace holdfast::net {
namespace {

class FixedClock final : public Clock {
 public:
  WallTime now() const override { return from_unix_millis(1'000'000); }
};

struct Fixture {
  FakeEngine engine;
  FixedClock clock;
  Ingress ingress{engine, clock};

  std::shared_ptr<FakeReply> ask(std::string method, std::string target, Bytes body = {},
                                 HttpHeaders headers = {}) {
    auto reply = std::make_shared<FakeReply>();
    ingress.handle({std::move(method), std::move(target), std::move(headers), std::move(body)},
                   reply);
    return reply;
  }
  HttpResponse answer(std::string method, std::string target, Bytes body = {},
                      HttpHeaders headers = {}) {
    const auto reply =
        ask(std::move(method), std::move(target), std::move(body), std::move(headers));
    BOOST_REQUIRE(reply->is_sent());
    return reply->wait();
  }
};

const HttpHeaders kJson = {{"content-type", "application/json"}};

actors::Finished finished(journal::Outcome outcome, std::string handler = "greet") {
  journal::Target target;
  target.service = "Greeter";
  target.handler = std::move(handler);
  return {some_id(), std::move(outcome), target, 0};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ingress, Fixture)

BOOST_AUTO_TEST_CASE(a_call_is_answered_when_it_has_finished) {
  const auto reply = ask("POST", "/Greeter/greet", "\"Ada\"", kJson);
  BOOST_REQUIRE(!reply->is_sent());
  BOOST_REQUIRE(engine.calls.size() == 1);
  BOOST_TEST(engine.calls[0].service == "Greeter");
  BOOST_TEST(engine.calls[0].handler == "greet");
  BOOST_TEST(engine.calls[0].body == "\"Ada\"");

  engine.waiting[0](finished(Bytes("\"hello\"")));

  BOOST_TEST(reply->wait().status == 200);
  BOOST_TEST(reply->wait().body == "\"hello\"");
}

BOOST_AUTO_TEST_CASE(headers_are_passed_on_but_for_ours) {
  ask("POST", "/Greeter/greet?x=1", "1",
      {{"host", "h"},
       {"connection", "close"},
       {"content-type", "application/json; charset=utf-8"},
       {"idempotency-key", "i"},
       {"idempotency-expires", "e"},
       {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
       {"x-mine", "1"}});

  BOOST_REQUIRE(engine.calls.size() == 1);
  const journal::Headers expected = {
      {"x-restate-ingress-path", "/Greeter/greet?x=1"},
      {"content-type", "application/json; charset=utf-8"},
      {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
      {"x-mine", "1"}};
  BOOST_TEST((engine.calls[0].headers == expected));
  BOOST_TEST(engine.calls[0].idempotency_key.value() == "i");
  BOOST_TEST(engine.calls[0].trace_parent ==
             "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
}

BOOST_AUTO_TEST_CASE(a_delayed_send_says_when) {
  const HttpResponse response = answer("POST", "/Counter/k/add/send?delay=10s", "1");

  BOOST_TEST(response.status == 202);
  BOOST_REQUIRE(engine.sends.size() == 1);
  BOOST_TEST(engine.sends[0].key.value() == "k");
  BOOST_TEST(engine.sends[0].not_before_unix_ms == 1'010'000);
}

BOOST_AUTO_TEST_CASE(a_client_that_goes_away_is_forgotten) {
  const auto reply = ask("POST", "/Greeter/ping");
  BOOST_TEST(engine.forgotten.empty());

  reply->abandon();

  BOOST_REQUIRE(engine.forgotten.size() == 1);
  BOOST_TEST(engine.forgotten[0] == 1u);
}

BOOST_AUTO_TEST_CASE(input_that_the_handler_does_not_take_is_refused) {
  BOOST_TEST(answer("POST", "/Greeter/greet", "", kJson).status == 400);
  BOOST_TEST(answer("POST", "/Greeter/greet", "1").status == 400);
  BOOST_TEST(answer("POST", "/Greeter/greet", "1", {{"content-type", "text/plain"}}).status == 400);
  BOOST_TEST(answer("POST", "/Greeter/ping", "1").status == 400);
  BOOST_TEST(engine.calls.empty());
  ask("POST", "/Greeter/raw", "1");
  ask("POST", "/Greeter/greet", "1", {{"content-type", "Application/JSON"}});
  BOOST_TEST(engine.calls.size() == 2);
}

BOOST_AUTO_TEST_CASE(a_private_handler_is_not_for_callers) {
  BOOST_TEST(answer("POST", "/Greeter/secret").status == 400);
  BOOST_TEST(answer("POST", "/Greeter/secret/send").status == 400);
}

BOOST_AUTO_TEST_CASE(a_workflow_run_takes_no_idempotency_key) {
  BOOST_TEST(answer("POST", "/Signup/a/run", "", {{"idempotency-key", "i"}}).status == 400);
  BOOST_TEST(answer("POST", "/Greeter/raw", "", {{"idempotency-key", ""}}).status == 400);
  BOOST_TEST(answer("POST", "/Greeter/raw", "", {{"idempotency-key", "\xff"}}).status == 400);
  BOOST_TEST(answer("POST", "/Greeter/raw", "", {{"x-restate-limit-key", "l"}}).status == 400);
}

BOOST_AUTO_TEST_CASE(a_second_workflow_call_is_a_conflict) {
  engine.finished = Error(ErrorCode::kConflict, "it is there");

  const HttpResponse response = answer("POST", "/Signup/a/run");

  BOOST_TEST(response.status == 409);
  BOOST_TEST(response.body.find("the workflow method was already invoked") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(output_is_not_ready_until_it_is) {
  const std::string path = "/restate/invocation/" + some_id().text() + "/output";
  BOOST_TEST(answer("GET", path).status == 470);
  engine.output_now = std::optional(finished(Bytes("\1"), "raw"));
  const HttpResponse response = answer("GET", path);
  BOOST_TEST(response.status == 200);
  BOOST_TEST(std::string(*response.header("content-type")) == "application/octet-stream");
  engine.output_now = Error(ErrorCode::kNotFound, "none");
  BOOST_TEST(answer("GET", path).status == 404);
}

BOOST_AUTO_TEST_CASE(lookup_names_the_id) {
  const HttpResponse response = answer("POST", "/restate/lookup",
                                       R"({"target":{"workflowName":"Signup","workflowKey":"a"}})");

  BOOST_TEST(response.status == 200);
  BOOST_TEST(response.body ==
             R"({"invocationId":")" + journal::workflow_run_id("Signup", "a").text() + "\"}");
  BOOST_TEST(answer("POST", "/restate/attach", "{").status == 400);
}

BOOST_AUTO_TEST_CASE(who_is_not_there_is_answered_with_the_words_of_the_request) {
  const std::string body = R"({"target":{"workflowName":"Signup","workflowKey":"ada"}})";
  const std::string words = "there is no run of workflow 'Signup' with the key 'ada', or no longer";
  engine.output_now = Error(ErrorCode::kNotFound, "by the id");
  for (const char* const path : {"/restate/output", "/restate/lookup"}) {
    const HttpResponse response = answer("POST", path, body);
    BOOST_TEST(response.status == 404);
    BOOST_TEST(response.body.find(words) != std::string::npos, response.body);
  }
  const auto attached = ask("POST", "/restate/attach", body);
  BOOST_REQUIRE(engine.waiting.size() == 1);
  engine.waiting[0](Error(ErrorCode::kNotFound, "by the id"));
  BOOST_TEST(attached->wait().status == 404);
  BOOST_TEST(attached->wait().body.find(words) != std::string::npos, attached->wait().body);
}

BOOST_AUTO_TEST_CASE(awakeables_and_signals_carry_the_body) {
  const std::string id = journal::AwakeableId{some_id(), 17}.text();
  BOOST_TEST(answer("POST", "/restate/awakeables/" + id + "/resolve", "\"yes\"").status == 202);
  BOOST_TEST(answer("POST", "/restate/a/" + id + "/reject", "too late").status == 202);
  BOOST_TEST(answer("POST", "/restate/invocation/" + some_id().text() + "/signal/go", "1").status ==
             202);

  BOOST_REQUIRE(engine.signals.size() == 3);
  BOOST_TEST(std::get<Bytes>(engine.signals[0].second.result) == "\"yes\"");
  BOOST_TEST(std::get<std::uint32_t>(engine.signals[0].second.of) == 17u);
  BOOST_TEST((std::get<journal::Failure>(engine.signals[1].second.result) ==
              journal::Failure{500, "too late", {}}));
  BOOST_TEST(std::get<std::string>(engine.signals[2].second.of) == "go");
}

BOOST_AUTO_TEST_CASE(a_signal_to_nobody_is_404_and_says_so) {
  engine.act_result = Error(ErrorCode::kNotFound, "none");
  const std::string id = journal::AwakeableId{some_id(), 17}.text();

  for (const std::string& path : {"/restate/awakeables/" + id + "/resolve",
                                  "/restate/invocation/" + some_id().text() + "/signal/go"}) {
    const HttpResponse response = answer("POST", path, "1");
    BOOST_TEST(response.status == 404);
    BOOST_TEST(response.body.find("nobody waits") != Bytes::npos);
    BOOST_TEST(response.body.find(some_id().text()) != Bytes::npos);
  }
}

BOOST_AUTO_TEST_CASE(health_lists_the_services) {
  const HttpResponse response = answer("GET", "/restate/health");

  BOOST_TEST(response.status == 200);
  BOOST_TEST(response.body == R"({"services":["Counter","Greeter","Signup"]})");
}

BOOST_AUTO_TEST_CASE(an_overloaded_engine_asks_for_patience) {
  engine.accepted = Error(ErrorCode::kUnavailable, "too much in flight");

  const HttpResponse response = answer("POST", "/Greeter/raw/send", "1");

  BOOST_TEST(response.status == 503);
  BOOST_TEST(std::string(*response.header("retry-after")) == "1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
