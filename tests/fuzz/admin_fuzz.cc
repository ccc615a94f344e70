// Admin fuzz: whatever an operator sends as a body or in a query string is refused with a reason
// that can be answered, or it is a change within bounds. What registers a deployment: text_fuzz.cc;
// queries: sql_fuzz.cc.
//
// Input: a byte that says what it is, then its text.

#include <algorithm>
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/catalog/catalog.h"
#include "journal/codec/codec.h"
#include "net/admin/admin_request.h"
#include "net/admin/answer.h"
#include "net/admin/invocation_filter.h"
#include "net/admin/query_body.h"
#include "net/admin/service_view.h"
#include "net/admin/state_body.h"
#include "net/http/uri.h"
#include "net/ingress/duration_text.h"
#include "net/ingress/input_check.h"
#include "net/ingress/path.h"
#include "storage/base/check.h"
#include "tests/fuzz/refused.h"
#include "tests/fuzz/seeds.h"
#include "tests/journal/record_samples.h"

namespace {

namespace actors = holdfast::actors;
namespace journal = holdfast::journal;
namespace json = boost::json;
namespace net = holdfast::net;
using holdfast::Bytes;
using holdfast::Result;
using holdfast::testing::refused_as;

// The message of an answer that is an error.
std::string message_of(const net::HttpResponse& answer) {
  boost::system::error_code wrong;
  const json::value body = json::parse(answer.body, wrong);
  CHECK(!wrong && body.is_object(), "an error is a JSON object");
  const json::value* const message = body.get_object().if_contains("message");
  CHECK(message != nullptr && message->is_string(), "with a message");
  return std::string(message->get_string());
}

template <class T>
bool refused(const Result<T>& result) {
  if (!refused_as(holdfast::ErrorCode::kInvalidArgument, result)) return false;
  const net::HttpResponse answer = net::admin_error_answer(result.error());
  CHECK(answer.status == 400, "the sender's fault");
  CHECK(!message_of(answer).empty(), "who is told the reason");
  return true;
}

std::optional<json::object> body_of(std::string_view text) {
  const net::HttpRequest request{"POST", "/", {{"content-type", "application/json"}}, Bytes(text)};
  CHECK(net::says_json(request), "it says that it is JSON");
  auto body = net::json_body(request);
  if (refused(body)) return std::nullopt;
  return std::move(*body);
}

// ---- Bodies.

bool are_same(const journal::ServiceSettings& one, const journal::ServiceSettings& other) {
  return describe(one) == describe(other);
}

void check_settings(const journal::ServiceSettings& settings) {
  for (const auto& period : {settings.idempotency_retention_ms, settings.workflow_retention_ms,
                             settings.journal_retention_ms, settings.inactivity_timeout_ms,
                             settings.abort_timeout_ms, settings.park_after_ms}) {
    CHECK(!period || (*period >= 0 && *period <= net::kDurationMsMax), "a period within bounds");
  }
  Bytes record;
  journal::encode_settings(record, settings);
  CHECK(are_same(*journal::decode_settings(record), settings), "what was taken is stored and read");
}

// A change of a service.
void service(std::string_view text) {
  const auto body = body_of(text);
  if (!body) return;
  const auto settings = net::patched({}, *body);
  if (refused(settings)) return;
  check_settings(*settings);
  CHECK(are_same(*net::patched(*settings, *body), *settings), "the same change again is none");
}

// A new state.
void state(std::string_view text) {
  const auto body = body_of(text);
  if (!body) return;
  const auto parsed = net::parse_new_state(*body);
  if (refused(parsed)) return;
  json::object values;
  for (const auto& [key, value] : parsed->state) {
    json::array& numbers = values[key].emplace_array();
    for (const char byte : value) numbers.push_back(std::int64_t{static_cast<unsigned char>(byte)});
  }
  const auto again =
      net::parse_new_state({{"object_key", parsed->object_key}, {"new_state", std::move(values)}});
  CHECK(again.has_value() && again->object_key == parsed->object_key, "of the same object");
  CHECK(again->state == parsed->state, "the same state");
}

void query(std::string_view text) {
  const auto body = body_of(text);
  if (!body) return;
  const auto parsed = net::parse_query(*body);
  if (!refused(parsed)) CHECK(net::is_utf8(*parsed), "a query is text");
}

// ---- Query strings, and what is said about a body.

void filter(std::string_view text) {
  const auto path = net::parse_path("/invocations?" + std::string(text));
  if (refused(path)) return;
  const auto parsed = net::parse_filter(*path);
  if (refused(parsed)) return;
  CHECK(parsed->limit >= 1 && parsed->limit <= net::InvocationFilter::kLimitMax, "a page");
  journal::Invocation row;
  row.target.service = parsed->service.value_or("S");
  for (int status = 0; status < 7; ++status) {
    row.status = static_cast<journal::Status>(status);
    const bool asked = !parsed->status || *parsed->status == journal::status_text(row.status);
    CHECK(parsed->takes(row) == asked, "what was asked for is taken");
  }
}

// What is declared and what is sent, a line each.
void content_type(std::string_view text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view given = text.substr(std::min(end + 1, text.size()));
  actors::HandlerInfo handler;
  handler.input_content_type = text.substr(0, end);
  refused(net::check_input(handler, given, "x"));
  CHECK(net::check_input(handler, text.substr(0, end), "x").has_value(), "as it was declared");
  CHECK(net::check_input(handler, given, "").has_value(), "no body needs no type");
  net::says_json({"POST", "/", {{"content-type", std::string(given)}}, ""});
}

// A message of an error, as one that quotes what was sent.
void error(std::string_view text) {
  const net::HttpResponse answer =
      net::admin_error_answer({holdfast::ErrorCode::kInvalidArgument, std::string(text)});
  const std::string message = message_of(answer);
  CHECK(net::is_utf8(message) && (!net::is_utf8(text) || message == text), "as it was said");
  CHECK(std::string_view(net::json_string(text)) == message, "in one way");
}

constexpr void (*kKinds[])(std::string_view) = {service, state, query, filter, content_type, error};

Bytes seed(void (*kind)(std::string_view), std::string_view text) {
  const auto number = std::find(std::begin(kKinds), std::end(kKinds), kind) - std::begin(kKinds);
  return static_cast<char>(number) + Bytes(text);
}

}  // namespace

std::vector<Bytes> holdfast::testing::fuzz_seeds() {
  return {
      seed(service, R"({"public":false,"idempotency_retention":"1 day","abort_timeout":"PT5S"})"),
      seed(service, R"({"workflow_completion_retention":"1h 30m","journal_retention":null,
"inactivity_timeout":"10s","park_after":"1.5s"})"),
      seed(service, R"({"park_after":null,"public":null})"),
      seed(state, R"({"object_key":"ada","new_state":{"value":[49,0,255],"":[]}})"),
      seed(state, R"({"object_key":"\u00e9","version":null,"scope":null,"new_state":{}})"),
      seed(state, R"({"object_key":"a","version":"1","new_state":{"a":[-1,256,1.5]}})"),
      seed(query, R"({"query":"select 1"})"),
      seed(query, R"({"query":"select '\u0000\ud83d\ude00' -- \"a\" ","other":[{}]})"),
      seed(filter, "status=backing-off&service=S&limit=10000"),
      seed(filter, "after=inv_1jp6uyMi2HLz2mqBc3VgkZqi8JKJzmLJH9&limit=1"),
      seed(content_type, "application/json\nApplication/JSON ; charset=utf-8"),
      seed(content_type, "text/*\ntext/plain"),
      seed(content_type, "*/*\n"),
      seed(error, "[META0004] a \"text\" with \\ and \x01\xff"),
  };
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || data[0] >= std::size(kKinds)) return -1;  // Not worth to be kept.
  kKinds[data[0]]({reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
