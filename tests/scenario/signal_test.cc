// Named signals: to one invocation, in order, kept until it asks.

#include <boost/test/unit_test.hpp>

#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

const auto kListen = [](Context& ctx) -> Task<std::string> {
  const std::string first = co_await ctx.signal<std::string>("word");
  const std::string second = co_await ctx.signal<std::string>("word");
  co_await ctx.signal("end");
  co_return first + " " + second;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(signal)

BOOST_AUTO_TEST_CASE(come_in_order_whether_they_are_awaited_yet_or_not) {
  World world({Service("Radio").handler("listen", kListen)});

  const InvocationId id = world.send(to("Radio", "listen"));
  BOOST_TEST(world.signal(id, "end", "").has_value());
  world.advance(10s);
  BOOST_TEST(world.signal(id, "word", "\"a\"").has_value());
  world.restart();
  BOOST_TEST(world.signal(id, "word", "\"b\"").has_value());

  BOOST_TEST(world.result(id) == "\"a b\"");
}

BOOST_AUTO_TEST_CASE(to_one_that_is_scheduled_are_kept) {
  World world({Service("Radio").handler("listen", kListen)});
  auto request = to("Radio", "listen");
  request.not_before_unix_ms = world.now_unix_ms() + 3'600'000;

  const InvocationId id = world.send(request);
  for (const char* word : {"\"a\"", "\"b\""})
    BOOST_TEST(world.signal(id, "word", word).has_value());
  world.restart();
  BOOST_TEST(world.signal(id, "end", "").has_value());
  BOOST_TEST((world.status(id) == Status::kScheduled));
  world.advance(61min);

  BOOST_TEST(world.result(id) == "\"a b\"");
}

BOOST_AUTO_TEST_CASE(to_one_that_is_queued_are_kept) {
  const auto hold = [](ObjectContext& ctx) -> Task<void> { co_await ctx.sleep(1h); };
  const auto listen = [](ObjectContext& ctx) -> Task<std::string> {
    co_return co_await ctx.signal<std::string>("word");
  };
  World world({Object("Radio").exclusive("hold", hold).exclusive("listen", listen)});

  world.send(to_key("Radio", "k", "hold"));
  const InvocationId before_crash = world.send(to_key("Radio", "k", "listen"));
  const InvocationId after_crash = world.send(to_key("Radio", "k", "listen"));
  BOOST_TEST(world.signal(before_crash, "word", "\"a\"").has_value());
  world.restart();
  BOOST_TEST(world.signal(after_crash, "word", "\"b\"").has_value());
  BOOST_TEST((world.status(before_crash) == Status::kQueued));
  world.advance(61min);

  BOOST_TEST(world.result(before_crash) == "\"a\"");
  BOOST_TEST(world.result(after_crash) == "\"b\"");
}

BOOST_AUTO_TEST_CASE(other_handlers_send_and_reject_them) {
  const auto talk = [](Context& ctx, std::string id) -> Task<void> {
    const std::string a = "a";
    ctx.invocation(id).signal("word", a);
    co_await ctx.sleep(1min);
    ctx.invocation(id).reject("word", "no more words", 410);
  };
  World world({Service("Radio").handler("listen", kListen).handler("talk", talk)});

  const InvocationId id = world.send(to("Radio", "listen"));
  world.send(to("Radio", "talk", json(id.text())));
  world.restart();
  world.advance(2min);

  BOOST_TEST(world.result(id) == "FAILED 410 no more words");
}

BOOST_AUTO_TEST_CASE(to_nobody_are_refused_and_to_a_finished_one_change_nothing) {
  World world({Service("Radio")
                   .handler("listen", kListen)
                   .handler("echo", [](Context&, int value) -> Task<int> { co_return value; })});

  const InvocationId done = world.send(to("Radio", "echo", "5"));
  InvocationId nobody = done;
  nobody.uuid[3] ^= 1;

  BOOST_TEST(world.signal(done, "word", "\"a\"").has_value());
  BOOST_TEST(world.result(done) == "5");
  const auto refused = world.signal(nobody, "word", "\"a\"");
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code() == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
