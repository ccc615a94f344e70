#include <boost/test/unit_test.hpp>

#include <chrono>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/sdk/support/scripted_host.h"

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using runtime::SessionState;
using testing::TestRun;
using testing::text_handler;

struct Receipt {
  std::string id;
};
BOOST_DESCRIBE_STRUCT(Receipt, (), (id))
struct Transfer {
  std::string from, to;
  std::int64_t cents = 0;
};
BOOST_DESCRIBE_STRUCT(Transfer, (), (from, to, cents))

namespace bank {
Receipt debit(const std::string& from, std::int64_t) { return {"debit-" + from}; }
bool refuses = false;
Receipt credit(const std::string& to, std::int64_t) {
  if (refuses && to == "bob") throw TerminalError("account closed", 410);
  return {"credit-" + to};
}
}  // namespace bank

// The README's example.
holdfast::Task<Receipt> transfer(holdfast::Context& ctx, Transfer t) {
  auto debit = co_await ctx.run("debit", [&] { return bank::debit(t.from, t.cents); });
  co_await ctx.sleep(24h);
  auto credit = co_await holdfast::settled(
      ctx.run("credit", [&] { return bank::credit(t.to, t.cents); }, {.max_attempts = 5}));
  if (!credit) {
    co_await ctx.run("refund", [&] { return bank::credit(t.from, t.cents); });
    credit.rethrow();
  }
  co_return Receipt{debit.id};
}

HandlerDefinition transfer_handler() {
  const ServiceDefinition service = Service("Transfer").handler("transfer", transfer);
  return service.handlers.at(0);
}
const char* const kTransfer = R"({"from":"alice","to":"bob","cents":5})";

BOOST_AUTO_TEST_SUITE(session)

BOOST_AUTO_TEST_CASE(a_transfer_runs_its_steps_one_after_the_other) {
  bank::refuses = false;
  TestRun run(transfer_handler(), kTransfer);

  BOOST_TEST((run.start() == SessionState::kBlocked));
  BOOST_TEST(run.host.commands.at(0).name == "debit");
  BOOST_TEST((run.session->waiting().completions == std::vector<protocol::CompletionId>{1}));
  run.execute_step();
  BOOST_TEST(run.command<protocol::SleepCommand>(1).wake_up_unix_ms == 1'000'000 + 86'400'000);
  run.complete(2);
  BOOST_TEST((run.execute_step() == SessionState::kEnded));

  BOOST_TEST(run.result() == R"({"id":"debit-alice"})");
}

BOOST_AUTO_TEST_CASE(a_credit_that_fails_for_good_is_refunded_and_the_failure_is_the_result) {
  bank::refuses = true;
  TestRun run(transfer_handler(), kTransfer);

  run.start();
  run.execute_step();
  run.complete(2);
  run.execute_step();
  BOOST_TEST(run.host.commands.at(3).name == "refund");
  BOOST_TEST((run.execute_step() == SessionState::kEnded));

  BOOST_TEST(run.result() == "failed 410 account closed");
  bank::refuses = false;
}

BOOST_AUTO_TEST_CASE(inv_3_replay_sends_nothing_and_executes_nothing_again) {
  TestRun run(transfer_handler(), kTransfer);
  run.start();
  run.execute_step();
  run.complete(2);

  BOOST_TEST((run.restart() == SessionState::kBlocked));

  BOOST_TEST(run.host.commands.size() == 0U);
  BOOST_REQUIRE(run.host.steps.size() == 1U);  // The credit, whose outcome is not recorded.
  BOOST_TEST(run.host.steps.at(0).name == "credit");
  BOOST_TEST((run.execute_step() == SessionState::kEnded));
}

BOOST_AUTO_TEST_CASE(an_input_that_cannot_be_read_is_a_400) {
  TestRun run(transfer_handler(), "{");

  BOOST_TEST((run.start() == SessionState::kEnded));

  BOOST_TEST(run.result().substr(0, 10) == "failed 400");
}

BOOST_AUTO_TEST_CASE(a_journal_without_input_is_a_protocol_violation) {
  TestRun run(transfer_handler());
  run.journal.clear();

  BOOST_TEST((run.start() == SessionState::kFailed));

  BOOST_TEST(run.session->error().code == protocol::kProtocolViolation);
}

BOOST_AUTO_TEST_CASE(an_exception_ends_the_attempt_without_a_result) {
  TestRun run(text_handler([](Context&) -> Task<std::string> {
    throw std::runtime_error("broken");
    co_return "";
  }));

  BOOST_TEST((run.start() == SessionState::kFailed));

  BOOST_TEST(run.session->error().code == 500);
  BOOST_TEST(run.session->error().message == "broken");
  BOOST_TEST(run.result() == "none");
}

BOOST_AUTO_TEST_CASE(waiting_for_something_foreign_ends_the_attempt) {
  struct Foreign {
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<>) const {}
    void await_resume() const {}
  };
  TestRun run(text_handler([](Context&) -> Task<std::string> {
    co_await Foreign();
    co_return "";
  }));

  BOOST_TEST((run.start() == SessionState::kFailed));

  BOOST_TEST(run.session->error().message.find("not a future") != std::string::npos);
}

// --- Journal mismatch ---

HandlerDefinition one_step(std::string name, bool sleep_first = false) {
  return text_handler([name, sleep_first](Context& ctx) -> Task<std::string> {
    if (sleep_first) co_await ctx.sleep(1s);
    co_return co_await ctx.run(name, [] { return std::string("done"); });
  });
}

BOOST_AUTO_TEST_CASE(inv_2_a_handler_that_changed_its_mind_is_stopped) {
  TestRun run(one_step("charge"));
  run.start();
  run.execute_step();
  run.journal.pop_back();  // The output.
  run.change_handler(one_step("refund"));

  BOOST_TEST((run.restart() == SessionState::kFailed));

  const protocol::AttemptError& error = run.session->error();
  BOOST_TEST(error.code == protocol::kJournalMismatch);
  BOOST_TEST(error.message ==
             "journal mismatch at entry 1: recorded Run \"charge\", but the handler now issues Run "
             "\"refund\"");
  BOOST_TEST(error.related_command.value() == 1U);
  BOOST_TEST(error.related_command_name == "charge");
  BOOST_TEST(error.related_command_type == "Run");
  BOOST_TEST(run.host.commands.empty());
  BOOST_TEST(run.host.steps.empty());
}

BOOST_AUTO_TEST_CASE(inv_2_a_handler_that_ends_early_is_stopped) {
  TestRun run(one_step("charge"));
  run.start();
  run.change_handler(text_handler([](Context&) -> Task<std::string> { co_return "early"; }));

  BOOST_TEST((run.restart() == SessionState::kFailed));

  BOOST_TEST(run.session->error().message ==
             "journal mismatch at entry 1: recorded Run \"charge\", but the handler now issues "
             "Output");
}

BOOST_AUTO_TEST_CASE(inv_2_a_handler_that_waits_for_something_new_is_stopped) {
  TestRun run(one_step("charge"));
  run.start();
  run.change_handler(text_handler([](Context& ctx) -> Task<std::string> {
    co_await ctx.signal("new");
    co_return "";
  }));

  BOOST_TEST((run.restart() == SessionState::kFailed));

  BOOST_TEST(run.session->error().message ==
             "journal mismatch at entry 1: recorded Run \"charge\", but the handler now waits for "
             "something that is not recorded");
}

BOOST_AUTO_TEST_CASE(inv_2_a_call_with_another_parameter_is_refused) {
  const auto calling = [](int parameter) {
    return text_handler([parameter](Context& ctx) -> Task<std::string> {
      co_return co_await ctx.object_call<std::string>("Counter", "k", "add", parameter);
    });
  };
  TestRun run(calling(1));
  run.start();
  run.change_handler(calling(2));

  BOOST_TEST((run.restart() == SessionState::kFailed));

  BOOST_TEST(run.session->error().message ==
             "journal mismatch at entry 1: recorded Call Counter/k/add, but the handler now issues "
             "Call Counter/k/add with another parameter");
}

BOOST_AUTO_TEST_CASE(inv_2_a_handler_that_catches_everything_is_stopped_all_the_same) {
  TestRun run(one_step("charge"));
  run.start();
  run.change_handler(text_handler([](Context& ctx) -> Task<std::string> {
    try {
      ctx.now();
    } catch (...) {
    }
    co_return co_await ctx.run("other", [] { return std::string("x"); });
  }));

  BOOST_TEST((run.restart() == SessionState::kFailed));

  BOOST_TEST(run.session->error().code == protocol::kJournalMismatch);
  BOOST_TEST(run.host.steps.empty());
}

BOOST_AUTO_TEST_CASE(the_time_of_a_sleep_may_differ) {
  const auto sleeping = [](std::chrono::seconds time) {
    return text_handler([time](Context& ctx) -> Task<std::string> {
      co_await ctx.sleep(time);
      co_return "awake";
    });
  };
  TestRun run(sleeping(1s));
  run.start();
  run.change_handler(sleeping(2s));

  BOOST_TEST((run.restart() == SessionState::kBlocked));
  BOOST_TEST((run.complete(1) == SessionState::kEnded));
}

BOOST_AUTO_TEST_CASE(a_recorded_output_is_compared_and_not_sent_again) {
  TestRun run(one_step("charge"));
  run.start();
  run.execute_step();

  BOOST_TEST((run.restart() == SessionState::kEnded));

  BOOST_TEST(run.host.commands.empty());
}

// --- Commands ---

BOOST_AUTO_TEST_CASE(state_reads_see_own_writes_and_are_recorded) {
  TestRun run(text_handler<ObjectContext>([](ObjectContext& ctx) -> Task<std::string> {
    const int before = (co_await ctx.get<int>("n")).value_or(0);
    ctx.set("n", before + 1);
    ctx.set("text", "hello");
    const int after = (co_await ctx.get<int>("n")).value_or(0);
    ctx.clear("n");
    const bool gone = !(co_await ctx.get<int>("n")).has_value();
    std::string all;
    for (const std::string& key : co_await ctx.keys()) all += key + ",";
    ctx.clear_all();
    const std::size_t left = (co_await ctx.keys()).size();
    co_return std::to_string(before) + std::to_string(after) + (gone ? "gone " : "there ") + all +
        std::to_string(left) + ctx.key();
  }));
  run.host.state = {{"n", "41"}, {"z", "1"}};

  BOOST_TEST((run.start() == SessionState::kEnded));

  BOOST_TEST(run.result() == "4142gone text,z,0alice");
  run.host.state.clear();  // Replay does not look at it.
  BOOST_TEST((run.restart() == SessionState::kEnded));
}

BOOST_AUTO_TEST_CASE(state_the_host_does_not_know_is_asked_for) {
  TestRun run(text_handler<SharedObjectContext>([](SharedObjectContext& ctx) -> Task<std::string> {
    auto a = ctx.get<std::string>("a");
    auto b = ctx.get<std::string>("b");
    auto keys = ctx.keys();
    const std::string value = (co_await a).value_or("none");
    const std::string other = (co_await b).value_or("none");
    co_return value + other + std::to_string((co_await keys).size());
  }));
  run.host.knows_state = false;

  run.start();
  BOOST_TEST(run.command<protocol::GetLazyStateCommand>(0).key == "a");
  run.complete(2);
  run.complete(1, "\"x\"");
  BOOST_TEST((run.restart() == SessionState::kBlocked));
  run.notify(protocol::CompletionRef{3}, protocol::StateKeys{{"a", "b"}});

  BOOST_TEST(run.result() == "xnone2");
}

BOOST_AUTO_TEST_CASE(a_call_gives_the_id_and_the_result_of_its_callee) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    const Headers headers = {{"x", "y"}};
    auto call =
        ctx.call<int>("Doubler", "twice", 21, {.idempotency_key = "once", .headers = headers});
    const std::string id = co_await call.invocation_id();
    const int result = co_await call;
    co_return id + std::to_string(result);
  }));

  run.start();
  const auto& call = run.command<protocol::CallCommand>(0);
  BOOST_TEST(call.parameter == "21");
  BOOST_TEST(call.idempotency_key.value() == "once");
  BOOST_TEST(call.headers.at(0).first == "x");
  BOOST_TEST(call.invocation_id_completion == 1U);
  BOOST_TEST(call.completion == 2U);
  run.callee(1, "inv_1");
  run.complete(2, "42");

  BOOST_TEST(run.result() == "inv_142");
}

struct AddTarget {
  using Input = int;
  using Output = std::string;
  std::string service = "Counter", key = "k", handler = "add";
};
struct PingTarget {
  using Input = void;
  using Output = void;
  std::string service = "Pinger", key, handler = "ping";
};

BOOST_AUTO_TEST_CASE(typed_targets_carry_the_types_of_a_call) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    auto ping = ctx.call(PingTarget());
    const std::string sum = co_await ctx.call(AddTarget(), 5);
    co_await ping;
    ctx.send(AddTarget(), 6, {.delay = 1min});
    co_return sum;
  }));

  run.start();
  run.complete(4, "\"five\"");
  run.complete(2, "");

  BOOST_TEST(run.result() == "five");
  const auto& send = run.command<protocol::OneWayCallCommand>(2);
  BOOST_TEST(send.key == "k");
  BOOST_TEST(send.invoke_unix_ms == 1'060'000);
}

BOOST_AUTO_TEST_CASE(a_failed_call_throws_what_the_callee_failed_with) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    try {
      co_await ctx.call<int>("S", "h", 1);
    } catch (const CancelledError&) {
      co_return "cancelled";
    } catch (const TerminalError& error) {
      co_return error.message() + std::to_string(error.code());
    }
    co_return "";
  }));

  run.start();
  run.fail(2, 404, "no such thing");

  BOOST_TEST(run.result() == "no such thing404");
}

BOOST_AUTO_TEST_CASE(awakeables_are_signals_from_17_on) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    auto first = ctx.awakeable<int>();
    auto second = ctx.awakeable<std::string>();
    ctx.resolve_awakeable("sign_1other", 7);
    ctx.reject_awakeable("sign_1other", "no");
    const std::string value = co_await second.future;
    const int number = co_await first.future;
    co_return first.id + value + std::to_string(number);
  }));

  run.start();
  BOOST_TEST((run.session->waiting().signals == std::vector<std::uint32_t>{18}));
  run.notify(std::uint32_t{17}, Bytes("1"));
  run.notify(std::uint32_t{17}, Bytes("2"));  // The first counts.
  run.notify(std::uint32_t{18}, Bytes("\"x\""));

  BOOST_TEST(run.result() == "sign_1eB3fuOTZ2f2WQ703X6spJIRAJ3GsPi8XAAAAEQx1");
  BOOST_TEST((run.restart() == SessionState::kEnded));
}

BOOST_AUTO_TEST_CASE(named_signals_are_taken_in_order_also_those_that_came_early) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    const int first = co_await ctx.signal<int>("n");
    co_await ctx.sleep(1s);
    const int second = co_await ctx.signal<int>("n");
    co_return std::to_string(first * 10 + second);
  }));

  run.start();
  BOOST_TEST((run.session->waiting().named_signals == std::vector<std::string>{"n"}));
  run.signal("n", "1");
  run.signal("n", "2");
  run.signal("other", "3");
  run.complete(1);

  BOOST_TEST(run.result() == "12");
  BOOST_TEST((run.restart() == SessionState::kEnded));
}

BOOST_AUTO_TEST_CASE(other_invocations_are_signalled_cancelled_and_attached_to) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    const Invocation other = ctx.invocation("inv_x");
    other.signal("go", 1);
    other.reject("stop", "why");
    other.cancel();
    auto result = other.attach<int>();
    auto output = ctx.request("S", "h", "idem").output<int>();
    auto workflow = ctx.workflow("W", "k").output<int>();
    const int value = co_await result;
    const bool done = (co_await output).has_value();
    co_return std::to_string(value) + (done ? "done" : "open") +
        std::to_string((co_await workflow).value_or(0));
  }));

  run.start();
  run.complete(3, "3");
  run.complete(2);
  run.complete(1, "1");

  BOOST_TEST(run.result() == "1open3");
  BOOST_TEST((std::get<std::uint32_t>(run.command<protocol::SendSignalCommand>(2).signal) == 1U));
  BOOST_TEST((run.restart() == SessionState::kEnded));
}

BOOST_AUTO_TEST_CASE(promises_are_read_peeked_and_completed_once) {
  TestRun run(text_handler<WorkflowContext>([](WorkflowContext& ctx) -> Task<std::string> {
    auto promise = ctx.promise<std::string>("approval");
    const bool open = !(co_await promise.peek()).has_value();
    co_await promise.resolve("yes");
    std::string again = "twice";
    try {
      co_await promise.reject("no");
    } catch (const TerminalError& error) {
      again = std::to_string(error.code());
    }
    co_return (open ? "open " : "done ") + again + co_await promise.get();
  }));

  run.start();
  run.complete(1);
  run.complete(2);
  run.fail(3, 409, "already completed");
  run.complete(4, "\"yes\"");

  BOOST_TEST(run.result() == "open 409yes");
}

BOOST_AUTO_TEST_CASE(now_random_and_uuid_are_the_same_in_replay_and_lines_are_written_once) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    ctx.log().info("first");
    const auto time = ctx.now();
    RandomBits bits = ctx.random();
    const int number = std::uniform_int_distribution<int>(0, 1'000'000)(bits);
    const std::string uuid = ctx.uuid();
    co_await ctx.sleep(1s);
    ctx.log().info("second");
    co_return std::to_string(time.time_since_epoch() / 1ms) + uuid + std::to_string(number);
  }));
  run.start();
  BOOST_TEST(run.host.lines.size() == 1U);
  BOOST_TEST(run.host.commands.at(0).name == "now");
  BOOST_TEST(run.host.proposals.size() == 1U);
  run.store_proposals();
  const std::vector<protocol::Entry> recorded = run.journal;
  run.complete(2);
  const std::string expected = run.result();

  run.journal = recorded;
  run.begin_attempt();
  run.host.now = 5'000'000;
  run.start();
  BOOST_TEST(run.host.lines.empty());
  run.complete(2);

  BOOST_TEST(run.result() == expected);
  BOOST_TEST(expected.substr(0, 7) == "1000000");
  BOOST_TEST(expected.at(7 + 14) == '4');
  BOOST_TEST(run.host.lines.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_request_s_headers_and_ids_are_there) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    co_return ctx.invocation_id() + ctx.headers().at(0).second;
  }));

  run.start();

  BOOST_TEST(run.result() == "inv_1lNf3nIQpAfe0HKpHcbEHXKintjhm75b0yb");
}

// --- Steps ---

HandlerDefinition failing_step(std::optional<RunOptions> options) {
  return text_handler([options](Context& ctx) -> Task<std::string> {
    co_await ctx.sleep(1s);
    const auto fails = []() -> int { throw std::runtime_error("flaky"); };
    const int value =
        options ? co_await ctx.run("step", fails, *options) : co_await ctx.run("step", fails);
    co_return std::to_string(value);
  });
}

BOOST_AUTO_TEST_CASE(a_failed_step_ends_the_attempt_and_names_itself) {
  TestRun run(failing_step(std::nullopt));
  run.start();
  run.complete(1);

  BOOST_TEST((run.execute_step() == SessionState::kFailed));

  const protocol::AttemptError& error = run.session->error();
  BOOST_TEST(error.message == "flaky");
  BOOST_TEST(error.related_command.value() == 2U);
  BOOST_TEST(error.related_command_name == "step");
  BOOST_TEST(!error.next_retry_delay_ms.has_value());
}

BOOST_AUTO_TEST_CASE(a_step_with_a_policy_says_when_to_try_again_and_gives_up) {
  TestRun run(failing_step(RunOptions{.initial_interval = 100ms, .max_attempts = 3, .jitter = 0}));
  run.start();
  run.complete(1);
  BOOST_TEST((run.execute_step() == SessionState::kFailed));
  BOOST_TEST(run.session->error().next_retry_delay_ms.value() == 100);

  run.retry_count = 1;
  run.restart();
  BOOST_TEST((run.execute_step() == SessionState::kFailed));
  BOOST_TEST(run.session->error().next_retry_delay_ms.value() == 200);
  run.retry_count = 2;
  run.restart();
  BOOST_TEST((run.execute_step() == SessionState::kEnded));

  BOOST_TEST(run.result() == "failed 500 flaky");
}

BOOST_AUTO_TEST_CASE(failures_before_a_new_step_are_not_its_own) {
  TestRun run(failing_step(RunOptions{.max_attempts = 2}));
  run.retry_count = 5;
  run.start();
  run.complete(1);

  BOOST_TEST((run.execute_step() == SessionState::kFailed));
}

BOOST_AUTO_TEST_CASE(a_step_gives_up_after_its_time) {
  TestRun run(failing_step(RunOptions{.max_duration = 10s}));
  run.start();
  run.complete(1);
  run.retry_count = 7;
  run.retrying_for_ms = 10'000;
  run.restart();

  BOOST_TEST((run.execute_step() == SessionState::kEnded));
}

Task<int> async_answer(int value) { co_return value; }

BOOST_AUTO_TEST_CASE(a_closure_may_be_awaitable_or_give_nothing) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    co_await ctx.run("nothing", [] {});
    const int value = co_await ctx.run("task", [] { return async_answer(7); });
    int seen = 0;
    co_await ctx.run("coroutine", [&]() -> Task<> { seen = co_await async_answer(8); });
    co_return std::to_string(value) + std::to_string(seen);
  }));

  run.start();
  run.execute_step();
  run.execute_step();
  run.execute_step();

  BOOST_TEST(run.result() == "78");
}

BOOST_AUTO_TEST_CASE(an_awaitable_closure_may_end_on_another_thread) {
  struct OtherThread {
    std::thread* thread;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) const {
      std::thread& started = *thread;  // This object ends with the coroutine, on that thread.
      started = std::thread([handle] { handle.resume(); });
    }
    int await_resume() const { return 9; }
  };
  std::thread thread;
  TestRun run(text_handler([&thread](Context& ctx) -> Task<std::string> {
    const int value = co_await ctx.run("slow", [&thread] { return OtherThread{&thread}; });
    co_return std::to_string(value);
  }));
  run.start();

  runtime::StepOutcome outcome;
  run.host.steps.at(0).run([&](runtime::StepOutcome done) { outcome = std::move(done); });
  thread.join();
  run.session->step_done(1, outcome);
  run.store_proposals();

  BOOST_TEST(run.result() == "9");
}

BOOST_AUTO_TEST_CASE(a_closure_that_uses_its_context_fails) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    co_return co_await ctx.run("bad", [&] {
      ctx.now();
      return std::string();
    });
  }));
  run.start();

  BOOST_TEST((run.execute_step() == SessionState::kFailed));
}

BOOST_AUTO_TEST_CASE(steps_are_in_flight_until_they_report_also_after_the_end) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    auto left = ctx.run("left behind", [] { return 1; });
    co_return "ended";
  }));

  BOOST_TEST((run.start() == SessionState::kEnded));
  BOOST_TEST(run.session->steps_in_flight() == 1U);
  BOOST_TEST((run.session->step_done(1, Bytes("1")) == SessionState::kEnded));

  BOOST_TEST(run.session->steps_in_flight() == 0U);
  BOOST_TEST(run.host.proposals.empty());
}

BOOST_AUTO_TEST_CASE(a_session_can_be_dropped_while_it_waits) {
  auto held = std::make_shared<int>(1);
  {
    TestRun run(text_handler([held](Context& ctx) -> Task<std::string> {
      const std::shared_ptr<int> local = held;
      auto inner = [](Context& inner_ctx, std::shared_ptr<int>) -> Task<> {
        co_await race(inner_ctx.sleep(1h), inner_ctx.signal("never"));
      };
      co_await inner(ctx, local);
      co_return "";
    }));
    run.start();
    BOOST_TEST(held.use_count() > 2);
  }

  BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(unknown_and_repeated_notifications_are_ignored) {
  TestRun run(text_handler([](Context& ctx) -> Task<std::string> {
    co_await ctx.sleep(1s);
    co_await ctx.sleep(1s);
    co_return "awake";
  }));
  run.start();

  run.complete(99);
  run.complete(2);
  run.complete(0);
  run.complete(1);
  run.complete(1);
  run.notify(std::uint32_t{5}, protocol::Void{});
  BOOST_TEST((run.session->state() == SessionState::kBlocked));
  BOOST_TEST((run.complete(2) == SessionState::kEnded));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast
