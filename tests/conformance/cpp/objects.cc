#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <holdfast/sdk.h>

#include "outside.h"
#include "services.h"
#include "value.h"

namespace conformance {

using holdfast::ObjectContext;
using holdfast::SharedObjectContext;
using holdfast::Task;

namespace {

struct TokenAndNumber {
  std::string token;
  std::int64_t n = 0;
};
BOOST_DESCRIBE_STRUCT(TokenAndNumber, (), (token, n))

struct Held {
  std::string token, gate;
};
BOOST_DESCRIBE_STRUCT(Held, (), (token, gate))

Task<std::int64_t> total(SharedObjectContext& ctx) {
  co_return (co_await ctx.get<std::int64_t>("total")).value_or(0);
}

Task<std::int64_t> add(ObjectContext& ctx, std::int64_t n) {
  const std::int64_t sum = co_await total(ctx) + n;
  ctx.set("total", sum);
  co_return sum;
}

Task<void> put(ObjectContext& ctx, Value entries) {
  for (const auto& entry : entries.as_object()) {
    ctx.set(std::string(std::string_view(entry.key())), entry.value());
  }
  co_return;
}

Task<void> drop(ObjectContext& ctx, std::string key) {
  ctx.clear(key);
  co_return;
}

Task<void> wipe(ObjectContext& ctx) {
  ctx.clear_all();
  co_return;
}

Task<Value> entries(SharedObjectContext& ctx) {
  boost::json::object found;
  for (const std::string& key : co_await ctx.keys()) {
    const std::optional<Value> value = co_await ctx.get<Value>(key);
    found[key] = value.value_or(nullptr);
  }
  co_return found;
}

// What a handler reads back of its own writes, one line for each of them.
Task<std::vector<Value>> reads_its_writes(ObjectContext& ctx) {
  std::vector<Value> seen;
  seen.push_back(co_await entries(ctx));
  ctx.set("a", 10);
  ctx.set("b", "");
  seen.push_back(co_await entries(ctx));
  ctx.clear("a");
  seen.push_back((co_await ctx.get<Value>("a")).value_or(nullptr));
  ctx.clear_all();
  seen.push_back(co_await entries(ctx));
  seen.push_back((co_await ctx.get<Value>("b")).value_or(nullptr));
  const Value deep = {{"deep", {1, nullptr}}};
  ctx.set("c", deep);
  seen.push_back(co_await entries(ctx));
  co_return seen;
}

Task<void> add_and_fail(ObjectContext& ctx, std::int64_t n) {
  ctx.set("total", n);
  throw holdfast::TerminalError("after the write", 422);
  co_return;
}

Task<std::int64_t> add_and_retry(ObjectContext& ctx, TokenAndNumber given) {
  const std::int64_t sum = co_await add(ctx, given.n);
  if (effect(given.token) == 1) throw std::runtime_error("after the write");
  co_return sum;
}

// Stays in its turn until the gate opens.
Task<std::int64_t> hold(ObjectContext& ctx, Held given) {
  const std::int64_t before = co_await total(ctx);
  co_await ctx.run("held", [&] {
    effect(given.token, "in");
    passed(given.gate);
    effect(given.token, "out");
  });
  ctx.set("total", before + 1);
  co_return before + 1;
}

holdfast::ServiceDefinition object(std::string_view name, holdfast::ServiceOptions options) {
  return holdfast::Object(named(name), std::move(options))
      .exclusive("add", add)
      .shared("total", total)
      .exclusive("put", put)
      .exclusive("drop", drop)
      .exclusive("wipe", wipe)
      .shared("entries", entries)
      .exclusive("reads_its_writes", reads_its_writes)
      .exclusive("add_and_fail", add_and_fail)
      .exclusive("add_and_retry", add_and_retry)
      .exclusive("hold", hold);
}

}  // namespace

holdfast::ServiceDefinition counter() { return object("Counter", impatient()); }

holdfast::ServiceDefinition lazy_counter() {
  holdfast::ServiceOptions options = impatient();
  options.lazy_state = true;
  return object("LazyCounter", std::move(options));
}

}  // namespace conformance
