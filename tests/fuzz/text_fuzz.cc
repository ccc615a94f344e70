// Text fuzz: targets, ids, times, addresses, tokens and bodies, as clients and operators write
// them, are refused, or they are a value that, written again, is read as the same.
//
// Input: a byte that says what kind of text it is, then the text.

#include <algorithm>
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "actors/catalog/catalog.h"
#include "journal/ids.h"
#include "net/admin/deployment_body.h"
#include "net/admin/host_rule.h"
#include "net/http/header_rules.h"
#include "net/http/http_date.h"
#include "net/http/outgoing/endpoint_address.h"
#include "net/http/uri.h"
#include "net/ingress/ask_target.h"
#include "net/ingress/duration_text.h"
#include "net/ingress/json_text.h"
#include "net/ingress/path.h"
#include "net/ingress/routes.h"
#include "net/protocol/restate/base58.h"
#include "net/protocol/restate/identity_token.h"
#include "net/protocol/restate/utf8.h"
#include "net/protocol/restate/version.h"
#include "storage/base/check.h"
#include "storage/base/time_text.h"
#include "tests/fuzz/refused.h"
#include "tests/fuzz/seeds.h"

namespace {

namespace actors = holdfast::actors;
namespace journal = holdfast::journal;
namespace net = holdfast::net;
namespace restate = holdfast::protocol::restate;
using holdfast::Bytes;
using holdfast::Result;
using holdfast::testing::refused;

std::string joined(const std::vector<std::string>& segments) {
  std::string path;
  for (const std::string& segment : segments) path += "/" + net::percent_encode(segment);
  return path;
}

// ---- Targets.

void uri(std::string_view text) {
  const net::Target target = net::split_target(text);
  CHECK(target.path.size() + target.query.size() <= text.size() + 1, "parts are parts");
  const auto decoded = net::percent_decode(text);
  CHECK(decoded.has_value() == net::path_segments(text).has_value(), "escapes are the same rule");
  if (!refused(decoded)) {
    CHECK(decoded->size() <= text.size(), "decoding adds nothing");
    CHECK(*net::percent_decode(net::percent_encode(*decoded)) == *decoded, "encoded and decoded");
    const auto segments = net::path_segments(text);
    CHECK(*net::path_segments(joined(*segments)) == *segments, "the same segments");
  }
  const auto parameters = net::query_parameters(text);
  if (refused(parameters)) return;
  std::string query;
  for (const auto& [name, value] : *parameters) {
    query += net::percent_encode(name) + "=" + net::percent_encode(value) + "&";
  }
  CHECK(*net::query_parameters(query) == *parameters, "the same parameters");
}

actors::ServiceInfo service(const char* name, journal::ServiceKind kind) {
  actors::ServiceInfo info;
  info.name = name;
  info.kind = kind;
  info.handlers.resize(2);
  info.handlers[0].name = "run";
  info.handlers[1].name = "get";
  return info;
}

const actors::CatalogSnapshot& catalog() {
  static const actors::CatalogSnapshot snapshot = {
      {"S", service("S", journal::ServiceKind::kService)},
      {"O", service("O", journal::ServiceKind::kObject)},
      {"W", service("W", journal::ServiceKind::kWorkflow)},
  };
  return snapshot;
}

void check_callee(const net::Callee& callee) {
  CHECK(callee.service->handler(callee.handler->name) == callee.handler, "a handler that exists");
  const bool keyed = callee.service->kind != journal::ServiceKind::kService;
  CHECK(keyed == callee.key.has_value(), "a key for what has keys");
  std::vector<std::string> parts = {"restate", "call", callee.service->name};
  if (keyed) parts.push_back(*callee.key);
  parts.push_back(callee.handler->name);
  const auto again = net::parse_route("POST", joined(parts), catalog());
  CHECK(again.has_value() && std::holds_alternative<net::CallRoute>(*again), "called again");
  const net::Callee& same = std::get<net::CallRoute>(*again).callee;
  CHECK(same.handler == callee.handler && same.key == callee.key, "the same callee");
}

void route(std::string_view method, std::string_view target) {
  const auto parsed = net::parse_route(method, target, catalog());
  if (refused(parsed)) return;
  if (const auto* call = std::get_if<net::CallRoute>(&*parsed)) {
    check_callee(call->callee);
  } else if (const auto* send = std::get_if<net::SendRoute>(&*parsed)) {
    CHECK(send->delay_ms >= 0 && send->delay_ms <= net::kDurationMsMax, "a delay within bounds");
    check_callee(send->callee);
  } else if (const auto* ask = std::get_if<net::AskRoute>(&*parsed)) {
    const auto again =
        net::parse_route("GET", "/restate/attach/" + ask->target.id.text(), catalog());
    CHECK(again.has_value() && std::get<net::AskRoute>(*again).target.id == ask->target.id,
          "the same id");
  }
}
void get(std::string_view text) { route("GET", text); }
void post(std::string_view text) { route("POST", text); }

void ask_target(std::string_view text) {
  const auto target = net::parse_ask_target(text, catalog());
  if (refused(target)) return;
  CHECK(*journal::InvocationId::from_text(target->id.text()) == target->id, "an id");
}

// ---- Ids and times.

void ids(std::string_view text) {
  const auto invocation = journal::InvocationId::from_text(text);
  if (!refused(invocation)) {
    CHECK(invocation->text() == text, "an id has one text");
    CHECK(*journal::InvocationId::from_bytes(invocation->bytes()) == *invocation, "and bytes");
  }
  const auto deployment = journal::DeploymentId::from_text(text);
  if (!refused(deployment)) CHECK(deployment->text() == text, "an id has one text");
  const auto awakeable = journal::AwakeableId::from_text(text);
  if (!refused(awakeable)) {
    CHECK(text.starts_with(awakeable->text()), "one text, but for padding");
    const auto again = journal::AwakeableId::from_text(awakeable->text());
    CHECK(again->invocation == awakeable->invocation && again->index == awakeable->index,
          "the same awakeable");
  }
  const auto bytes = journal::InvocationId::from_bytes(text);
  if (!refused(bytes)) {
    CHECK(*journal::InvocationId::from_text(bytes->text()) == *bytes, "bytes to text and back");
  }
}

void duration(std::string_view text) {
  const auto parsed = net::parse_duration(text);
  if (refused(parsed)) return;
  CHECK(*parsed >= 0 && *parsed <= net::kDurationMsMax, "a duration within bounds");
  CHECK(*net::parse_duration(net::duration_text(*parsed)) == *parsed, "written and read");
  CHECK(holdfast::time_text(*parsed).size() == 24, "a moment within a thousand years");
}

// ---- Headers, addresses, tokens.

void header(std::string_view text) {
  Bytes value = "x";
  net::append_header_value(value, text);
  CHECK(value.size() == text.size() + 1 && value[0] == 'x', "a byte for a byte");
  CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == Bytes::npos, "no second header");
  const bool token = net::is_token(text);
  CHECK(!token || net::has_token("a, " + std::string(text), text) ||
            text.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string_view::npos,
        "a token is found in a list");
  net::has_token(text, "close");
  net::host_allowed(net::HostNames::kLocal, text);
}

void address(std::string_view text) {
  const auto parsed = net::parse_endpoint_address(text);
  if (!refused(parsed)) {
    CHECK(parsed->port != 0 && !parsed->host.empty(), "an address is whole");
    const auto again = net::parse_endpoint_address(parsed->uri());
    CHECK(again.has_value() && *again == *parsed, "the same address");
  }
  const auto normal = net::normal_uri(text);
  if (!refused(normal)) CHECK(*net::normal_uri(*normal) == *normal, "one form of an address");
}

void token(std::string_view text) {
  const auto raw = restate::from_base58(text);
  if (raw.has_value()) CHECK(restate::to_base58(*raw) == text, "base58 has one text");
  const auto parsed = restate::parse_token(text);
  if (refused(parsed)) return;
  const std::string written =
      restate::with_signature(restate::signing_input(parsed->token), parsed->signature);
  const auto again = restate::parse_token(written);
  CHECK(again.has_value() && again->signature == parsed->signature, "a token");
  CHECK(again->token.key == parsed->token.key && again->token.subject == parsed->token.subject &&
            again->token.audience == parsed->token.audience,
        "of the same sender, for the same path");
  CHECK(again->token.issued_s == parsed->token.issued_s &&
            again->token.not_before_s == parsed->token.not_before_s &&
            again->token.expires_s == parsed->token.expires_s,
        "and at the same times");
}

void date(std::string_view text) {
  const auto parsed = net::parse_http_date(text, 1'700'000'000'000);
  if (!parsed) return;
  CHECK(holdfast::time_text(*parsed).size() == 24, "a moment of the calendar");
  CHECK(*parsed % 1000 == 0, "a whole second");
}

void content_type(std::string_view text) {
  const auto version = restate::parse_content_type(text);
  if (!version) return;
  CHECK(restate::content_type(*version).size() == text.size(), "a version has one text");
  CHECK(restate::parse_content_type(restate::content_type(*version)) == version, "of its own");
}

// ---- What operators send.

void registration(std::string_view text) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(text, error);
  if (error || !value.is_object()) return;
  const auto parsed = net::parse_registration(value.get_object());
  if (!refused(parsed)) {
    CHECK(*net::normal_uri(parsed->uri) == parsed->uri, "an address in its form");
    CHECK(std::is_sorted(parsed->additional_headers.begin(), parsed->additional_headers.end()),
          "headers in order");
  }
  const auto update = net::parse_update(value.get_object());
  if (!refused(update) && update->uri) {
    CHECK(*net::normal_uri(*update->uri) == *update->uri, "an address in its form");
  }
}

// ---- Characters.

// Boost.JSON has its own notion of UTF-8.
void utf8(std::string_view text) {
  const bool valid = net::is_utf8(text);
  CHECK(valid == (restate::utf8_prefix(text) == text.size()), "the protocol sees the same");
  const std::string mended = net::to_utf8(text);
  CHECK(net::is_utf8(mended) && (!valid || mended == text), "mended where it must be");
  std::string written;
  net::append_json(written, text);
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(written, error);
  CHECK(!error && value.is_string(), "a JSON string");
  CHECK(std::string_view(value.get_string()) == mended, "of the same characters");
  if (text.find_first_of("\"\\") == std::string_view::npos &&
      std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; })) {
    boost::json::parse("\"" + std::string(text) + "\"", error);
    CHECK(!error.failed() == valid, "others see the same characters");
  }
}

constexpr void (*kKinds[])(std::string_view) = {
    uri,     get,   post, ask_target, ids,          duration,    header,
    address, token, utf8, date,       content_type, registration};

Bytes seed(void (*kind)(std::string_view), std::string_view text) {
  const auto number = std::find(std::begin(kKinds), std::end(kKinds), kind) - std::begin(kKinds);
  return static_cast<char>(number) + Bytes(text);
}

}  // namespace

std::vector<Bytes> holdfast::testing::fuzz_seeds() {
  const std::string id = "inv_1jp6uyMi2HLz2mqBc3VgkZqi8JKJzmLJH9";
  const std::string awakeable = "sign_1eB3fuOTZ2f2WQ703X6spJIRAJ3GsPi8XAAAAEQ";
  return {
      seed(uri, "http://host/a/b%2Fc//%C3%A4?a=1+2&b&&c=%26="),
      seed(get, "/O/a%2Fb/get"),
      seed(get, "/restate/invocation/" + id + "/attach"),
      seed(get, "/restate/invocation/O/key/run/idempotency/output"),
      seed(get, "/restate/workflow/W/key/attach"),
      seed(get, "/restate/health"),
      seed(post, "/S/run/send?delay=PT5S"),
      seed(post, "/restate/send/W/key/run?delay=1h+30m"),
      seed(post, "/restate/awakeables/" + awakeable + "/resolve"),
      seed(post, "/restate/invocation/" + id + "/signal/name/reject"),
      seed(ask_target, R"({"target":{"type":"invocation","invocationId":")" + id + R"("}})"),
      seed(ask_target, R"({"target":{"workflow":{"workflowName":"W","workflowKey":"k"}}})"),
      seed(ask_target, R"({"target":{"type":"idempotentInvocation","service":"O","key":"k",
"handler":"run","idempotencyKey":"i"}})"),
      seed(ids, id),
      seed(ids, awakeable + "=="),
      seed(ids, "dp_10000000000000000000000"),
      seed(ids, std::string(24, 'x')),
      seed(duration, "P1W2DT3H4M5.678S"),
      seed(duration, "1 day, 2.5 hours 3min 4ms 5ns"),
      seed(header, "keep-alive, Upgrade"),
      seed(header, "Close"),
      seed(header, "[::1]:8080"),
      seed(address, "HTTPS://Host-1.a_b:9080/base/path/"),
      seed(address, "http://[2001:db8::1]:80"),
      seed(token, restate::with_signature(
                      restate::signing_input({"publickeyv1_1", "/discover", "s", 1, 2, 3}),
                      std::string(64, 's'))),
      seed(token, restate::to_base58(std::string("\0\1key", 5))),
      seed(date, "Sun, 06 Nov 1994 08:49:37 GMT"),
      seed(date, "Sunday, 06-Nov-94 08:49:37 GMT"),
      seed(date, "Sun Nov  6 08:49:37 1994"),
      seed(content_type, "application/vnd.restate.invocation.v6"),
      seed(registration, R"({"uri":"http://h:9080","additional_headers":{"B":"1","a":"2"},
"use_http_11":true,"force":true,"dry_run":false,"breaking":true,"metadata":{"k":"v"}})"),
      seed(registration, R"({"uri":"http://h:1/","overwrite":true,"dry_run":true})"),
      seed(utf8, "\"\\\n\x01 \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff"),
  };
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || data[0] >= std::size(kKinds)) return -1;  // Not worth to be kept.
  kKinds[data[0]]({reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
