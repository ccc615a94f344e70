#include "sdk/endpoint/remote_attempt.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <random>
#include <stdexcept>
#include <string>

#include "tests/sdk/support/scripted_engine.h"

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using protocol::CompletionRef;
using protocol::Void;
using testing::ScriptedEngine;
using testing::text_handler;
namespace restate = protocol::restate;
using restate::Version;

const auto kVersions = boost::unit_test::data::make({5, 6, 7});
Version version_of(int number) { return static_cast<Version>(number); }

HandlerDefinition greeter() {
  return text_handler(
      [](Context&, Bytes name) -> Task<std::string> { co_return "Hello, " + name + "!"; });
}

int executed = 0;
HandlerDefinition run_and_sleep() {
  return text_handler([](Context& ctx) -> Task<std::string> {
    const int value = co_await ctx.run("a", [] { return ++executed; });
    co_await ctx.sleep(24h);
    co_return "value " + std::to_string(value);
  });
}

HandlerDefinition counter() {
  return text_handler<ObjectContext>([](ObjectContext& ctx) -> Task<std::string> {
    const auto before = co_await ctx.get<int>("c");
    ctx.set("c", before.value_or(0) + 1);
    co_return std::to_string(before.value_or(0));
  });
}

template <class Body>
std::size_t count(const std::vector<protocol::Entry>& journal) {
  std::size_t found = 0;
  for (const protocol::Entry& entry : journal) {
    const auto* command = std::get_if<protocol::Command>(&entry);
    if (command != nullptr && std::holds_alternative<Body>(command->body)) ++found;
  }
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(remote_attempt)

BOOST_DATA_TEST_CASE(a_plain_call_is_answered_with_output_and_end, kVersions, number) {
  ScriptedEngine engine(greeter(), version_of(number), "Ada");

  engine.start();

  BOOST_TEST(engine.result() == "Hello, Ada!");
  BOOST_TEST(engine.has_ended());
}

BOOST_AUTO_TEST_CASE(frames_may_arrive_byte_by_byte) {
  ScriptedEngine engine(greeter(), Version::k6, "Ada");
  engine.open();

  const Bytes opening = engine.opening();
  for (const char& byte : opening) engine.attempt->receive({&byte, 1});

  BOOST_TEST(engine.result() == "Hello, Ada!");
  BOOST_TEST(engine.has_ended());
}

BOOST_DATA_TEST_CASE(run_and_sleep_are_suspended_and_resumed, kVersions, number) {
  executed = 0;
  ScriptedEngine engine(run_and_sleep(), version_of(number));

  engine.start();
  engine.execute();
  engine.commit();
  engine.attempt->receive_end();

  BOOST_TEST(executed == 1);
  const auto suspension = engine.next<restate::Suspension>();
  BOOST_REQUIRE(suspension.has_value());
  BOOST_TEST(suspension->awaiting.completions == std::vector<protocol::CompletionId>{2});
  BOOST_TEST(suspension->awaiting.signals == std::vector<std::uint32_t>{1});
  BOOST_TEST((suspension->awaiting.combinator == protocol::WaitSet::Combinator::kAny));
  BOOST_TEST(engine.output->finished);

  engine.notify(CompletionRef{2}, Void{}, false);
  engine.start();

  BOOST_TEST(engine.result() == "value 1");
  BOOST_TEST(engine.has_ended());
  BOOST_TEST(executed == 1);
}

BOOST_DATA_TEST_CASE(a_waiting_attempt_goes_on_when_it_is_told, kVersions, number) {
  executed = 0;
  ScriptedEngine engine(run_and_sleep(), version_of(number));

  engine.start();
  engine.execute();
  engine.commit();
  engine.notify(CompletionRef{2}, Void{});

  BOOST_TEST(engine.result() == "value 1");
  BOOST_TEST(engine.has_ended());
}

BOOST_AUTO_TEST_CASE(version_7_asks_for_acks_and_tells_what_it_waits_for) {
  ScriptedEngine engine(run_and_sleep(), Version::k7);

  engine.start();
  BOOST_TEST(!engine.next<restate::AwaitingOn>().has_value());  // Its own step.
  engine.execute();
  engine.store();
  BOOST_REQUIRE(engine.proposals.size() == 1);
  BOOST_TEST(engine.proposals[0].wants_ack);
  BOOST_TEST(count<protocol::SleepCommand>(engine.journal) == 0);  // Not before it is durable.
  engine.commit();

  BOOST_TEST(count<protocol::SleepCommand>(engine.journal) == 1);
  const auto waits = engine.next<restate::AwaitingOn>();
  BOOST_REQUIRE(waits.has_value());
  BOOST_TEST(waits->awaiting.completions == std::vector<protocol::CompletionId>{2});
  BOOST_TEST(!waits->executing_side_effects);
}

BOOST_DATA_TEST_CASE(an_outcome_is_not_used_before_it_is_durable, kVersions, number) {
  ScriptedEngine engine(run_and_sleep(), version_of(number));

  engine.start();
  engine.execute();
  engine.store();

  BOOST_TEST(engine.proposals.size() == 1);
  BOOST_TEST(count<protocol::SleepCommand>(engine.journal) == 0);
  BOOST_TEST(!engine.output->finished);
}

BOOST_DATA_TEST_CASE(request_and_response_runs_on_until_it_is_blocked, kVersions, number) {
  executed = 0;
  ScriptedEngine engine(run_and_sleep(), version_of(number));
  std::vector<protocol::CompletionId> waits;

  for (int attempt = 0; attempt < 5 && engine.result() == "none"; ++attempt) {
    engine.start();
    engine.attempt->receive_end();
    engine.execute();
    engine.commit(false);
    if (const auto suspension = engine.next<restate::Suspension>()) {
      waits.push_back(suspension->awaiting.completions.at(0));
      if (waits.back() == 2) engine.notify(CompletionRef{2}, Void{}, false);
    }
    BOOST_TEST(engine.output->finished);
  }

  BOOST_TEST(engine.result() == "value 1");
  BOOST_TEST(waits == (std::vector<protocol::CompletionId>{1, 2}));
  BOOST_TEST(executed == 1);
}

BOOST_AUTO_TEST_CASE(a_step_that_is_executed_delays_the_suspension) {
  ScriptedEngine engine(run_and_sleep());
  engine.start();

  engine.attempt->receive_end();
  BOOST_TEST(!engine.output->finished);
  engine.execute();

  engine.store();
  BOOST_TEST(engine.proposals.size() == 1);
  BOOST_TEST(engine.next<restate::Suspension>().has_value());
  BOOST_TEST(engine.output->finished);
}

BOOST_DATA_TEST_CASE(eager_state_is_answered_at_once, kVersions, number) {
  ScriptedEngine engine(counter(), version_of(number));
  engine.state = {{"c", "7"}};

  engine.start();

  BOOST_TEST(engine.result() == "7");
  BOOST_TEST(count<protocol::GetEagerStateCommand>(engine.journal) == 1);
  const auto& set =
      std::get<protocol::SetStateCommand>(std::get<protocol::Command>(engine.journal.at(2)).body);
  BOOST_TEST(set.value == "8");
}

BOOST_AUTO_TEST_CASE(a_key_missing_in_complete_state_is_absent) {
  ScriptedEngine engine(counter());

  engine.start();

  BOOST_TEST(engine.result() == "0");
  BOOST_TEST(count<protocol::GetLazyStateCommand>(engine.journal) == 0);
}

BOOST_DATA_TEST_CASE(a_key_missing_in_partial_state_is_asked_for, kVersions, number) {
  ScriptedEngine engine(counter(), version_of(number));
  engine.partial_state = true;
  engine.state = {{"other", "1"}};

  engine.start();
  BOOST_TEST(engine.result() == "none");
  engine.notify(CompletionRef{1}, Bytes("41"));

  BOOST_TEST(engine.result() == "41");
  BOOST_TEST(count<protocol::GetLazyStateCommand>(engine.journal) == 1);
}

BOOST_DATA_TEST_CASE(calls_and_awakeables_are_completed, kVersions, number) {
  ScriptedEngine engine(text_handler([](Context& ctx) -> Task<std::string> {
                          auto awakeable = ctx.awakeable<std::string>();
                          auto call = ctx.call<std::string>("Other", "work", awakeable.id);
                          const std::string said = co_await awakeable.future;
                          const std::string came = co_await call;
                          co_return said + came;
                        }),
                        version_of(number));

  engine.start();
  engine.store();
  const auto& call =
      std::get<protocol::CallCommand>(std::get<protocol::Command>(engine.journal.at(1)).body);
  BOOST_TEST(call.parameter.find("sign_1eB3fuOTZ2f2WQ703X6spJIRAJ3GsPi8XAAAAEQ") !=
             std::string::npos);
  engine.notify(CompletionRef{1}, protocol::CalleeId{"inv_1lNf3nIQpAfe0HKpHcbEHXKintjhm75b0y"});
  engine.notify(std::uint32_t{17}, Bytes("\"ping\""));
  engine.notify(CompletionRef{2}, Bytes("\"pong\""));

  BOOST_TEST(engine.result() == "pingpong");
  BOOST_TEST(engine.has_ended());
}

BOOST_DATA_TEST_CASE(a_cancelled_handler_may_clean_up, kVersions, number) {
  ScriptedEngine engine(text_handler([](Context& ctx) -> Task<std::string> {
                          try {
                            co_await ctx.sleep(24h);
                          } catch (const CancelledError&) {
                          }
                          co_await ctx.run("undo", [] { return 1; });
                          throw CancelledError();
                        }),
                        version_of(number));
  engine.start();

  engine.notify(protocol::kCancelSignal, Void{});
  engine.execute();
  engine.commit();

  BOOST_TEST(engine.result().starts_with("failed 409"));
  BOOST_TEST(engine.has_ended());
}

BOOST_AUTO_TEST_CASE(an_exception_is_an_error_with_its_words) {
  ScriptedEngine engine(text_handler([](Context&) -> Task<std::string> {
    throw std::runtime_error("no luck \xFF today");
    co_return "";
  }));

  engine.start();

  BOOST_TEST(engine.error() == "500 no luck ? today");
}

BOOST_AUTO_TEST_CASE(a_failure_is_text_whatever_it_was_made_of) {
  ScriptedEngine engine(text_handler([](Context&) -> Task<std::string> {
    throw TerminalError("cut \xC3 off", 410);
    co_return "";
  }));

  engine.start();

  BOOST_TEST(engine.result() == "failed 410 cut ? off");
  BOOST_TEST(engine.has_ended());
}

BOOST_AUTO_TEST_CASE(a_failing_step_names_itself_and_the_delay) {
  ScriptedEngine engine(text_handler([](Context& ctx) -> Task<std::string> {
    co_await ctx.run("flaky", []() -> int { throw std::runtime_error("down"); },
                     {.initial_interval = 100ms, .jitter = 0});
    co_return "";
  }));

  engine.start();
  engine.execute();

  const auto failed = engine.next<restate::HandlerError>();
  BOOST_REQUIRE(failed.has_value());
  BOOST_TEST(failed->error.message == "down");
  BOOST_TEST(failed->error.related_command.value() == 1);
  BOOST_TEST(failed->error.related_command_name == "flaky");
  BOOST_TEST(failed->error.related_command_type == "Run");
  BOOST_TEST(failed->error.next_retry_delay_ms.value() == 100);
  BOOST_TEST(engine.output->finished);
}

BOOST_AUTO_TEST_CASE(inv_2_a_handler_that_changed_its_mind_is_stopped) {
  ScriptedEngine engine(greeter());
  engine.journal.push_back(protocol::Command{"a", protocol::RunCommand{1}});

  engine.start();

  BOOST_TEST(engine.error().starts_with("570 "));
  BOOST_TEST(engine.result() == "none");
}

BOOST_AUTO_TEST_CASE(inv_3_replay_sends_nothing_and_executes_nothing_again) {
  executed = 0;
  ScriptedEngine engine(run_and_sleep());
  engine.start();
  engine.execute();
  engine.commit();
  const std::size_t entries = engine.journal.size();

  engine.start();
  engine.store();

  BOOST_TEST(engine.journal.size() == entries);
  BOOST_TEST(engine.steps.empty());
  BOOST_TEST(executed == 1);
}

BOOST_AUTO_TEST_CASE(an_output_over_the_limit_is_an_error_and_not_a_frame) {
  ScriptedEngine engine(
      text_handler([](Context&) -> Task<std::string> { co_return std::string(33u << 20, 'x'); }));

  engine.start();

  BOOST_TEST(engine.error().find("over the limit of 32 MiB") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_the_engine_does_not_read_is_not_piled_up_for_ever) {
  ScriptedEngine engine(text_handler<ObjectContext>([](ObjectContext& ctx) -> Task<std::string> {
    for (int i = 0; i < 100; ++i) ctx.set("key", std::string(100'000, 'x'));
    co_await ctx.sleep(1h);
    co_return "";
  }));
  engine.surroundings->unsent_max = 1'000'000;
  engine.open();
  engine.output->is_stuck = true;

  engine.attempt->receive(engine.opening());

  BOOST_TEST(engine.output->was_reset);
  BOOST_TEST(engine.attempt->over());
}

BOOST_AUTO_TEST_CASE(journals_have_a_bound_and_are_given_back) {
  ScriptedEngine engine(greeter(), Version::k6, Bytes(1000, 'x'));
  engine.surroundings->journal_bytes_max = 1500;

  engine.open();
  const Bytes opening = engine.opening();
  engine.attempt->receive(opening.substr(0, opening.size() - 1));
  const auto first = engine.attempt;
  const auto first_output = engine.output;
  engine.start();

  BOOST_TEST(engine.error().starts_with("503 "));
  first->receive(opening.substr(opening.size() - 1));
  BOOST_TEST(first_output->finished);
  BOOST_TEST(engine.surroundings->journal_bytes == 0);
}

BOOST_AUTO_TEST_CASE(a_stop_suspends_who_waits_and_refuses_who_has_not_begun) {
  ScriptedEngine engine(run_and_sleep());
  engine.start();
  engine.attempt->suspend();
  BOOST_TEST(!engine.output->finished);
  engine.execute();
  BOOST_TEST(engine.next<restate::Suspension>().has_value());
  BOOST_TEST(engine.output->finished);

  engine.open();
  engine.attempt->suspend();
  BOOST_TEST(engine.error().starts_with("503 "));
}

BOOST_AUTO_TEST_CASE(an_abandoned_attempt_lives_as_long_as_its_closures) {
  auto alive = std::make_shared<int>(1);
  const std::weak_ptr<int> weak = alive;
  ScriptedEngine engine(text_handler([alive](Context& ctx) -> Task<std::string> {
    const auto local = alive;
    co_await ctx.run("a", [&local] { return *local; });
    co_return "";
  }));
  alive = nullptr;
  engine.start();
  engine.store();

  engine.attempt->abandon();
  engine.attempt = nullptr;
  const long uses = weak.use_count();
  engine.execute();

  BOOST_TEST(uses == 2);  // The handler's, and that of its frame.
  BOOST_TEST(weak.use_count() == 1);
  BOOST_TEST(engine.output->messages.empty());
  BOOST_TEST(engine.surroundings->journal_bytes == 0);
}

BOOST_AUTO_TEST_CASE(inv_11_what_is_out_of_place_is_error_571) {
  Bytes start, run, sleep_completion, end;
  ScriptedEngine engine(run_and_sleep());
  restate::append_start(start, engine.head(), engine.version);
  restate::append_command(run, {"x", protocol::RunCommand{9}}, engine.version);
  restate::append_from_handler(end, restate::End{}, engine.version);
  const Bytes whole = engine.opening();
  engine.forgets = true;
  const Bytes wrong[] = {run,
                         end,
                         start + start,
                         start + end,
                         whole + run,
                         whole + start,
                         whole + Bytes("\xFC\x01\0\0\0\0\0\0", 8),
                         whole + Bytes("\x80\x0C\0\0\xFF\xFF\xFF\xFF", 8),
                         Bytes(64, '\xFF'),
                         "GET / HTTP/1.1\r\nhost: here\r\n\r\n"};

  for (const Bytes& bytes : wrong) {
    engine.steps.clear();
    engine.open();
    engine.attempt->receive(bytes);
    engine.execute();

    BOOST_TEST(engine.error().starts_with("571 "));
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    engine.open();
    engine.attempt->receive(BytesView(whole).substr(0, size));
    engine.attempt->receive_end();

    BOOST_TEST(engine.error().starts_with("571 "), size);
  }
}

BOOST_AUTO_TEST_CASE(inv_11_no_bytes_hurt) {
  std::mt19937 random(4711);
  ScriptedEngine engine(run_and_sleep(), Version::k7, "input");
  engine.start();
  engine.execute();
  engine.commit();
  const Bytes whole = engine.opening();
  engine.forgets = true;

  for (int round = 0; round < 3000; ++round) {
    Bytes bytes = whole;
    for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    engine.open();
    engine.attempt->receive(bytes);
    engine.attempt->receive_end();
    engine.execute();

    BOOST_TEST(engine.output->finished);
    engine.attempt->receive(whole);  // Nobody listens any more.
    engine.attempt->suspend();
    engine.attempt->abandon();
    engine.proposals.clear();
  }
  BOOST_TEST(engine.surroundings->journal_bytes == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast
