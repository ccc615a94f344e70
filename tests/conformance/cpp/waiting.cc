#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <holdfast/sdk.h>

#include "outside.h"
#include "services.h"
#include "value.h"

namespace conformance {

using holdfast::Context;
using holdfast::Task;
using holdfast::TerminalError;
using std::chrono::hours;
using std::chrono::milliseconds;

namespace {

struct Nap {
  std::int64_t ms = 0;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(Nap, (), (ms, key))

struct Naps {
  std::int64_t ms = 0;
  int count = 0;
};
BOOST_DESCRIBE_STRUCT(Naps, (), (ms, count))

struct Resolution {
  std::string id;
  Value value;
};
BOOST_DESCRIBE_STRUCT(Resolution, (), (id, value))

struct Rejection {
  std::string id, reason;
};
BOOST_DESCRIBE_STRUCT(Rejection, (), (id, reason))

struct Signal {
  std::string token, name;
  std::optional<std::string> gate;
};
BOOST_DESCRIBE_STRUCT(Signal, (), (token, name, gate))

struct SentSignal {
  std::string id, name;
  Value value;
};
BOOST_DESCRIBE_STRUCT(SentSignal, (), (id, name, value))

struct RefusedSignal {
  std::string id, name, reason;
};
BOOST_DESCRIBE_STRUCT(RefusedSignal, (), (id, name, reason))

struct Timeout {
  std::int64_t ms = 0;
};
BOOST_DESCRIBE_STRUCT(Timeout, (), (ms))

struct Id {
  std::string id;
};
BOOST_DESCRIBE_STRUCT(Id, (), (id))

Value as_value(const TerminalError& error) {
  return {{"code", error.code()}, {"message", error.message()}};
}

// --- Time ---

Task<std::int64_t> nap(Context& ctx, Nap given) {
  const auto began = ctx.now();
  co_await ctx.sleep(milliseconds(given.ms));
  const auto slept = ctx.now() - began;
  if (given.key) ctx.object_send(named("Counter"), *given.key, "add", 1);
  co_return slept / milliseconds(1);
}

Task<std::int64_t> naps(Context& ctx, Naps given) {
  const auto began = ctx.now();
  std::vector<holdfast::Future<void>> all;
  for (int i = 0; i < given.count; ++i) all.push_back(ctx.sleep(milliseconds(given.ms)));
  co_await holdfast::all(std::move(all));
  co_return (ctx.now() - began) / milliseconds(1);
}

// --- Awakeables ---

Task<Value> wait(Context& ctx, Token given) {
  auto [id, future] = ctx.awakeable<Value>();
  const Value told(id);
  co_await ctx.run("tell", [&given, &told] { return effect(given.token, told); });
  co_return co_await future;
}

Task<Value> wait_caught(Context& ctx, Token given) {
  try {
    co_return co_await wait(ctx, given);
  } catch (const TerminalError& error) {
    co_return as_value(error);
  }
}

// Both are made first; the second one is awaited first.
Task<std::vector<Value>> wait_for_two(Context& ctx, Token given) {
  auto a = ctx.awakeable<Value>();
  auto b = ctx.awakeable<Value>();
  const Value told = {a.id, b.id};
  co_await ctx.run("tell", [&given, &told] { return effect(given.token, told); });
  const Value second = co_await b.future;
  const Value first = co_await a.future;
  co_return std::vector<Value>{first, second};
}

Task<void> resolve(Context& ctx, Resolution given) {
  ctx.resolve_awakeable(given.id, given.value);
  co_return;
}

Task<void> reject(Context& ctx, Rejection given) {
  ctx.reject_awakeable(given.id, given.reason);
  co_return;
}

// --- Signals ---

Task<Value> wait_for_signal(Context& ctx, Signal given) {
  const Value told(ctx.invocation_id());
  co_await ctx.run("tell", [&given, &told] { return effect(given.token, told); });
  if (given.gate) co_await ctx.run("held", [&given] { passed(*given.gate); });
  try {
    co_return co_await ctx.signal<Value>(given.name);
  } catch (const TerminalError& error) {
    co_return as_value(error);
  }
}

Task<void> send_signal(Context& ctx, SentSignal given) {
  ctx.invocation(given.id).signal(given.name, given.value);
  co_return;
}

Task<void> refuse_signal(Context& ctx, RefusedSignal given) {
  ctx.invocation(given.id).reject(given.name, given.reason);
  co_return;
}

// --- Combinators ---

int fail(const char* message) { throw TerminalError(message); }

Task<std::vector<int>> all(Context& ctx) {
  auto [first, slept, third] = co_await holdfast::all(
      ctx.run("a", [] { return 1; }), ctx.sleep(milliseconds(10)), ctx.run("c", [] { return 3; }));
  co_return std::vector<int>{first, 2, third};
}

Task<std::optional<std::string>> all_fails(Context& ctx) {
  auto never = ctx.awakeable().future;
  auto failing = ctx.run("b", [] { return fail("no b"); });
  try {
    co_await holdfast::all(never, failing);
  } catch (const TerminalError& error) {
    co_return error.message();
  }
  co_return std::nullopt;
}

Task<std::string> race(Context& ctx) {
  const auto first = co_await holdfast::race(ctx.sleep(hours(1)), ctx.sleep(milliseconds(10)));
  co_return first.index() == 0 ? "slow" : "quick";
}

Task<std::string> any(Context& ctx) {
  auto failing = ctx.run("fails", [] { return fail("no"); });
  const auto first = co_await holdfast::any(failing, ctx.sleep(milliseconds(10)));
  co_return first.index() == 0 ? "the failure" : "the other";
}

Task<std::optional<std::string>> any_fails(Context& ctx) {
  auto a = ctx.run("a", [] { return fail("a"); });
  auto b = ctx.run("b", [] { return fail("b"); });
  try {
    co_await holdfast::any(a, b);
  } catch (const TerminalError&) {
    co_return "all failed";
  }
  co_return std::nullopt;
}

Task<std::vector<Value>> all_settled(Context& ctx) {
  auto a = ctx.run("a", [] { return 1; });
  auto b = ctx.run("b", [] { return fail("no b"); });
  const auto [first, second, third] =
      co_await holdfast::all_settled(a, b, ctx.sleep(milliseconds(10)));
  std::vector<Value> told;
  told.emplace_back(first.value());
  told.emplace_back(second ? "no failure" : second.error().message());
  told.emplace_back(third ? "slept" : "did not sleep");
  co_return told;
}

Task<bool> timeout(Context& ctx, Timeout given) {
  auto never = ctx.awakeable().future;
  try {
    co_await holdfast::with_timeout(never, milliseconds(given.ms));
  } catch (const holdfast::TimeoutError&) {
    co_return true;
  }
  co_return false;
}

Task<std::string> in_time(Context& ctx) {
  auto quick = ctx.run("quick", [] { return std::string("in time"); });
  co_return co_await holdfast::with_timeout(quick, hours(1));
}

// Whichever comes first: both of the first two, or the third.
Task<Value> nested(Context& ctx, Token given) {
  auto a = ctx.awakeable<std::string>();
  auto b = ctx.awakeable<std::string>();
  auto c = ctx.awakeable<std::string>();
  const Value told = {a.id, b.id, c.id};
  co_await ctx.run("tell", [&given, &told] { return effect(given.token, told); });
  auto both = holdfast::all(a.future, b.future);
  auto either = holdfast::any(c.future, ctx.sleep(hours(1)));
  const auto won = co_await holdfast::race(both, either);
  if (won.index() == 0) {
    const auto& [first, second] = std::get<0>(won);
    co_return Value{first, second};
  }
  const auto& third = std::get<1>(won);
  co_return third.index() == 0 ? Value(std::get<0>(third)) : Value("slept");
}

// --- Being told to stop ---

using Waiting = Task<Value> (*)(Context&, const std::string& token);

Task<Value> sleep_long(Context& ctx, const std::string&) {
  co_await ctx.sleep(hours(1));
  co_return nullptr;
}

Task<Value> await_nobody(Context& ctx, const std::string&) {
  co_return co_await ctx.awakeable<Value>().future;
}

Task<Value> call_child(Context& ctx, const std::string& token) {
  const Token child{token + "/child"};
  co_return co_await ctx.call<Value>(named("Holds"), "asleep", child);
}

Task<Value> tell_and_wait(Context& ctx, const std::string& token, Waiting waiting) {
  const Value told(ctx.invocation_id());
  co_await ctx.run("in", [&token, &told] { return effect(token + "/in", told); });
  co_return co_await waiting(ctx, token);
}

// Tells that it runs, waits for ever, and cleans up when it is cancelled.
Task<Value> held(Context& ctx, const std::string& token, Waiting waiting) {
  const auto ended = co_await holdfast::settled(tell_and_wait(ctx, token, waiting));
  if (!ended) {
    const Value why = as_value(ended.error());
    co_await ctx.run("clean up", [&token, &why] { return effect(token + "/clean", why); });
  }
  co_return ended.value();
}

Task<Value> asleep(Context& ctx, Token given) {
  co_return co_await held(ctx, given.token, sleep_long);
}

Task<Value> awaiting(Context& ctx, Token given) {
  co_return co_await held(ctx, given.token, await_nobody);
}

Task<Value> calling(Context& ctx, Token given) {
  co_return co_await held(ctx, given.token, call_child);
}

Task<Value> sending(Context& ctx, Token given) {
  const Token child{given.token + "/child"};
  co_await ctx.send(named("Holds"), "asleep", child);
  co_return co_await held(ctx, given.token, sleep_long);
}

// Cancelled once, it goes on and answers all the same.
Task<Value> stubborn(Context& ctx, Token given) {
  const auto ended = co_await holdfast::settled(held(ctx, given.token, sleep_long));
  if (ended) co_return ended.value();
  co_await ctx.sleep(milliseconds(1));
  co_return Value("went on");
}

Task<Value> cancel(Context& ctx, Id given) {
  const holdfast::Invocation other = ctx.invocation(given.id);
  other.cancel();
  try {
    co_return co_await other.attach<Value>();
  } catch (const TerminalError& error) {
    co_return as_value(error);
  }
}

}  // namespace

holdfast::ServiceDefinition sleeps() {
  return holdfast::Service(named("Sleeps"), impatient()).handler("nap", nap).handler("naps", naps);
}

holdfast::ServiceDefinition awakeables() {
  return holdfast::Service(named("Awakeables"), impatient())
      .handler("wait", wait)
      .handler("wait_caught", wait_caught)
      .handler("wait_for_two", wait_for_two)
      .handler("resolve", resolve)
      .handler("reject", reject);
}

holdfast::ServiceDefinition signals() {
  return holdfast::Service(named("Signals"), impatient())
      .handler("wait", wait_for_signal)
      .handler("send", send_signal)
      .handler("refuse", refuse_signal);
}

holdfast::ServiceDefinition combinators() {
  return holdfast::Service(named("Combinators"), impatient())
      .handler("all", all)
      .handler("all_fails", all_fails)
      .handler("race", race)
      .handler("any", any)
      .handler("any_fails", any_fails)
      .handler("all_settled", all_settled)
      .handler("timeout", timeout)
      .handler("in_time", in_time)
      .handler("nested", nested);
}

holdfast::ServiceDefinition holds() {
  return holdfast::Service(named("Holds"), impatient())
      .handler("asleep", asleep)
      .handler("awaiting", awaiting)
      .handler("calling", calling)
      .handler("sending", sending)
      .handler("stubborn", stubborn)
      .handler("cancel", cancel);
}

}  // namespace conformance
