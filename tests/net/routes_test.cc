#include "net/ingress/routes.h"

#include <boost/test/unit_test.hpp>

#include "net/ingress/ask_target.h"
#include "net/ingress/duration_text.h"
#include "storage/base/time_text.h"
#include "tests/net/fake_engine.h"

namespace holdfast::net {
namespace {

const actors::CatalogSnapshot& catalog() {
  static const auto snapshot = actors::Catalog(some_services()).snapshot();
  return *snapshot;
}

Result<Route> route(std::string_view method, std::string_view target) {
  return parse_route(method, target, catalog());
}

void expect_error(std::string_view target, ErrorCode code, std::string_view part,
                  std::string_view method = "POST") {
  const auto result = route(method, target);
  BOOST_TEST_CONTEXT(target) {
    BOOST_REQUIRE(!result.has_value());
    BOOST_TEST((result.error().code() == code));
    BOOST_TEST(result.error().message().find(part) != std::string::npos, result.error().message());
  }
}

template <class T>
T expect(std::string_view method, std::string_view target) {
  auto result = route(method, target);
  BOOST_TEST_CONTEXT(target) {
    BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().message()));
    BOOST_REQUIRE(std::holds_alternative<T>(*result));
  }
  return std::get<T>(std::move(*result));
}

constexpr const char* kId = "inv_1jp6uyMi2HLz2mqBc3VgkZqi8JKJzmLJH9";
constexpr const char* kAwakeable = "sign_1eB3fuOTZ2f2WQ703X6spJIRAJ3GsPi8XAAAAEQ";

}  // namespace

BOOST_AUTO_TEST_SUITE(routes)

BOOST_AUTO_TEST_CASE(a_service_is_called_without_a_key) {
  for (const char* target : {"/Greeter/greet", "/Greeter/greet/", "/restate/call/Greeter/greet"}) {
    const auto call = expect<CallRoute>("POST", target);

    BOOST_TEST(call.callee.service->name == "Greeter");
    BOOST_TEST(call.callee.handler->name == "greet");
    BOOST_TEST(!call.callee.key.has_value());
  }
}

BOOST_AUTO_TEST_CASE(an_object_is_called_with_a_decoded_key) {
  const auto call = expect<CallRoute>("GET", "/Counter/a%2Fb%20%C3%A9/add");

  BOOST_TEST(call.callee.key.value() == "a/b \xc3\xa9");
  BOOST_TEST(call.callee.handler->name == "add");
}

BOOST_AUTO_TEST_CASE(a_key_may_be_called_send) {
  BOOST_TEST(expect<CallRoute>("POST", "/Counter/send/add").callee.key.value() == "send");
  BOOST_TEST(expect<SendRoute>("POST", "/Counter/send/add/send").callee.key.value() == "send");
}

BOOST_AUTO_TEST_CASE(a_send_may_be_delayed) {
  BOOST_TEST(expect<SendRoute>("POST", "/Greeter/greet/send").delay_ms == 0);
  BOOST_TEST(expect<SendRoute>("POST", "/Greeter/greet/send?delay=PT5S").delay_ms == 5000);
  BOOST_TEST(expect<SendRoute>("POST", "/Counter/k/add/send?delay=1h+30m").delay_ms == 5'400'000);
  BOOST_TEST(expect<SendRoute>("POST", "/restate/send/Counter/k/add?delay=1%20day").delay_ms ==
             86'400'000);
}

BOOST_AUTO_TEST_CASE(a_call_may_not_be_delayed) {
  expect_error("/Greeter/greet?delay=10s", ErrorCode::kInvalidArgument, "only a send");
}

BOOST_AUTO_TEST_CASE(a_bad_delay_is_refused) {
  for (const char* delay : {"", "10", "soon", "-5s", "1month", "P1M", "PT", "P", "10s5", "s",
                            "99999999999999999999s", "PT5S3M", "P1H", "1.s"}) {
    expect_error("/Greeter/greet/send?delay=" + std::string(delay), ErrorCode::kInvalidArgument,
                 "bad delay");
  }
}

BOOST_AUTO_TEST_CASE(invocations_are_asked_by_id) {
  const auto attach =
      expect<AskRoute>("GET", "/restate/invocation/" + std::string(kId) + "/attach");
  BOOST_TEST((attach.ask == Ask::kAttach));
  BOOST_TEST((attach.target.id == some_id()));
  const auto output = expect<AskRoute>("GET", "/restate/output/" + std::string(kId));
  BOOST_TEST((output.ask == Ask::kOutput));
  BOOST_TEST((output.target.id == some_id()));
}

BOOST_AUTO_TEST_CASE(idempotent_calls_are_asked_by_their_key) {
  BOOST_TEST((expect<AskRoute>("GET", "/restate/invocation/Greeter/greet/i%2F1/attach").target.id ==
              journal::idempotent_id("Greeter", std::nullopt, "greet", "i/1")));
  BOOST_TEST((expect<AskRoute>("GET", "/restate/invocation/Counter/k/add/i1/output").target.id ==
              journal::idempotent_id("Counter", "k", "add", "i1")));
}

BOOST_AUTO_TEST_CASE(workflows_are_asked_by_their_key) {
  BOOST_TEST((expect<AskRoute>("GET", "/restate/workflow/Signup/ada/attach").target.id ==
              journal::workflow_run_id("Signup", "ada")));
  expect_error("/restate/workflow/Counter/ada/attach", ErrorCode::kInvalidArgument,
               "not a workflow", "GET");
}

BOOST_AUTO_TEST_CASE(who_is_not_there_is_named_as_the_caller_named_him) {
  const auto words = [](std::string_view target) {
    const Error missing(ErrorCode::kNotFound, "by the id");
    return in_words_of(expect<AskRoute>("GET", target).target, missing).message();
  };

  BOOST_TEST(words("/restate/workflow/Signup/ada/attach") ==
             "there is no run of workflow 'Signup' with the key 'ada', or no longer");
  BOOST_TEST(words("/restate/invocation/Counter/k/add/i1/output") ==
             "there is no call of 'Counter/k/add' with the idempotency key 'i1', or no longer");
  BOOST_TEST(words("/restate/invocation/Greeter/greet/i%2F1/attach") ==
             "there is no call of 'Greeter/greet' with the idempotency key 'i/1', or no longer");
  BOOST_TEST(words("/restate/output/" + std::string(kId)) == "by the id");
  const Error other(ErrorCode::kUnavailable, "wait");
  BOOST_TEST(in_words_of({some_id(), "a run"}, other).message() == "wait");
}

BOOST_AUTO_TEST_CASE(awakeables_are_resolved_and_rejected) {
  const std::string id = kAwakeable;
  const auto resolve = expect<SignalRoute>("POST", "/restate/awakeables/" + id + "/resolve");
  BOOST_TEST(std::get<std::uint32_t>(resolve.signal) == 17u);
  BOOST_TEST((resolve.verdict == Verdict::kResolve));
  const auto reject = expect<SignalRoute>("POST", "/restate/a/" + id + "/reject");
  BOOST_TEST((reject.verdict == Verdict::kReject));
}

BOOST_AUTO_TEST_CASE(named_signals_are_sent) {
  const std::string path = "/restate/invocation/" + std::string(kId) + "/signal/approved";
  BOOST_TEST(std::get<std::string>(expect<SignalRoute>("POST", path).signal) == "approved");
  BOOST_TEST((expect<SignalRoute>("POST", path + "/reject").verdict == Verdict::kReject));
}

BOOST_AUTO_TEST_CASE(the_wrong_method_is_told_the_right_one) {
  BOOST_TEST(expect<WrongMethodRoute>("PUT", "/Greeter/greet").allowed == "GET, POST");
  BOOST_TEST(expect<WrongMethodRoute>("DELETE", "/restate/call/Greeter/greet").allowed ==
             "GET, POST");
  BOOST_TEST(expect<WrongMethodRoute>("POST", "/restate/health").allowed == "GET");
  BOOST_TEST(expect<WrongMethodRoute>("GET", "/restate/a/" + std::string(kAwakeable) + "/resolve")
                 .allowed == "POST");
  expect<PreflightRoute>("OPTIONS", "/whatever/it/is");
  expect<HealthRoute>("GET", "/restate/health/");
}

BOOST_AUTO_TEST_CASE(what_does_not_exist_is_not_found) {
  expect_error("/Nobody/greet", ErrorCode::kNotFound, "'Nobody'");
  expect_error("/Greeter/nothing", ErrorCode::kNotFound, "'nothing'");
  expect_error("/restate/nothing", ErrorCode::kNotFound, "no such path");
  expect_error("/restate", ErrorCode::kNotFound, "no such path");
  expect_error("/openapi", ErrorCode::kNotFound, "OpenAPI");
}

BOOST_AUTO_TEST_CASE(a_bad_path_is_refused) {
  const auto bad = ErrorCode::kInvalidArgument;
  expect_error("/", bad, "bad path");
  expect_error("/Greeter", bad, "bad path");
  expect_error("/Greeter/greet/more", bad, "/Greeter/<handler>");
  expect_error("/Counter/add", bad, "<key>");
  expect_error("/Counter/a/b/c/d/e/f/g", bad, "<key>");
  expect_error("/Counter//add", bad, "empty");
  expect_error("/Greeter/gr%zzeet", bad, "bad path");
  expect_error("/Greeter/greet%2", bad, "bad path");
  expect_error("/Counter/%ff/add", bad, "UTF-8");
  expect_error("/Counter/%00/add", bad, "control");
  expect_error("/Counter/%0a/add", bad, "control");
  expect_error("*", bad, "bad path");
  expect_error("", bad, "bad path");
  expect_error("/restate/scope/s/call/Greeter/greet", bad, "scopes");
  expect_error("/Greeter/greet?limit-key=a", bad, "limit keys");
  expect_error("/restate/invocation/inv_1/attach", bad, "invocation id", "GET");
  expect_error("/restate/a/sign_1xx/resolve", bad, "awakeable");
  expect_error("/restate/a/" + std::string(kId) + "/resolve", bad, "awakeable");
  // Number 1 would cancel, through a port that is for callers.
  for (const std::uint32_t kept : {0u, 1u, 15u}) {
    const std::string id = journal::AwakeableId{some_id(), kept}.text();
    expect_error("/restate/a/" + id + "/resolve", bad, "awakeable");
  }
}

BOOST_AUTO_TEST_CASE(a_body_may_name_the_invocation) {
  const auto id = [](const std::string& body) -> Result<journal::InvocationId> {
    return TRY(parse_ask_target(body, catalog())).id;
  };
  const std::string invocation = "\"invocationId\":\"" + std::string(kId) + "\"";
  BOOST_TEST((*id("{\"target\":{\"type\":\"invocation\"," + invocation + "}}") == some_id()));
  BOOST_TEST((*id("{\"target\":\"invocation\"," + invocation + "}") == some_id()));
  BOOST_TEST((*id("{\"target\":{\"invocation\":{" + invocation + "}}}") == some_id()));
  BOOST_TEST((*id("{\"target\":{" + invocation + "}}") == some_id()));
  BOOST_TEST((*id(R"({"target":{"type":"workflow","workflowName":"Signup","workflowKey":"a"}})") ==
              journal::workflow_run_id("Signup", "a")));
  BOOST_TEST((*id(R"({"target":{"type":"idempotentInvocation","service":"Counter","key":"k",
                    "handler":"add","idempotencyKey":"i"}})") ==
              journal::idempotent_id("Counter", "k", "add", "i")));
}

BOOST_AUTO_TEST_CASE(a_bad_body_is_refused) {
  for (const char* body :
       {"", "{", "[]", "null", "7", R"({"target":7})", R"({"target":{}})",
        R"({"target":{"type":"nothing"}})", R"({"target":{"invocationId":7}})",
        R"({"target":{"invocationId":"inv_1"}})", R"({"target":{"workflowName":"Signup"}})",
        R"({"target":{"workflowName":"Counter","workflowKey":"k"}})",
        R"({"target":{"service":"Counter","handler":"add","idempotencyKey":"i"}})",
        R"({"target":{"service":"Greeter","key":"k","handler":"greet","idempotencyKey":"i"}})",
        R"({"target":{"workflowName":"Signup","workflowKey":"k","scope":"s"}})"}) {
    const auto result = parse_ask_target(body, catalog());
    BOOST_TEST_CONTEXT(body) {
      BOOST_REQUIRE(!result.has_value());
      BOOST_TEST((result.error().code() == ErrorCode::kInvalidArgument));
    }
  }
}

BOOST_AUTO_TEST_CASE(durations_and_moments_read_as_written) {
  BOOST_TEST(*parse_duration("P1DT2H3M4.5S") == 93'784'500);
  BOOST_TEST(*parse_duration("P2W") == 1'209'600'000);
  BOOST_TEST(*parse_duration("500ms") == 500);
  BOOST_TEST(*parse_duration("1.5 hours") == 5'400'000);
  BOOST_TEST(*parse_duration("1h, 30m") == 5'400'000);
  BOOST_TEST(*parse_duration("1h30m") == 5'400'000);
  BOOST_TEST(*parse_duration("0s") == 0);
  BOOST_TEST(duration_text(86'400'000) == "PT86400S");
  BOOST_TEST(duration_text(1500) == "PT1.5S");
  BOOST_TEST(time_text(1'795'180'212'960) == "2026-11-20T13:10:12.960Z");
  BOOST_TEST(time_text(0) == "1970-01-01T00:00:00.000Z");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
