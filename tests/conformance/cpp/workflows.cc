#include <optional>
#include <string>

#include <holdfast/sdk.h>

#include "outside.h"
#include "services.h"
#include "value.h"

namespace conformance {

using holdfast::SharedWorkflowContext;
using holdfast::Task;

namespace {

struct Seen {
  std::optional<Value> seen;
};
BOOST_DESCRIBE_STRUCT(Seen, (), (seen))

struct Code {
  int code = 0;
};
BOOST_DESCRIBE_STRUCT(Code, (), (code))

constexpr const char* kApproval = "approval";

Task<Value> run(holdfast::WorkflowContext& ctx, Token given) {
  ctx.set("stage", "waiting");
  co_await ctx.run("tell", [&] { return effect(given.token); });
  try {
    const Value answer = co_await ctx.promise<Value>(kApproval).get();
    ctx.set("stage", "approved");
    co_return Value{{"key", ctx.key()}, {"answer", answer}};
  } catch (const holdfast::TerminalError& error) {
    ctx.set("stage", "refused");
    co_return Value{{"key", ctx.key()}, {"refused", error.message()}};
  }
}

Task<std::optional<std::string>> stage(SharedWorkflowContext& ctx) {
  co_return co_await ctx.get<std::string>("stage");
}

Task<void> approve(SharedWorkflowContext& ctx, Value value) {
  co_await ctx.promise<Value>(kApproval).resolve(value);
}

Task<void> refuse(SharedWorkflowContext& ctx, std::string reason) {
  co_await ctx.promise<Value>(kApproval).reject(reason);
}

Task<Seen> look(SharedWorkflowContext& ctx) {
  Seen seen;
  seen.seen = co_await ctx.promise<Value>(kApproval).peek();
  co_return seen;
}

Task<Value> wait(SharedWorkflowContext& ctx) {
  co_return co_await ctx.promise<Value>(kApproval).get();
}

Task<std::optional<Code>> approve_again(SharedWorkflowContext& ctx, Value value) {
  try {
    co_await ctx.promise<Value>(kApproval).resolve(value);
  } catch (const holdfast::TerminalError& error) {
    co_return Code{error.code()};
  }
  co_return std::nullopt;
}

}  // namespace

holdfast::ServiceDefinition order() {
  return holdfast::Workflow(named("Order"), impatient())
      .run(run)
      .shared("stage", stage)
      .shared("approve", approve)
      .shared("refuse", refuse)
      .shared("look", look)
      .shared("wait", wait)
      .shared("approve_again", approve_again);
}

}  // namespace conformance
