#include "net/ingress/routes.h"

#include <fmt/format.h>

#include <span>
#include <utility>

#include "net/ingress/duration_text.h"
#include "net/ingress/path.h"

namespace holdfast::net {
namespace {

using Segments = std::span<const std::string>;

Error bad_path(std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("bad path: {}", why)};
}

Error no_such_path() { return {ErrorCode::kNotFound, "there is no such path under /restate"}; }

// Signals below this number are the engine's own, like the one that cancels. No handler is ever
// given an awakeable of such a number.
constexpr std::uint32_t kAwakeableIndexMin = 16;

constexpr std::string_view kGet = "GET";
constexpr std::string_view kPost = "POST";
constexpr std::string_view kGetOrPost = "GET, POST";

// `route`, when the method is the one that it takes.
Result<Route> only(std::string_view allowed, std::string_view method, Route route) {
  if (allowed != method) return Route(WrongMethodRoute{allowed});
  return route;
}

// service/handler, service/key/handler.
Result<Callee> find_callee(Segments path, const actors::CatalogSnapshot& catalog) {
  Callee callee;
  callee.service = TRY(find_service(path[0], catalog));
  const std::size_t length = is_keyed(*callee.service) ? 3 : 2;
  if (path.size() != length) {
    return bad_path(is_keyed(*callee.service)
                        ? fmt::format("'{}' is called as /{}/<key>/<handler>", path[0], path[0])
                        : fmt::format("'{}' is called as /{}/<handler>", path[0], path[0]));
  }
  if (length == 3) callee.key = path[1];
  callee.handler = TRY(find_handler(*callee.service, path.back()));
  return callee;
}

Result<void> refuse_limits(const Path& path) {
  if (path.parameter("limit-key").has_value()) {
    return Error(ErrorCode::kInvalidArgument, "limit keys are not supported");
  }
  return {};
}

Result<Route> call_or_send(bool send, Segments parts, std::string_view method, const Path& path,
                           const actors::CatalogSnapshot& catalog) {
  Callee callee = TRY(find_callee(parts, catalog));
  if (method != kGet && method != kPost) return Route(WrongMethodRoute{kGetOrPost});
  TRY(refuse_limits(path));
  const auto delay = path.parameter("delay");
  if (!send) {
    if (delay.has_value()) {
      return Error(ErrorCode::kInvalidArgument,
                   "only a send can be delayed: add /send to the path, or leave out 'delay'");
    }
    return Route(CallRoute{std::move(callee)});
  }
  SendRoute route{std::move(callee)};
  if (delay.has_value()) {
    Result<std::int64_t> parsed = parse_duration(*delay);
    if (!parsed) {
      return Error(ErrorCode::kInvalidArgument, "bad delay: " + parsed.error().message());
    }
    route.delay_ms = *parsed;
  }
  return Route(std::move(route));
}

// The old style, where the service comes first and /send last.
Result<Route> by_service(Segments parts, std::string_view method, const Path& path,
                         const actors::CatalogSnapshot& catalog) {
  if (parts.size() < 2) {
    return bad_path(
        "expected /<service>/<handler>, /<service>/<key>/<handler> or a path under "
        "/restate");
  }
  const actors::ServiceInfo* const service = TRY(find_service(parts[0], catalog));
  const std::size_t length = is_keyed(*service) ? 3 : 2;
  const bool send = parts.size() == length + 1 && parts.back() == "send";
  return call_or_send(send, send ? parts.first(length) : parts, method, path, catalog);
}

std::optional<Ask> ask_of(const std::string& word) {
  if (word == "attach") return Ask::kAttach;
  if (word == "output") return Ask::kOutput;
  if (word == "lookup") return Ask::kLookup;
  return std::nullopt;
}

// An idempotent call: service/[key/]handler/idempotency key.
Result<AskTarget> idempotent(Segments parts, const actors::CatalogSnapshot& catalog) {
  const Callee callee = TRY(find_callee(parts.first(parts.size() - 1), catalog));
  return idempotent_target(callee.service->name, callee.key, callee.handler->name, parts.back());
}

Verdict verdict_of(const std::string& word) {
  return word == "reject" ? Verdict::kReject : Verdict::kResolve;
}

// Below /restate/invocation.
Result<Route> by_invocation(Segments parts, std::string_view method,
                            const actors::CatalogSnapshot& catalog) {
  const bool rejects = parts.size() == 4 && parts[1] == "signal" && parts[3] == "reject";
  if (rejects || (parts.size() == 3 && parts[1] == "signal")) {
    SignalRoute route;
    route.id = TRY(journal::InvocationId::from_text(parts[0]));
    route.signal = parts[2];
    route.verdict = rejects ? Verdict::kReject : Verdict::kResolve;
    return only(kPost, method, std::move(route));
  }
  const auto ask = parts.empty() ? std::nullopt : ask_of(parts.back());
  if (!ask.has_value() || *ask == Ask::kLookup) return no_such_path();
  AskRoute route{*ask, {}};
  if (parts.size() == 2) {
    route.target.id = TRY(journal::InvocationId::from_text(parts[0]));
  } else if (parts.size() == 4 || parts.size() == 5) {
    route.target = TRY(idempotent(parts.first(parts.size() - 1), catalog));
  } else {
    return no_such_path();
  }
  return only(kGet, method, route);
}

// /restate/awakeables/{id}/resolve|reject.
Result<Route> by_awakeable(Segments parts, std::string_view method) {
  if (parts.size() != 2 || (parts[1] != "resolve" && parts[1] != "reject")) return no_such_path();
  const journal::AwakeableId id = TRY(journal::AwakeableId::from_text(parts[0]));
  if (id.index < kAwakeableIndexMin) {
    return Error(
        ErrorCode::kInvalidArgument,
        fmt::format("bad awakeable id '{}': no awakeable has number {}", parts[0], id.index));
  }
  return only(kPost, method, SignalRoute{id.invocation, id.index, verdict_of(parts[1])});
}

// Below /restate.
Result<Route> reserved(Segments parts, std::string_view method, const Path& path,
                       const actors::CatalogSnapshot& catalog) {
  if (parts.empty()) return no_such_path();
  const std::string& word = parts[0];
  const Segments rest = parts.subspan(1);
  if (word == "scope") return Error(ErrorCode::kInvalidArgument, "scopes are not supported");
  if (word == "call" || word == "send") {
    if (rest.size() < 2) {
      return bad_path(fmt::format("expected /restate/{}/<service>/[<key>/]<handler>", word));
    }
    return call_or_send(word == "send", rest, method, path, catalog);
  }
  if (word == "invocation") return by_invocation(rest, method, catalog);
  if (word == "workflow") {
    const auto ask = rest.size() == 3 ? ask_of(rest[2]) : std::nullopt;
    if (!ask.has_value() || *ask == Ask::kLookup) return no_such_path();
    return only(kGet, method, AskRoute{*ask, TRY(workflow_target(rest[0], rest[1], catalog))});
  }
  if (word == "awakeables" || word == "a") return by_awakeable(rest, method);
  if (word == "health" && rest.empty()) return only(kGet, method, HealthRoute{});
  if (const auto ask = ask_of(word); ask.has_value()) {
    if (rest.empty()) return only(kPost, method, AskByBodyRoute{*ask});
    if (rest.size() == 1 && *ask != Ask::kLookup) {
      return only(kGet, method,
                  AskRoute{*ask, {TRY(journal::InvocationId::from_text(rest[0])), {}}});
    }
  }
  return no_such_path();
}

}  // namespace

Result<Route> parse_route(std::string_view method, std::string_view target,
                          const actors::CatalogSnapshot& catalog) {
  if (method == "OPTIONS") return Route(PreflightRoute{});
  const Path path = TRY(parse_path(target));
  const Segments parts = path.segments;
  if (!parts.empty() && parts[0] == "restate") {
    return reserved(parts.subspan(1), method, path, catalog);
  }
  if (!parts.empty() && parts[0] == "openapi") {
    return Error(ErrorCode::kNotFound, "there is no OpenAPI document here");
  }
  return by_service(parts, method, path, catalog);
}

}  // namespace holdfast::net
