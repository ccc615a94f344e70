#include "tests/simulation/services.h"

#include <utility>

namespace holdfast::simulation {

namespace {

using std::chrono::milliseconds;

// What a handler does to the world outside. The name of its object's key is empty for services.
class Acts {
 public:
  Acts(Context& ctx, Outside& outside, std::string key = {})
      : ctx_(ctx), outside_(outside), key_(std::move(key)) {
    if (!key_.empty()) outside_.enter(ctx_.invocation_id(), key_);
  }

  auto step(int number) {
    const auto body = [this, number] { outside_.execute(ctx_.invocation_id(), number, key_); };
    return ctx_.run("step " + std::to_string(number), body);
  }

 private:
  Context& ctx_;
  Outside& outside_;
  const std::string key_;
};

ServiceDefinition bank(Outside& outside) {
  return Service("Bank").handler(
      "transfer", [&outside](Context& ctx, Transfer transfer) -> Task<bool> {
        Acts acts(ctx, outside);
        co_await acts.step(1);
        const bool taken =
            co_await ctx.object_call<bool>("Account", transfer.from, "withdraw", transfer.amount);
        if (taken) {
          co_await acts.step(2);
          co_await ctx.object_call<bool>("Account", transfer.to, "deposit", transfer.amount);
        }
        co_await acts.step(kLast);
        co_return taken;
      });
}

ServiceDefinition account(Outside& outside) {
  return Object("Account")
      .exclusive("withdraw",
                 [&outside](ObjectContext& ctx, int amount) -> Task<bool> {
                   Acts acts(ctx, outside, "Account/" + ctx.key());
                   const int balance = (co_await ctx.get<int>("balance")).value_or(kFirstBalance);
                   co_await acts.step(1);
                   if (balance < amount) co_return false;
                   ctx.set("balance", balance - amount);
                   co_await acts.step(kLast);
                   co_return true;
                 })
      .exclusive("deposit", [&outside](ObjectContext& ctx, int amount) -> Task<bool> {
        Acts acts(ctx, outside, "Account/" + ctx.key());
        const int balance = (co_await ctx.get<int>("balance")).value_or(kFirstBalance);
        ctx.set("balance", balance + amount);
        co_await acts.step(kLast);
        co_return true;
      });
}

ServiceDefinition counter(Outside& outside) {
  return Object("Counter").exclusive("add", [&outside](ObjectContext& ctx) -> Task<int> {
    Acts acts(ctx, outside, "Counter/" + ctx.key());
    const int before = (co_await ctx.get<int>("n")).value_or(0);
    co_await acts.step(1);
    ctx.set("n", before + 1);
    co_await acts.step(kLast);
    co_return before + 1;
  });
}

ServiceDefinition chain(Outside& outside) {
  return Service("Chain").handler("go", [&outside](Context& ctx, int depth) -> Task<int> {
    Acts acts(ctx, outside);
    co_await acts.step(1);
    int below = 0;
    if (depth > 0) {
      const int next = depth - 1;
      below = co_await ctx.call<int>("Chain", "go", next);
    }
    co_await acts.step(kLast);
    co_return below + 1;
  });
}

ServiceDefinition fan(Outside& outside) {
  return Service("Fan").handler("out", [&outside](Context& ctx, int depth) -> Task<int> {
    Acts acts(ctx, outside);
    std::vector<Future<int>> calls;
    for (int i = 0; i < 3; ++i) calls.push_back(ctx.call<int>("Chain", "go", i));
    auto never = ctx.awakeable<int>();
    const auto first = co_await race(never.future, ctx.sleep(milliseconds(50 * depth)));
    const std::vector<int> depths = co_await all(std::move(calls));
    co_await acts.step(kLast);
    co_return depths[0] + depths[1] + depths[2] + static_cast<int>(first.index());
  });
}

ServiceDefinition order(Outside& outside) {
  return Workflow("Order")
      .run([&outside](WorkflowContext& ctx) -> Task<int> {
        Acts acts(ctx, outside);
        co_await acts.step(1);
        const int answer = co_await ctx.promise<int>("answer").get();
        co_await acts.step(kLast);
        co_return answer;
      })
      .shared("approve",
              [&outside](SharedWorkflowContext& ctx, int answer) -> Task<bool> {
                Acts acts(ctx, outside);
                const auto set = co_await settled(ctx.promise<int>("answer").resolve(answer));
                co_await acts.step(kLast);
                co_return static_cast<bool>(set);
              })
      .shared("wait", [&outside](SharedWorkflowContext& ctx) -> Task<int> {
        Acts acts(ctx, outside);
        const int answer = co_await ctx.promise<int>("answer").get();
        co_await acts.step(kLast);
        co_return answer;
      });
}

ServiceDefinition nap(Outside& outside) {
  return Service("Nap").handler("nap", [&outside](Context& ctx, int millis) -> Task<bool> {
    Acts acts(ctx, outside);
    // Until a time, not for a time: the clock may be set back between the two commands, when the
    // attempt breaks there.
    const auto until = ctx.now() + milliseconds(millis);
    const auto due = std::chrono::duration_cast<milliseconds>(until.time_since_epoch()).count();
    co_await ctx.sleep_until(until);
    const auto woke = [&outside, due, id = ctx.invocation_id()] { outside.woke(id, due); };
    co_await ctx.run("woke", woke);
    co_await acts.step(kLast);
    co_return true;
  });
}

ServiceDefinition later(Outside& outside) {
  return Service("Later").handler("run", [&outside](Context& ctx, std::int64_t due) -> Task<bool> {
    Acts acts(ctx, outside);
    const auto came = [&outside, due, id = ctx.invocation_id()] { outside.woke(id, due); };
    co_await ctx.run("came", came);
    co_await acts.step(kLast);
    co_return true;
  });
}

ServiceDefinition human(Outside& outside, std::function<void(const std::string&)> on_awakeable) {
  return Service("Human").handler(
      "ask", [&outside, on_awakeable = std::move(on_awakeable)](Context& ctx) -> Task<int> {
        Acts acts(ctx, outside);
        auto asked = ctx.awakeable<int>();
        const auto tell = [&on_awakeable, id = asked.id] { on_awakeable(id); };
        co_await ctx.run("tell", tell);
        const int answer = co_await asked.future;
        co_await acts.step(kLast);
        co_return answer;
      });
}

ServiceDefinition victim(Outside& outside) {
  return Service("Victim").handler("run", [&outside](Context& ctx, int rounds) -> Task<int> {
    Acts acts(ctx, outside);
    for (int i = 1; i <= rounds; ++i) {
      co_await acts.step(2 * i);
      co_await ctx.sleep(milliseconds(100 * i));
      const int depth = i % 3;
      co_await ctx.call<int>("Chain", "go", depth);
    }
    co_await acts.step(kLast);
    co_return rounds;
  });
}

ServiceDefinition watch(Outside& outside) {
  return Service("Watch").handler("it", [&outside](Context& ctx, std::string id) -> Task<int> {
    Acts acts(ctx, outside);
    const int answer = co_await ctx.invocation(id).attach<int>();
    co_await acts.step(kLast);
    co_return answer;
  });
}

}  // namespace

std::vector<ServiceDefinition> services(Outside& outside,
                                        std::function<void(const std::string&)> on_awakeable,
                                        bool crowds) {
  std::vector<ServiceDefinition> all = {
      bank(outside),  account(outside), counter(outside),
      chain(outside), fan(outside),     order(outside),
      nap(outside),   later(outside),   human(outside, std::move(on_awakeable)),
      victim(outside)};
  if (crowds) all.push_back(watch(outside));
  return all;
}

}  // namespace holdfast::simulation
