#include "net/ingress/ingress.h"

#include <fmt/format.h>

#include <utility>

#include "net/ingress/ask_target.h"
#include "net/ingress/input_check.h"
#include "net/ingress/path.h"
#include "net/ingress/reply.h"

namespace holdfast::net {
namespace {

// A traceparent longer than this is none.
constexpr std::size_t kTraceParentMax = 128;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// For the connection or the ingress, not for the handler.
bool is_ours(std::string_view header) {
  return header == "connection" || header == "host" || header == "idempotency-key" ||
         header == "idempotency-expires";
}

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

// The handler's view of the headers: ours about the path first.
journal::Headers headers_for_handler(HttpRequest& request) {
  journal::Headers headers;
  headers.reserve(request.headers.size() + 1);
  headers.emplace_back("x-restate-ingress-path", std::move(request.target));
  for (auto& header : request.headers) {
    if (!is_ours(header.first)) headers.push_back(std::move(header));
  }
  return headers;
}

Result<std::optional<std::string>> idempotency_key(const Callee& callee,
                                                   const HttpRequest& request) {
  const auto key = request.header("idempotency-key");
  if (!key.has_value()) return std::optional<std::string>();
  if (callee.service->kind == journal::ServiceKind::kWorkflow &&
      callee.handler->kind == journal::HandlerKind::kRun) {
    return invalid("a workflow takes no idempotency-key: its own key names the one run it has");
  }
  if (key->empty()) return invalid("the header idempotency-key is empty");
  if (!is_utf8(*key)) return invalid("the header idempotency-key is not UTF-8");
  return std::optional<std::string>(std::string(*key));
}

// What the engine's reading of an outcome says about its content type, from the catalog of now.
OutputType output_type_of(const journal::Target& target, const actors::CatalogSnapshot& catalog) {
  const auto service = catalog.find(target.service);
  return net::output_type_of(service == catalog.end() ? nullptr
                                                      : service->second.handler(target.handler));
}

void forget_when_abandoned(actors::Engine& engine, const actors::WaitHandle& handle,
                           HttpReply& reply) {
  reply.on_abandoned([&engine, handle] { engine.forget(handle); });
}

// Whoever completes an awakeable knows its id only, not the invocation behind it.
Error nobody_to_signal(const journal::InvocationId& id) {
  return {ErrorCode::kNotFound,
          fmt::format("nobody waits for this: there is no invocation {}, or no longer", id.text())};
}

std::vector<std::string> names_of(const actors::CatalogSnapshot& catalog) {
  std::vector<std::string> names;
  for (const auto& [name, service] : catalog) names.push_back(name);
  return names;
}

}  // namespace

Result<actors::InvokeRequest> invoke_request(const Callee& callee, HttpRequest&& request) {
  const actors::HandlerInfo& handler = *callee.handler;
  if (!callee.service->is_public || handler.is_private) {
    return invalid(fmt::format("'{}/{}' is private: only other handlers may call it",
                               callee.service->name, handler.name));
  }
  if (request.header("x-restate-limit-key").has_value()) {
    return invalid("limit keys are not supported");
  }
  actors::InvokeRequest invoke;
  invoke.idempotency_key = TRY(idempotency_key(callee, request));
  TRY(check_input(handler, request.header("content-type"), request.body));
  invoke.service = callee.service->name;
  invoke.key = callee.key;
  invoke.handler = handler.name;
  const std::string_view trace = request.header("traceparent").value_or("");
  if (trace.size() <= kTraceParentMax) invoke.trace_parent = trace;
  invoke.headers = headers_for_handler(request);
  invoke.body = std::move(request.body);
  return invoke;
}

void Ingress::handle(HttpRequest&& request, Reply reply) {
  const Snapshot catalog = engine_.catalog().snapshot();
  Result<Route> route = parse_route(request.method, request.target, *catalog);
  if (!route) {
    reply->send(error_reply(route.error()));
    return;
  }
  std::visit(
      Overloaded{
          [&](CallRoute&& r) { call(std::move(r), std::move(request), std::move(reply)); },
          [&](SendRoute&& r) { send(std::move(r), std::move(request), std::move(reply)); },
          [&](AskRoute&& r) { ask(std::move(r), std::move(reply)); },
          [&](AskByBodyRoute&& r) {
            Result<AskTarget> target = parse_ask_target(request.body, *catalog);
            if (!target) return reply->send(error_reply(target.error()));
            ask({r.ask, std::move(*target)}, std::move(reply));
          },
          [&](SignalRoute&& r) { signal(std::move(r), std::move(request), std::move(reply)); },
          [&](HealthRoute&&) { reply->send(health_reply(names_of(*catalog))); },
          [&](PreflightRoute&&) {
            reply->send(preflight_reply(request.header("access-control-request-headers")));
          },
          [&](WrongMethodRoute&& r) { reply->send(wrong_method_reply(r.allowed)); },
      },
      std::move(*route));
}

void Ingress::call(CallRoute route, HttpRequest&& request, Reply reply) {
  const bool is_run = route.callee.handler->kind == journal::HandlerKind::kRun;
  OutputType type = net::output_type_of(route.callee.handler);
  Result<actors::InvokeRequest> invoke = invoke_request(route.callee, std::move(request));
  if (!invoke) {
    reply->send(error_reply(invoke.error()));
    return;
  }
  const actors::WaitHandle handle = engine_.call(std::move(*invoke), [reply, type = std::move(type),
                                                                      is_run](
                                                                         Result<actors::Finished>
                                                                             result) {
    if (result.has_value()) {
      reply->send(finished_reply(std::move(*result), type, TellExpiry::kNo));
    } else if (is_run && result.error().code() == ErrorCode::kConflict) {
      reply->send(error_reply({ErrorCode::kConflict, "the workflow method was already invoked"}));
    } else {
      reply->send(error_reply(result.error()));
    }
  });
  forget_when_abandoned(engine_, handle, *reply);
}

void Ingress::send(SendRoute route, HttpRequest&& request, Reply reply) {
  Result<actors::InvokeRequest> invoke = invoke_request(route.callee, std::move(request));
  if (!invoke) {
    reply->send(error_reply(invoke.error()));
    return;
  }
  if (route.delay_ms > 0) {
    invoke->not_before_unix_ms = to_unix_millis(clock_.now()) + route.delay_ms;
  }
  engine_.send(std::move(*invoke), [reply](Result<actors::Accepted> accepted) {
    reply->send(accepted ? accepted_reply(*accepted) : error_reply(accepted.error()));
  });
}

void Ingress::ask(AskRoute route, Reply reply) {
  const Snapshot catalog = engine_.catalog().snapshot();
  const auto finished = [reply, catalog](actors::Finished outcome) {
    const OutputType type = output_type_of(outcome.target, *catalog);
    reply->send(finished_reply(std::move(outcome), type, TellExpiry::kYes));
  };
  const journal::InvocationId id = route.target.id;
  const auto failed = [reply, target = std::move(route.target)](Error error) {
    reply->send(error_reply(in_words_of(target, std::move(error))));
  };
  switch (route.ask) {
    case Ask::kAttach: {
      const actors::WaitHandle handle =
          engine_.attach(id, [failed, finished](Result<actors::Finished> result) {
            if (!result) return failed(std::move(result.error()));
            finished(std::move(*result));
          });
      forget_when_abandoned(engine_, handle, *reply);
      return;
    }
    case Ask::kOutput:
      engine_.output(id,
                     [reply, failed, finished, id](Result<std::optional<actors::Finished>> result) {
                       if (!result) return failed(std::move(result.error()));
                       if (!result->has_value()) return reply->send(not_ready_reply(id));
                       finished(std::move(**result));
                     });
      return;
    case Ask::kLookup:
      engine_.output(id, [reply, failed, id](Result<std::optional<actors::Finished>> result) {
        if (!result) return failed(std::move(result.error()));
        reply->send(lookup_reply(id));
      });
      return;
  }
}

void Ingress::signal(SignalRoute route, HttpRequest&& request, Reply reply) {
  decltype(journal::Notification::of) of = journal::Notification::Completion{};
  if (const auto* index = std::get_if<std::uint32_t>(&route.signal)) {
    of = *index;
  } else {
    of = std::get<std::string>(std::move(route.signal));
  }
  journal::Notification notification{std::move(of), {}};
  if (route.verdict == Verdict::kReject) {
    notification.result = journal::Failure{500, std::move(request.body), {}};
  } else {
    notification.result = std::move(request.body);
  }
  engine_.signal(
      route.id, std::move(notification), [reply, id = route.id](Result<actors::ActResult> done) {
        if (done.has_value()) return reply->send(signalled_reply());
        reply->send(done.error().code() == ErrorCode::kNotFound ? error_reply(nobody_to_signal(id))
                                                                : error_reply(done.error()));
      });
}

}  // namespace holdfast::net
