#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <holdfast/sdk.h>

#include "outside.h"
#include "services.h"
#include "value.h"

namespace conformance {

using holdfast::Context;
using holdfast::Task;
using std::chrono::milliseconds;

namespace {

struct KeyAndNumber {
  std::string key;
  std::int64_t n = 0;
};
BOOST_DESCRIBE_STRUCT(KeyAndNumber, (), (key, n))

struct Delayed {
  std::string token;
  std::optional<std::int64_t> delay;
};
BOOST_DESCRIBE_STRUCT(Delayed, (), (token, delay))

struct KeyAndCount {
  std::string key;
  int count = 0;
};
BOOST_DESCRIBE_STRUCT(KeyAndCount, (), (key, count))

struct TokenAndKey {
  std::string token, key;
};
BOOST_DESCRIBE_STRUCT(TokenAndKey, (), (token, key))

struct Id {
  std::string id;
};
BOOST_DESCRIBE_STRUCT(Id, (), (id))

struct Proxied {
  std::string service, handler;
  std::optional<std::string> key, idempotencyKey;  // NOLINT: as in the JSON.
  std::optional<Value> value;
  std::optional<bool> send;
  std::optional<std::int64_t> delay;
};
BOOST_DESCRIBE_STRUCT(Proxied, (), (service, handler, key, idempotencyKey, value, send, delay))

Task<Value> echo(Context&, Value value) { co_return value; }

Task<std::optional<std::string>> header(Context& ctx, std::string name) {
  for (const auto& [key, value] : ctx.headers()) {
    if (key == name) co_return value;
  }
  co_return std::nullopt;
}

Task<std::string> own_id(Context& ctx) { co_return ctx.invocation_id(); }

Task<std::int64_t> add(Context& ctx, KeyAndNumber given) {
  co_return co_await ctx.object_call<std::int64_t>(named("Counter"), given.key, "add", given.n);
}

Task<int> relay(Context& ctx, int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await ctx.call<int>(named("Calls"), "relay", depth - 1);
}

Task<int> fan(Context& ctx, int count) {
  std::vector<holdfast::Future<int>> echoes;
  for (int i = 0; i < count; ++i) echoes.push_back(ctx.call<int>(named("Calls"), "echo", i));
  int sum = 0;
  for (const int number : co_await holdfast::all(std::move(echoes))) sum += number;
  co_return sum;
}

Task<std::optional<Refusal>> failure(Context& ctx, Value given) {
  try {
    co_await ctx.call<void>(named("Failing"), "terminal", given);
  } catch (const holdfast::TerminalError& error) {
    co_return refusal(error);
  }
  co_return std::nullopt;
}

Task<std::optional<std::string>> with_header(Context& ctx, std::string value) {
  const holdfast::Headers headers = {{"x-conformance", value}};
  const holdfast::CallOptions options = {.headers = headers};
  co_return co_await ctx.call<std::optional<std::string>>(named("Calls"), "header", "x-conformance",
                                                          options);
}

Task<int> ask_hidden(Context& ctx) { co_return co_await ctx.call<int>(named("Hidden"), "answer"); }

Task<std::string> send(Context& ctx, Delayed given) {
  const Token note{given.token};
  const holdfast::SendOptions options = {.delay = milliseconds(given.delay.value_or(0))};
  co_return co_await ctx.send(named("Sink"), "note", note, options);
}

Task<void> send_many(Context& ctx, KeyAndCount given) {
  for (int i = 0; i < given.count; ++i) ctx.object_send(named("Counter"), given.key, "add", 1);
  co_return;
}

Task<std::vector<std::string>> send_twice(Context& ctx, TokenAndKey given) {
  const Token note{given.token};
  const holdfast::SendOptions options = {.idempotency_key = given.key};
  auto first = ctx.send(named("Sink"), "note", note, options);
  auto second = ctx.send(named("Sink"), "note", note, options);
  std::vector<std::string> ids;
  ids.push_back(co_await first);
  ids.push_back(co_await second);
  co_return ids;
}

Task<std::vector<int>> call_twice(Context& ctx, TokenAndKey given) {
  const Token note{given.token};
  const holdfast::CallOptions options = {.idempotency_key = given.key};
  auto first = ctx.call<int>(named("Sink"), "note", note, options);
  auto second = ctx.call<int>(named("Sink"), "note", note, options);
  std::vector<int> counts;
  counts.push_back(co_await first);
  counts.push_back(co_await second);
  co_return counts;
}

Task<Value> attach(Context& ctx, Id given) {
  co_return co_await ctx.invocation(given.id).attach<Value>();
}

// Any handler of any service, in whatever language it is written.
Task<Value> proxy(Context& ctx, Proxied given) {
  const Value value = given.value.value_or(nullptr);
  const std::string key = given.key.value_or("");
  holdfast::CallOptions options;
  if (given.idempotencyKey) options.idempotency_key = *given.idempotencyKey;
  if (!given.send.value_or(false)) {
    co_return co_await ctx.object_call<Value>(given.service, key, given.handler, value, options);
  }
  const holdfast::SendOptions later = {.delay = milliseconds(given.delay.value_or(0)),
                                       .idempotency_key = options.idempotency_key};
  const std::string id = co_await ctx.object_send(given.service, key, given.handler, value, later);
  co_return Value(id);
}

Task<int> note(Context& ctx, Token given) {
  co_return co_await ctx.run("note", [&] { return effect(given.token); });
}

Task<int> answer(Context&) { co_return 42; }

// --- One service, three revisions ---

std::string revision() {
  const std::string given = setting("CONFORMANCE_REVISION");
  return given.empty() ? "1" : given;
}

// Which endpoint runs it, after a wait.
template <class C>
Task<std::string> which_revision(C& ctx, Token given) {
  auto [id, future] = ctx.awakeable();
  const Value told(id);
  co_await ctx.run("waiting", [&given, &told] { return effect(given.token, told); });
  co_await future;
  co_return revision();
}

template <class C>
Task<std::string> stuck(C&) {
  if (revision() == "1") throw std::runtime_error("the first revision cannot do it");
  co_return revision();
}

Task<int> only_in_the_first(Context&) { co_return 1; }

}  // namespace

holdfast::ServiceDefinition calls() {
  return holdfast::Service(named("Calls"), impatient())
      .handler("echo", echo)
      .handler("header", header)
      .handler("own_id", own_id)
      .handler("add", add)
      .handler("relay", relay)
      .handler("fan", fan)
      .handler("failure", failure)
      .handler("with_header", with_header)
      .handler("hidden", ask_hidden)
      .handler("send", send)
      .handler("send_many", send_many)
      .handler("send_twice", send_twice)
      .handler("call_twice", call_twice)
      .handler("attach", attach)
      .handler("proxy", proxy);
}

holdfast::ServiceDefinition sink() {
  return holdfast::Service(named("Sink"), impatient()).handler("note", note);
}

holdfast::ServiceDefinition hidden() {
  holdfast::ServiceOptions options = impatient();
  options.ingress_private = true;
  return holdfast::Service(named("Hidden"), std::move(options)).handler("answer", answer);
}

holdfast::ServiceDefinition versioned() {
  using holdfast::ObjectContext;
  holdfast::RetryPolicy policy;
  policy.initial_interval = milliseconds(20);
  policy.max_attempts = 2;
  holdfast::HandlerOptions pauses;
  pauses.retry_policy = policy;
  if (revision() == "3") {
    return holdfast::Object(named("Versioned"), impatient())
        .exclusive("revision", which_revision<ObjectContext>)
        .exclusive("stuck", stuck<ObjectContext>, pauses);
  }
  auto service = holdfast::Service(named("Versioned"), impatient())
                     .handler("revision", which_revision<Context>)
                     .handler("stuck", stuck<Context>, pauses);
  if (revision() == "1") service.handler("only_in_the_first", only_in_the_first);
  return service;
}

}  // namespace conformance
