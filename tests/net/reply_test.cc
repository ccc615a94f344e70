#include "net/ingress/reply.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "net/admin/answer.h"
#include "tests/net/fake_engine.h"

namespace holdfast::net {
namespace {

actors::Finished finished(journal::Outcome outcome, std::int64_t expires_at = 0) {
  return {some_id(), std::move(outcome), {}, expires_at};
}

const OutputType kJsonType{"application/json", false};

std::string header(const HttpResponse& response, std::string_view name) {
  return std::string(response.header(name).value_or("(none)"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reply)

BOOST_AUTO_TEST_CASE(a_value_is_answered_raw) {
  const HttpResponse answer = finished_reply(finished(Bytes("42")), kJsonType, TellExpiry::kNo);

  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.body == "42");
  BOOST_TEST(header(answer, "content-type") == "application/json");
  BOOST_TEST(header(answer, "x-restate-id") == some_id().text());
  BOOST_TEST(header(answer, "access-control-allow-origin") == "*");
  BOOST_TEST(header(answer, "idempotency-expires") == "(none)");
}

BOOST_AUTO_TEST_CASE(an_empty_value_has_a_type_only_when_asked_for) {
  BOOST_TEST(header(finished_reply(finished(Bytes()), kJsonType, TellExpiry::kNo),
                    "content-type") == "(none)");
  BOOST_TEST(header(finished_reply(finished(Bytes()), {"text/plain", true}, TellExpiry::kNo),
                    "content-type") == "text/plain");
}

BOOST_AUTO_TEST_CASE(a_failure_has_its_own_status) {
  const journal::Failure failure{418, "a \"teapot\"\n", {{"k", "v"}}};

  const HttpResponse answer = finished_reply(finished(failure), kJsonType, TellExpiry::kNo);

  BOOST_TEST(answer.status == 418);
  BOOST_TEST(
      answer.body ==
      R"({"code":418,"message":"a \"teapot\"\n","metadata":{"k":"v"},"source":"invocation"})");
  BOOST_TEST(header(answer, "x-restate-error-source") == "invocation");
  BOOST_TEST(header(answer, "x-restate-id") == some_id().text());
}

BOOST_AUTO_TEST_CASE(a_failure_without_a_status_of_http_is_500) {
  for (const std::uint16_t code : {0, 100, 200, 304, 399, 1000, 65535}) {
    const HttpResponse answer =
        finished_reply(finished(journal::Failure{code, "no", {}}), kJsonType, TellExpiry::kNo);
    BOOST_TEST(answer.status == 500);
    BOOST_TEST(answer.body.find("\"code\":500") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf8_still_makes_json) {
  const HttpResponse answer = finished_reply(finished(journal::Failure{500, "\xff\x01 ok", {}}),
                                             kJsonType, TellExpiry::kNo);

  boost::system::error_code failed;
  (void)boost::json::parse(answer.body, failed);
  BOOST_TEST(!failed);
}

BOOST_AUTO_TEST_CASE(an_attached_client_is_told_the_expiry) {
  const HttpResponse answer =
      finished_reply(finished(Bytes("1"), 1'795'180'212'960), kJsonType, TellExpiry::kYes);

  BOOST_TEST(header(answer, "idempotency-expires") == "2026-11-20T13:10:12.960Z");
}

BOOST_AUTO_TEST_CASE(a_send_is_accepted) {
  const std::string id = some_id().text();
  const HttpResponse fresh = accepted_reply({some_id()});
  BOOST_TEST(fresh.status == 202);
  BOOST_TEST(fresh.body == R"({"invocationId":")" + id + R"(","status":"Accepted"})");
  const HttpResponse again = accepted_reply({some_id(), false, 1'795'180'212'960});
  BOOST_TEST(again.body == R"({"invocationId":")" + id +
                               R"(","executionTime":"2026-11-20T13:10:12.960Z",)" +
                               R"("status":"PreviouslyAccepted"})");
}

BOOST_AUTO_TEST_CASE(errors_of_ours_say_so) {
  const HttpResponse answer = error_reply({ErrorCode::kNotFound, "service 'X' not found"});

  BOOST_TEST(answer.status == 404);
  BOOST_TEST(answer.body == R"({"code":404,"message":"service 'X' not found","source":"ingress"})");
  BOOST_TEST(header(answer, "x-restate-error-source") == "ingress");
}

BOOST_AUTO_TEST_CASE(every_code_has_its_status) {
  const auto status = [](ErrorCode code) { return error_reply({code, "x"}).status; };
  BOOST_TEST(status(ErrorCode::kInvalidArgument) == 400);
  BOOST_TEST(status(ErrorCode::kConflict) == 409);
  BOOST_TEST(status(ErrorCode::kTooLarge) == 413);
  BOOST_TEST(status(ErrorCode::kCorruption) == 500);
  BOOST_TEST(status(ErrorCode::kUnavailable) == 503);
  BOOST_TEST(status(ErrorCode::kShuttingDown) == 503);
  BOOST_TEST(header(error_reply({ErrorCode::kUnavailable, "x"}), "retry-after") == "1");
  // What the server refuses before there is a request says so too.
  BOOST_TEST(header(wire_error_reply(503, "too many bodies"), "retry-after") == "1");
  BOOST_TEST(header(admin_wire_error_answer(503, "too many bodies"), "retry-after") == "1");
  BOOST_TEST(header(wire_error_reply(413, "too large"), "retry-after") == "(none)");
  BOOST_TEST(not_ready_reply(some_id()).status == 470);
  BOOST_TEST(wrong_method_reply("GET").status == 405);
  BOOST_TEST(header(wrong_method_reply("GET"), "allow") == "GET");
  BOOST_TEST(signalled_reply().status == 202);
}

BOOST_AUTO_TEST_CASE(scripts_of_any_origin_may_call) {
  const HttpResponse answer = preflight_reply("x-mine");

  BOOST_TEST(answer.status == 204);
  BOOST_TEST(header(answer, "access-control-allow-origin") == "*");
  BOOST_TEST(header(answer, "access-control-allow-headers") == "x-mine");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
