// Calls between handlers: values and failures go through unchanged, whoever dies in between.

#include <boost/test/unit_test.hpp>

#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

constexpr ServiceHandler<std::string, std::string> kGreet{"Greeter", "greet"};
constexpr ObjectHandler<int, int> kAdd{"Counter", "add"};
constexpr WorkflowHandler<void, std::string> kSignUp{"Signup", "run"};

// What the callers below call.
std::vector<ServiceDefinition> callees() {
  return {Service("Greeter")
              .handler("greet",
                       [](Context& ctx, std::string name) -> Task<std::string> {
                         co_await ctx.sleep(1min);
                         co_return "Hello " + name;
                       })
              .handler("refuse",
                       [](Context& ctx) -> Task<void> {
                         co_await ctx.sleep(1min);
                         throw TerminalError("no greetings today", 418, {{"reason", "tired"}});
                       })
              .handler("headers",
                       [](Context& ctx) -> Task<std::string> {
                         std::string text;
                         for (const auto& [name, value] : ctx.headers())
                           text += name + "=" + value + ";";
                         co_return text;
                       }),
          Object("Counter")
              .exclusive("add",
                         [](ObjectContext& ctx, int amount) -> Task<int> {
                           const int sum = (co_await ctx.get<int>("n")).value_or(0) + amount;
                           ctx.set("n", sum);
                           co_return sum;
                         })
              .shared("get",
                      [](SharedObjectContext& ctx) -> Task<int> {
                        co_return (co_await ctx.get<int>("n")).value_or(0);
                      }),
          Workflow("Signup").run([](WorkflowContext& ctx) -> Task<std::string> {
            co_await ctx.sleep(1min);
            co_return "welcome " + ctx.key();
          })};
}

std::vector<ServiceDefinition> with(Service caller) {
  std::vector<ServiceDefinition> services = callees();
  services.push_back(std::move(caller));
  return services;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(call)

BOOST_AUTO_TEST_CASE(typed_calls_reach_services_objects_and_workflows_through_crashes) {
  const auto handler = [](Context& ctx) -> Task<std::string> {
    const std::string name = "Ada";
    const std::string hello = co_await ctx.call(kGreet, name);
    const int sum = co_await ctx.call(kAdd("k"), 5);
    const std::string welcome = co_await ctx.call(kSignUp("w"));
    const auto by_name = co_await ctx.object_call<int>("Counter", "k", "add", 2);
    co_return hello + ", " + std::to_string(sum + by_name) + ", " + welcome;
  };
  World world(with(Service("Caller").handler("go", handler)));

  const InvocationId id = world.send(to("Caller", "go"));
  for (int minute = 0; minute < 4; ++minute) {
    world.restart();
    world.advance(1min);
  }

  BOOST_TEST(world.result(id) == "\"Hello Ada, 12, welcome w\"");
  BOOST_TEST(world.rows().size() == 5u);
}

BOOST_AUTO_TEST_CASE(two_calls_made_before_the_first_is_awaited_run_side_by_side) {
  const auto handler = [](Context& ctx) -> Task<std::string> {
    auto a = ctx.call<std::string>("Greeter", "greet", "a");
    auto b = ctx.call<std::string>("Greeter", "greet", "b");
    const std::string second = co_await b;
    const std::string first = co_await a;
    co_return first + second;
  };
  World world(with(Service("Caller").handler("go", handler)));

  const InvocationId id = world.send(to("Caller", "go"));
  world.advance(61s);

  BOOST_TEST(world.result(id) == "\"Hello aHello b\"");
}

BOOST_AUTO_TEST_CASE(a_callees_failure_is_thrown_with_code_and_message) {
  const auto handler = [](Context& ctx) -> Task<std::string> {
    const auto refused = co_await settled(ctx.call<void>("Greeter", "refuse"));
    co_return std::to_string(refused.error().code()) + " " + refused.error().message();
  };
  const auto careless = [](Context& ctx) -> Task<void> {
    co_await ctx.call<void>("Greeter", "refuse");
  };
  World world(with(Service("Caller").handler("go", handler).handler("careless", careless)));

  const InvocationId id = world.send(to("Caller", "go"));
  const InvocationId thrown = world.send(to("Caller", "careless"));
  world.restart();
  world.advance(2min);

  BOOST_TEST(world.result(id) == "\"418 no greetings today\"");
  BOOST_TEST(world.result(thrown) == "FAILED 418 no greetings today");
}

BOOST_AUTO_TEST_CASE(sends_do_not_wait_and_may_be_delayed) {
  const auto handler = [](Context& ctx) -> Task<std::string> {
    const std::string now = co_await ctx.object_send("Counter", "k", "add", 1);
    const std::string later = co_await ctx.send(kAdd("k"), 10, {.delay = 1h});
    co_return now + " " + later;
  };
  World world(with(Service("Caller").handler("go", handler)));

  const std::string ids = world.call(to("Caller", "go"));
  BOOST_TEST(world.state("Counter", "k", "n").value_or("") == "1");
  world.restart();
  world.advance(59min);
  BOOST_TEST(world.state("Counter", "k", "n").value_or("") == "1");
  world.restart();
  world.advance(2min);

  BOOST_TEST(world.state("Counter", "k", "n").value_or("") == "11");
  const auto later = InvocationId::from_text(ids.substr(40, 38));
  BOOST_REQUIRE(later.has_value());
  BOOST_TEST(world.result(*later) == "11");
}

BOOST_AUTO_TEST_CASE(inv_8_an_idempotency_key_makes_two_calls_one) {
  const auto handler = [](Context& ctx) -> Task<int> {
    const int first =
        co_await ctx.object_call<int>("Counter", "k", "add", 1, {.idempotency_key = "same"});
    co_await ctx.object_send("Counter", "k", "add", 1, {.idempotency_key = "same"});
    co_await ctx.sleep(1min);
    const int second =
        co_await ctx.object_call<int>("Counter", "k", "add", 1, {.idempotency_key = "same"});
    co_return first * 100 + second;
  };
  World world(with(Service("Caller").handler("go", handler)));

  const InvocationId first = world.send(to("Caller", "go"));
  const InvocationId second = world.send(to("Caller", "go"));
  world.restart();
  world.advance(2min);

  BOOST_TEST(world.result(first) == "101");
  BOOST_TEST(world.result(second) == "101");
  BOOST_TEST(world.call(to_key("Counter", "k", "get")) == "1");
}

BOOST_AUTO_TEST_CASE(headers_are_those_of_the_call) {
  const auto handler = [](Context& ctx) -> Task<std::string> {
    const Headers headers = {{"x-tenant", "blue"}};
    co_return co_await ctx.call<std::string>("Greeter", "headers", std::monostate(),
                                             {.headers = headers});
  };
  World world(with(Service("Caller").handler("go", handler)));

  BOOST_TEST(world.call(to("Caller", "go")) == "\"x-tenant=blue;\"");
}

BOOST_AUTO_TEST_CASE(a_chain_of_ten_calls_survives_a_stop_after_any_write) {
  Ledger ledger;
  const auto handler = [&ledger](Context& ctx, int depth) -> Task<int> {
    if (depth == 0)
      co_return co_await ctx.run("bottom", [&ledger] { return ledger.count("bottom"); });
    const int below = co_await ctx.call<int>("Chain", "go", depth - 1);
    co_return below + 1;
  };
  for (std::uint64_t nth = 1;; ++nth) {
    ledger = {};
    World world({Service("Chain").handler("go", handler)}, nth);
    world.fail_write(nth, nth % 2 == 0 ? World::Failure::kLost : World::Failure::kStored);

    const auto id = world.ask(with_idempotency_key(to("Chain", "go", "10"), "1"));
    world.endure(10s);

    BOOST_TEST_CONTEXT("write " << nth) {
      BOOST_TEST(world.result(id) == (ledger["bottom"] == 1 ? "11" : "12"));
      BOOST_TEST(world.rows().size() == 11u);
    }
    if (!world.has_failed()) break;
  }
}

BOOST_AUTO_TEST_CASE(attach_waits_for_another_invocation_and_output_does_not) {
  const auto handler = [](Context& ctx) -> Task<std::string> {
    const std::string name = "Ada";
    const std::string id = co_await ctx.send(kGreet, name, {.idempotency_key = "g"});
    const auto before = co_await ctx.invocation(id).output<std::string>();
    const auto by_id = co_await ctx.invocation(id).attach<std::string>();
    const auto by_key = co_await ctx.request("Greeter", "greet", "g").attach<std::string>();
    const auto after = co_await ctx.invocation(id).output<std::string>();
    co_await ctx.workflow_send("Signup", "w", "run");
    const auto run = co_await ctx.workflow("Signup", "w").attach<std::string>();
    co_return (before ? "done " : "open ") + by_id + by_key + after.value_or("?") + run;
  };
  World world(with(Service("Caller").handler("go", handler)));

  const InvocationId id = world.send(to("Caller", "go"));
  world.restart();
  world.advance(90s);
  world.restart();
  world.advance(90s);

  BOOST_TEST(world.result(id) == "\"open Hello AdaHello AdaHello Adawelcome w\"");
}

BOOST_AUTO_TEST_CASE(attaching_to_nobody_is_404_and_calling_nobody_is_not_final) {
  const auto attach = [](Context& ctx) -> Task<std::string> {
    const auto nobody =
        co_await settled(ctx.request("Greeter", "greet", "none").attach<std::string>());
    co_return std::to_string(nobody.error().code());
  };
  const auto call = [](Context& ctx) -> Task<void> { co_await ctx.call<void>("Nobody", "go"); };
  World world(with(Service("Caller").handler("attach", attach).handler("call", call)));

  BOOST_TEST(world.call(to("Caller", "attach")) == "\"404\"");
  const InvocationId id = world.send(to("Caller", "call"));

  BOOST_TEST((world.status(id) == Status::kBackingOff));
  const auto row = world.row(id);
  BOOST_REQUIRE(row->last_failure.has_value());
  BOOST_TEST(row->last_failure->message.find("Nobody") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_handler_can_cancel_another_invocation) {
  const auto handler = [](Context& ctx) -> Task<std::string> {
    const std::string name = "Ada";
    const std::string id = co_await ctx.send(kGreet, name);
    co_await ctx.sleep(10s);
    ctx.invocation(id).cancel();
    const auto result = co_await settled(ctx.invocation(id).attach<std::string>());
    co_return result ? "not cancelled" : result.error().message();
  };
  World world(with(Service("Caller").handler("go", handler)));

  const InvocationId id = world.send(to("Caller", "go"));
  world.restart();
  world.advance(11s);

  BOOST_TEST(world.result(id) == "\"Cancelled\"");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
