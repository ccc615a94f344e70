// State of an object: what one handler wrote is there for the next, and for itself at once.

#include <boost/test/unit_test.hpp>

#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

Object notes() {
  return Object("Notes")
      .exclusive("put",
                 [](ObjectContext& ctx, std::pair<std::string, int> entry) -> Task<void> {
                   ctx.set(entry.first, entry.second);
                   co_return;
                 })
      .exclusive("drop",
                 [](ObjectContext& ctx, std::string name) -> Task<void> {
                   ctx.clear(name);
                   co_return;
                 })
      .exclusive("reset",
                 [](ObjectContext& ctx) -> Task<void> {
                   ctx.clear_all();
                   co_return;
                 })
      .shared("get",
              [](SharedObjectContext& ctx, std::string name) -> Task<std::optional<int>> {
                co_return co_await ctx.get<int>(name);
              })
      .shared("keys", [](SharedObjectContext& ctx) -> Task<std::string> {
        co_return joined(co_await ctx.keys());
      });
}

Bytes entry(const std::string& name, int value) { return json(std::pair(name, value)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(state)

BOOST_AUTO_TEST_CASE(what_was_written_is_read_by_others_and_by_later_processes) {
  World world({notes()});

  world.send(to_key("Notes", "k", "put", entry("a", 1)));
  world.send(to_key("Notes", "k", "put", entry("b", 2)));
  world.send(to_key("Notes", "other", "put", entry("c", 3)));
  BOOST_TEST(world.call(to_key("Notes", "k", "get", json(std::string("a")))) == "1");
  world.restart();
  BOOST_TEST(world.call(to_key("Notes", "k", "keys")) == "\"a,b\"");
  BOOST_TEST(world.call(to_key("Notes", "k", "get", json(std::string("none")))) == "null");

  world.send(to_key("Notes", "k", "drop", json(std::string("a"))));
  BOOST_TEST(world.call(to_key("Notes", "k", "keys")) == "\"b\"");
  world.send(to_key("Notes", "k", "reset"));
  world.restart();
  BOOST_TEST(world.call(to_key("Notes", "k", "keys")) == "\"\"");
  BOOST_TEST(world.call(to_key("Notes", "other", "keys")) == "\"c\"");
}

BOOST_AUTO_TEST_CASE(own_writes_are_visible_also_when_the_handler_runs_again) {
  const auto handler = [](ObjectContext& ctx) -> Task<std::string> {
    std::string seen;
    const auto look = [&]() -> Task<void> {
      const auto a = co_await ctx.get<int>("a");
      const auto keys = co_await ctx.keys();
      seen += "[" + joined(keys) + "]" + (a ? std::to_string(*a) : "-") + " ";
    };
    co_await look();
    ctx.set("a", 2);
    ctx.set("b", 1);
    co_await look();
    co_await ctx.sleep(1h);
    co_await look();
    ctx.clear("a");
    co_await look();
    co_await ctx.sleep(1h);
    ctx.set("c", 1);
    ctx.clear_all();
    co_await look();
    ctx.set("d", 1);
    co_await ctx.sleep(1h);
    co_await look();
    co_return seen;
  };
  const std::string expected = "\"[a]1 [a,b]2 [a,b]2 [b]- []- [d]- \"";
  for (const bool crash : {false, true}) {
    World world({notes().exclusive("go", handler)});
    world.send(to_key("Notes", "k", "put", entry("a", 1)));

    const InvocationId id = world.send(to_key("Notes", "k", "go"));
    for (int hour = 0; hour < 4; ++hour) {
      if (crash) world.restart();
      world.advance(1h);
    }

    BOOST_TEST(world.result(id) == expected);
    BOOST_TEST(world.call(to_key("Notes", "k", "keys")) == "\"d\"");
  }
}

BOOST_AUTO_TEST_CASE(inv_3_a_read_before_the_crash_gives_the_same_after_it) {
  Ledger ledger;
  const auto bump = [&ledger](ObjectContext& ctx) -> Task<int> {
    const int before = (co_await ctx.get<int>("n")).value_or(0);
    ctx.set("n", before + 1);
    co_await ctx.run("tell", [&ledger] { ledger.count("tell"); });
    const int after = (co_await ctx.get<int>("n")).value_or(0);
    ctx.set("n", after + 1);
    co_return after + 1;
  };
  for (std::uint64_t nth = 1;; ++nth) {
    World world({Object("Counter").exclusive("bump", bump)}, nth);
    world.fail_write(nth, nth % 2 == 0 ? World::Failure::kLost : World::Failure::kStored);

    const auto first = world.ask(with_idempotency_key(to_key("Counter", "k", "bump"), "1"));
    const auto second = world.ask(with_idempotency_key(to_key("Counter", "k", "bump"), "2"));
    world.endure(1s);

    BOOST_TEST_CONTEXT("write " << nth) {
      BOOST_TEST(world.result(first) == "2");
      BOOST_TEST(world.result(second) == "4");
      BOOST_TEST(world.state("Counter", "k", "n").value_or("none") == "4");
    }
    if (!world.has_failed()) break;
  }
}

BOOST_AUTO_TEST_CASE(a_failed_attempt_keeps_what_it_wrote_and_does_not_write_it_twice) {
  Ledger ledger;
  const auto handler = [&ledger](ObjectContext& ctx) -> Task<int> {
    const int n = (co_await ctx.get<int>("n")).value_or(0);
    ctx.set("n", n + 1);
    if (ledger.count("attempt") < 4) throw std::runtime_error("not yet");
    co_return (co_await ctx.get<int>("n")).value_or(0);
  };
  World world({Object("Counter").exclusive("go", handler)});

  const InvocationId id = world.send(to_key("Counter", "k", "go"));
  world.advance(1min);

  BOOST_TEST(world.result(id) == "1");
  BOOST_TEST(world.state("Counter", "k", "n").value_or("none") == "1");
}

BOOST_AUTO_TEST_CASE(an_unkeyed_service_has_no_state_and_workflows_have_their_own) {
  const auto run = [](WorkflowContext& ctx) -> Task<std::string> {
    ctx.set("step", std::string("working"));
    co_await ctx.sleep(1h);
    ctx.set("step", std::string("done"));
    co_return ctx.key();
  };
  const auto look = [](SharedWorkflowContext& ctx) -> Task<std::string> {
    const auto step = co_await ctx.get<std::string>("step");
    co_return step.value_or("none");
  };
  World world({Workflow("Signup").run(run).shared("look", look)});

  BOOST_TEST(world.call(to_key("Signup", "w", "look")) == "\"none\"");
  const InvocationId id = world.send(to_key("Signup", "w", "run"));
  world.advance(5s);
  BOOST_TEST(world.call(to_key("Signup", "w", "look")) == "\"working\"");
  world.restart();
  world.advance(2h);

  BOOST_TEST(world.result(id) == "\"w\"");
  BOOST_TEST(world.call(to_key("Signup", "w", "look")) == "\"done\"");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
