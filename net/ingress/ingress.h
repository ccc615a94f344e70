#pragma once
// Ingress (1): a call comes in, its answer goes out. Turns a request into one call of the engine,
// and keeps the HTTP reply until the engine answers; a client that goes away first is forgotten,
// its invocation goes on.
//
// Invariants
//   INV-1   is kept by the engine: it answers only when what it says is durable.
//   INV-11  Everything a client sent is checked before the engine hears of it.
//
// Threads: handle() on the io thread; the engine's answers on engine threads. The engine must be
// stopped before the ingress goes away.

#include <memory>

#include "actors/engine.h"
#include "net/http/reply.h"
#include "net/http/request.h"
#include "net/ingress/routes.h"
#include "storage/base/clock.h"

namespace holdfast::net {

class Ingress {
 public:
  Ingress(actors::Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}

  void handle(HttpRequest&& request, std::shared_ptr<HttpReply> reply);

 private:
  using Snapshot = std::shared_ptr<const actors::CatalogSnapshot>;
  using Reply = std::shared_ptr<HttpReply>;

  void call(CallRoute route, HttpRequest&& request, Reply reply);
  void send(SendRoute route, HttpRequest&& request, Reply reply);
  void ask(AskRoute route, Reply reply);
  void signal(SignalRoute route, HttpRequest&& request, Reply reply);

  actors::Engine& engine_;
  const Clock& clock_;
};

// The request to the engine for a route: checks the handler, the headers and the body. Pure.
// kInvalidArgument: a private handler, a content type or body that the handler does not take, an
// idempotency key for a workflow.
Result<actors::InvokeRequest> invoke_request(const Callee& callee, HttpRequest&& request);

}  // namespace holdfast::net
