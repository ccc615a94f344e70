// Random workflows under random schedules, crashes and failing writes come to what they come to
// when nothing goes wrong, and no step is executed again once its outcome was acted upon.
//
// A workflow is drawn from the seed in its input, so that each attempt draws the same. All it does
// has one possible outcome; only the way there is left to chance.

#include <algorithm>
#include <boost/describe.hpp>
#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "storage/base/random.h"
#include "tests/scenario/world.h"

namespace holdfast::testing {

namespace {

struct Program {
  std::string path;  // Names this invocation: its callers and their operations.
  std::uint64_t seed = 0;
  int depth = 0;
};
BOOST_DESCRIBE_STRUCT(Program, (), (path, seed, depth))

struct Question {
  std::string awakeable;
  int number = 0;
};
BOOST_DESCRIBE_STRUCT(Question, (), (awakeable, number))

// What the closures did. Operations of an invocation are awaited one after the other, so once one
// was executed, those before it have been acted upon.
class StepLedger {
 public:
  int execute(const std::string& path, int operation) {
    int& last = last_[path];
    if (operation < last) repeated_.push_back(path + "#" + std::to_string(operation));
    last = std::max(last, operation);
    return ++executed_[path + "#" + std::to_string(operation)];
  }
  const std::vector<std::string>& repeated() const { return repeated_; }

 private:
  std::map<std::string, int> last_, executed_;
  std::vector<std::string> repeated_;
};

// One operation after the other; `text` tells what they gave.
class Interpreter {
 public:
  Interpreter(Context& ctx, const Program& program, StepLedger& ledger)
      : ctx_(ctx), program_(program), ledger_(ledger), draw_(program.seed) {}

  Task<std::string> run() {
    const int operations = 1 + draw(6);
    for (operation_ = 1; operation_ <= operations; ++operation_) {
      const int kind = draw(13);
      text_ += " " + std::to_string(kind) + ":";
      if (kind < 5) {
        co_await step_or_wait(kind);
      } else if (kind < 9) {
        co_await talk(kind);
      } else {
        co_await several(kind);
      }
    }
    if (draw(8) == 0) throw TerminalError("failed after" + text_, 418);
    co_return text_;
  }

 private:
  int draw(int below) { return static_cast<int>(draw_.next() % static_cast<std::uint64_t>(below)); }
  Program child() {
    const int above = program_.depth - 1;
    return {program_.path + "/" + std::to_string(operation_), draw_.next(), above};
  }
  // Gives its own number; fails that often before.
  auto step(int failures) {
    const auto body = [this, failures, operation = operation_] {
      if (ledger_.execute(program_.path, operation) <= failures) throw std::runtime_error("flaky");
      return operation;
    };
    return ctx_.run("step " + std::to_string(operation_), body);
  }

  Task<void> step_or_wait(int kind) {
    switch (kind) {
      case 0: {
        const int value = co_await step(0);
        text_ += std::to_string(value);
        break;
      }
      case 1: {
        const int value = co_await step(1 + draw(2));
        text_ += std::to_string(value);
        break;
      }
      case 2: {
        const auto failed =
            co_await settled(ctx_.run("bad", []() -> int { throw TerminalError("bad", 422); }));
        text_ += failed ? "good" : failed.error().message();
        break;
      }
      case 3:
        co_await ctx_.sleep(std::chrono::milliseconds(draw(5'000)));
        break;
      default: {
        const int amount = draw(100);
        const int sum = co_await ctx_.object_call<int>("Box", program_.path, "add", amount);
        text_ += std::to_string(sum);
      }
    }
  }

  // With other invocations, and with itself.
  Task<void> talk(int kind) {
    const Program below = child();
    switch (kind) {
      case 5: {
        if (below.depth < 0) break;
        const auto result = co_await settled(ctx_.call<std::string>("Random", "go", below));
        text_ += result ? "(" + result.value() + ")" : "(" + result.error().message() + ")";
        break;
      }
      case 6:
        if (below.depth >= 0) co_await ctx_.send("Random", "go", below);
        break;
      case 7: {
        auto answer = ctx_.awakeable<int>();
        const Question question{answer.id, operation_};
        co_await ctx_.send("Human", "ask", question);
        const int number = co_await answer.future;
        text_ += std::to_string(number);
        break;
      }
      default: {
        const int word = draw(1000);
        ctx_.invocation(ctx_.invocation_id()).signal("word", word);
        const int heard = co_await ctx_.signal<int>("word");
        text_ += std::to_string(heard);
      }
    }
  }

  Task<void> several(int kind) {
    switch (kind) {
      case 9: {
        auto never = ctx_.awakeable<int>();
        const auto first = co_await race(never.future, step(0));
        text_ += std::to_string(first.index());
        break;
      }
      case 10: {
        const auto both =
            co_await all(step(draw(2)), ctx_.sleep(std::chrono::milliseconds(draw(100))), step(0));
        text_ += std::to_string(std::get<0>(both) + std::get<2>(both));
        break;
      }
      case 11: {
        const int value = co_await with_timeout(step(draw(2)), 24h * 365);
        text_ += std::to_string(value);
        break;
      }
      default: {
        std::vector<Future<int>> sums;
        for (int i = 0; i < 3; ++i) {
          const std::string key = program_.path + "+" + std::to_string(i);
          const int amount = 1;
          sums.push_back(ctx_.object_call<int>("Box", key, "add", amount));
        }
        const std::vector<int> values = co_await all(std::move(sums));
        for (const int value : values) text_ += std::to_string(value) + ",";
      }
    }
  }

  Context& ctx_;
  const Program program_;
  StepLedger& ledger_;
  SeededRandom draw_;
  int operation_ = 0;
  std::string text_;
};

std::vector<ServiceDefinition> services(StepLedger& ledger) {
  return {Service("Random").handler("go",
                                    [&ledger](Context& ctx, Program program) -> Task<std::string> {
                                      Interpreter interpreter(ctx, program, ledger);
                                      co_return co_await interpreter.run();
                                    }),
          Service("Human").handler("ask",
                                   [](Context& ctx, Question question) -> Task<void> {
                                     co_await ctx.sleep(
                                         std::chrono::milliseconds(100 * question.number));
                                     ctx.resolve_awakeable(question.awakeable, question.number);
                                   }),
          Object("Box").exclusive("add", [&ledger](ObjectContext& ctx, int amount) -> Task<int> {
            const std::string path = "Box " + ctx.key() + " " + ctx.invocation_id();
            const auto before = co_await ctx.get<int>("sum");
            ctx.set("sum", before.value_or(0) + amount);
            co_await ctx.run("first", [&] { ledger.execute(path, 1); });
            const auto after = co_await ctx.get<int>("sum");
            co_await ctx.run("second", [&] { ledger.execute(path, 2); });
            co_return after.value_or(0);
          })};
}

constexpr int kPrograms = 5;

actors::InvokeRequest request(std::uint64_t seed, int number) {
  const std::string name = std::to_string(number);
  const Program program{name, seed * 1000 + static_cast<std::uint64_t>(number), 2};
  return with_idempotency_key(to("Random", "go", json(program)), name);
}

bool all_done(World& world) {
  const auto rows = world.rows();
  return std::all_of(rows.begin(), rows.end(), [](const journal::Invocation& row) {
    return row.status == Status::kCompleted;
  });
}

// Of every invocation there is, those that were only sent included.
std::vector<std::string> results(World& world) {
  std::vector<std::string> all;
  for (const auto& row : world.rows())
    all.push_back(row.target.text() + " " + world.result(row.id));
  std::sort(all.begin(), all.end());
  return all;
}

void resume_all(World& world) {
  for (const auto& row : world.rows()) {
    if (row.status == Status::kPaused) world.try_act(row.id, Act::kResume);
  }
}

void run_to_the_end(World& world) {
  for (int i = 0; i < 200 && !all_done(world); ++i) {
    resume_all(world);
    world.endure(30s);
  }
}

std::vector<std::string> undisturbed(std::uint64_t seed) {
  StepLedger ledger;
  World world(services(ledger));
  for (int i = 0; i < kPrograms; ++i) world.ask(request(seed, i));
  run_to_the_end(world);
  BOOST_TEST(ledger.repeated().empty());
  return results(world);
}

enum class Operator { kAway, kMeddles };

// Cancels, kills, pauses or resumes one that is there; not who owes an answer that others wait for.
void meddle(World& world, SeededRandom& chance) {
  const auto rows = world.rows();
  if (rows.empty()) return;
  constexpr Act kActs[] = {Act::kCancel, Act::kKill, Act::kPause, Act::kResume, Act::kCancel};
  const auto& row = rows[chance.next() % rows.size()];
  if (row.target.service == "Human") return;
  world.try_act(row.id, kActs[chance.next() % std::size(kActs)]);
}

std::vector<std::string> disturbed(std::uint64_t seed, Operator who, StepLedger& ledger) {
  SeededRandom chance(seed ^ 0xC0FFEE);
  const auto draw = [&](std::uint64_t below) { return chance.next() % below; };
  World world(services(ledger), seed);
  int asked = 0;
  for (int round = 0; round < 40; ++round) {
    const std::uint64_t what = draw(5);
    if (what == 0) {
      world.restart_after(Millis(static_cast<std::int64_t>(draw(3'000))));
    } else if (what <= 2) {
      world.fail_write(1 + draw(12),
                       draw(2) == 0 ? World::Failure::kLost : World::Failure::kStored);
    }
    if (asked < kPrograms && draw(2) == 0) world.ask(request(seed, asked++));
    if (who == Operator::kMeddles) meddle(world, chance);
    world.endure(Millis(static_cast<std::int64_t>(draw(1'500))));
  }
  while (asked < kPrograms) world.ask(request(seed, asked++));
  resume_all(world);
  run_to_the_end(world);
  BOOST_TEST(all_done(world));
  BOOST_TEST(world.active() == 0u);
  return results(world);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(random_workflows)

BOOST_AUTO_TEST_CASE(inv_3_come_to_the_same_whatever_happens) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    StepLedger ledger;
    const auto expected = undisturbed(seed);

    const auto actual = disturbed(seed, Operator::kAway, ledger);

    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_TEST(actual == expected, boost::test_tools::per_element());
      BOOST_TEST(ledger.repeated() == std::vector<std::string>(), boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(inv_4_end_and_repeat_nothing_whatever_an_operator_does) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      StepLedger ledger;

      const auto actual = disturbed(seed, Operator::kMeddles, ledger);

      BOOST_TEST(actual.size() >= static_cast<std::size_t>(kPrograms));
      BOOST_TEST(ledger.repeated() == std::vector<std::string>(), boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
