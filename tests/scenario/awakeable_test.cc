// Awakeables: an id is given away, and whoever has it completes the future, once.

#include <boost/test/unit_test.hpp>

#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

// Hands its awakeable's id to the outside in a step, as one would send a mail.
Service asker(std::vector<std::string>& mails) {
  return Service("Ask").handler("human", [&mails](Context& ctx) -> Task<std::string> {
    auto answer = ctx.awakeable<std::string>();
    co_await ctx.run("mail", [&] { mails.push_back(answer.id); });
    co_return "they said " + co_await answer.future;
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(awakeable)

BOOST_AUTO_TEST_CASE(is_completed_from_outside_long_after_it_was_made) {
  std::vector<std::string> mails;
  World world({asker(mails)});

  const InvocationId id = world.send(to("Ask", "human"));
  world.restart();
  world.advance(24h * 30);
  BOOST_TEST(world.active() == 0u);
  BOOST_TEST(world.resolve(mails[0], "\"yes\"").has_value());

  BOOST_TEST(world.result(id) == "\"they said yes\"");
  BOOST_TEST(mails.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_answer_that_came_before_a_crash_is_kept) {
  std::vector<std::string> mails;
  World world({asker(mails)});

  const InvocationId parked = world.send(to("Ask", "human"));
  world.advance(10s);
  const InvocationId live = world.send(to("Ask", "human"));
  BOOST_TEST(world.resolve(mails[0], "\"a\"").has_value());
  BOOST_TEST(world.resolve(mails[1], "\"b\"").has_value());
  world.restart();

  BOOST_TEST(world.result(parked) == "\"they said a\"");
  BOOST_TEST(world.result(live) == "\"they said b\"");
}

BOOST_AUTO_TEST_CASE(the_first_answer_counts) {
  std::vector<std::string> mails;
  World world({asker(mails)});

  const InvocationId id = world.send(to("Ask", "human"));
  (void)world.resolve(mails[0], "\"first\"");
  BOOST_TEST(world.resolve(mails[0], "\"second\"").has_value());

  BOOST_TEST(world.result(id) == "\"they said first\"");
}

BOOST_AUTO_TEST_CASE(a_rejection_is_thrown) {
  std::vector<std::string> mails;
  World world({asker(mails)});

  const InvocationId id = world.send(to("Ask", "human"));
  world.restart();
  (void)world.reject(mails[0], 403, "not today");

  BOOST_TEST(world.result(id) == "FAILED 403 not today");
}

BOOST_AUTO_TEST_CASE(another_handler_completes_it) {
  std::vector<std::string> mails;
  const auto answer = [](Context& ctx, std::string id) -> Task<void> {
    co_await ctx.sleep(1h);
    const std::string yes = "yes";
    ctx.resolve_awakeable(id, yes);
  };
  const auto refuse = [](Context& ctx, std::string id) -> Task<void> {
    ctx.reject_awakeable(id, "no", 410);
    co_return;
  };
  World world({asker(mails), Service("Human").handler("answer", answer).handler("refuse", refuse)});

  const InvocationId first = world.send(to("Ask", "human"));
  const InvocationId second = world.send(to("Ask", "human"));
  world.send(to("Human", "answer", json(mails[0])));
  world.send(to("Human", "refuse", json(mails[1])));
  world.restart();
  world.advance(2h);

  BOOST_TEST(world.result(first) == "\"they said yes\"");
  BOOST_TEST(world.result(second) == "FAILED 410 no");
}

BOOST_AUTO_TEST_CASE(an_id_that_is_none_ends_the_attempt_with_a_word_about_it) {
  const auto answer = [](Context& ctx) -> Task<void> {
    ctx.resolve_awakeable("sign_1nonsense");
    co_return;
  };
  World world({Service("Human").handler("answer", answer)});

  const InvocationId id = world.send(to("Human", "answer"));

  BOOST_TEST((world.status(id) == Status::kBackingOff));
  BOOST_TEST(world.row(id)->last_failure->message.find("CompleteAwakeable") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
