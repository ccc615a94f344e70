#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <holdfast/sdk.h>

#include "outside.h"
#include "services.h"
#include "value.h"

namespace conformance {

using holdfast::Context;
using holdfast::Task;
using holdfast::TerminalError;
using std::chrono::milliseconds;

namespace {

struct Sequence {
  int count = 0;
  std::optional<std::string> token, gate;
  std::optional<int> at;
};
BOOST_DESCRIBE_STRUCT(Sequence, (), (count, token, gate, at))

struct Parallel {
  std::string token;
  int count = 0;
};
BOOST_DESCRIBE_STRUCT(Parallel, (), (token, count))

struct Failures {
  std::string token;
  int failures = 0;
};
BOOST_DESCRIBE_STRUCT(Failures, (), (token, failures))

struct Attempts {
  std::string token;
  std::uint32_t attempts = 0;
};
BOOST_DESCRIBE_STRUCT(Attempts, (), (token, attempts))

struct Exhausted {
  bool terminal = false;
  std::string message;
};
BOOST_DESCRIBE_STRUCT(Exhausted, (), (terminal, message))

struct Size {
  std::size_t size = 0;
};
BOOST_DESCRIBE_STRUCT(Size, (), (size))

struct Nothing {
  std::optional<int> value;
};
BOOST_DESCRIBE_STRUCT(Nothing, (), (value))

struct Terminal {
  std::uint16_t code = 0;
  std::string message;
  std::optional<std::map<std::string, std::string>> metadata;
};
BOOST_DESCRIBE_STRUCT(Terminal, (), (code, message, metadata))

struct Retried {
  int recorded = 0, count = 0;
};
BOOST_DESCRIBE_STRUCT(Retried, (), (recorded, count))

struct Delayed {
  std::string token;
  std::int64_t delay = 0;
};
BOOST_DESCRIBE_STRUCT(Delayed, (), (token, delay))

struct Gated {
  std::string token, gate;
};
BOOST_DESCRIBE_STRUCT(Gated, (), (token, gate))

constexpr holdfast::RunOptions kQuick = {.initial_interval = milliseconds(20),
                                         .max_interval = milliseconds(100)};

// --- Steps ---

Task<std::vector<int>> record(Context& ctx, Token given) {
  const int first = co_await ctx.run("first", [&] { return effect(given.token + "/first"); });
  const int second =
      co_await ctx.run("second", [&] { return effect(given.token + "/second") + 10; });
  co_return std::vector<int>{first, second};
}

// With a gate, one step waits there after its effect.
Task<int> sequence(Context& ctx, Sequence given) {
  int sum = 0;
  for (int i = 0; i < given.count; ++i) {
    sum += co_await ctx.run("step " + std::to_string(i), [&given, i] {
      if (given.token) effect(*given.token + "/" + std::to_string(i));
      if (given.gate && given.at == i) passed(*given.gate);
      return i;
    });
  }
  co_return sum;
}

Task<std::vector<int>> parallel(Context& ctx, Parallel given) {
  std::vector<holdfast::Future<int>> branches;
  for (int i = 0; i < given.count; ++i) {
    branches.push_back(ctx.run("branch " + std::to_string(i), [&given, i] {
      effect(given.token + "/" + std::to_string(i));
      return i;
    }));
  }
  co_return co_await holdfast::all(std::move(branches));
}

Task<void> terminal_step(Context& ctx, Terminal given) {
  co_await ctx.run("fails", [&] { throw TerminalError(given.message, given.code); });
}

Task<std::optional<Refusal>> caught(Context& ctx, Terminal given) {
  try {
    co_await ctx.run("fails", [&] { throw TerminalError(given.message, given.code); });
  } catch (const TerminalError& error) {
    co_return refusal(error);
  }
  co_return std::nullopt;
}

Task<int> flaky(Context& ctx, Failures given) {
  const auto step = [&given] {
    const int count = effect(given.token);
    if (count <= given.failures) throw std::runtime_error("not yet " + std::to_string(count));
    return count;
  };
  co_return co_await ctx.run("flaky", step, kQuick);
}

Task<std::optional<Exhausted>> exhausted(Context& ctx, Attempts given) {
  holdfast::RunOptions options = kQuick;
  options.max_attempts = given.attempts;
  const auto step = [&given] {
    effect(given.token);
    throw std::runtime_error("never works");
  };
  try {
    co_await ctx.run("hopeless", step, options);
  } catch (const TerminalError& error) {
    co_return Exhausted{true, error.message()};
  }
  co_return std::nullopt;
}

Task<std::size_t> large(Context& ctx, Size given) {
  const std::string text = co_await ctx.run("large", [&] { return std::string(given.size, 'x'); });
  co_return text.size();
}

Task<Nothing> nothing(Context& ctx) {
  co_await ctx.run("nothing", [] {});
  co_return Nothing{};
}

Task<Value> echo(Context&, Value value) { co_return value; }

Task<std::vector<Value>> drawn(Context& ctx, Failures given) {
  holdfast::RandomBits random = ctx.random();
  std::vector<Value> values;
  values.emplace_back(std::generate_canonical<double, 53>(random));
  values.emplace_back(std::generate_canonical<double, 53>(random));
  values.emplace_back(ctx.uuid());
  values.emplace_back(ctx.now().time_since_epoch() / milliseconds(1));
  co_await ctx.sleep(milliseconds(1));
  values.emplace_back(ctx.uuid());
  const Value told(boost::json::array(values.begin(), values.end()));
  if (effect(given.token, told) <= given.failures) throw std::runtime_error("once more");
  co_return values;
}

// --- Failures of whole attempts ---

Task<void> terminal(Context&, Terminal given) {
  holdfast::ErrorMetadata metadata;
  if (given.metadata) metadata.assign(given.metadata->begin(), given.metadata->end());
  throw TerminalError(given.message, given.code, metadata);
  co_return;
}

Task<Retried> retried(Context& ctx, Failures given) {
  const int recorded =
      co_await ctx.run("recorded", [&] { return effect(given.token + "/recorded"); });
  const int count = effect(given.token);
  if (count <= given.failures) throw std::runtime_error("attempt " + std::to_string(count));
  co_return Retried{recorded, count};
}

Task<std::string> delayed(Context&, Delayed given) {
  const auto now = std::chrono::system_clock::now().time_since_epoch() / milliseconds(1);
  if (effect(given.token, now) == 1) {
    throw holdfast::RetryableError("later", milliseconds(given.delay));
  }
  co_return "done";
}

Task<void> killed(Context&, Token given) {
  effect(given.token);
  throw std::runtime_error("hopeless");
  co_return;
}

Task<int> paused(Context&, Token given) {
  const int count = effect(given.token);
  if (count <= 2) throw std::runtime_error("needs a hand");
  co_return count;
}

// The thread of all handlers cannot wait at a gate; a step of this one does.
Task<int> unresponsive(Context& ctx, Gated given) {
  co_return co_await ctx.run("stuck", [&given] {
    const int count = effect(given.token);
    if (count == 1) passed(given.gate);
    return count;
  });
}

// The second attempt issues another command than the first, the third the same again.
Task<std::string> changes_its_mind(Context& ctx, Token given) {
  const int count = effect(given.token);
  if (count == 2) co_await ctx.sleep(milliseconds(1));
  const std::string value = co_await ctx.run("the step", [] { return std::string("kept"); });
  if (count == 1) throw std::runtime_error("once more");
  co_return value;
}

holdfast::HandlerOptions attempts(std::uint32_t max, holdfast::OnMaxAttempts then) {
  holdfast::RetryPolicy policy;
  policy.initial_interval = milliseconds(20);
  policy.max_attempts = max;
  policy.on_max_attempts = then;
  holdfast::HandlerOptions options;
  options.retry_policy = policy;
  return options;
}

holdfast::HandlerOptions timeouts(milliseconds each) {
  holdfast::HandlerOptions options;
  options.inactivity_timeout = each;
  options.abort_timeout = each;
  return options;
}

}  // namespace

holdfast::ServiceDefinition steps() {
  return holdfast::Service(named("Steps"), impatient())
      .handler("record", record)
      .handler("sequence", sequence)
      .handler("parallel", parallel)
      .handler("terminal", terminal_step)
      .handler("caught", caught)
      .handler("flaky", flaky)
      .handler("exhausted", exhausted)
      .handler("large", large)
      .handler("nothing", nothing)
      .handler("echo", echo)
      .handler("drawn", drawn);
}

holdfast::ServiceDefinition failing() {
  using holdfast::OnMaxAttempts;
  return holdfast::Service(named("Failing"), impatient())
      .handler("terminal", terminal)
      .handler("retried", retried)
      .handler("delayed", delayed)
      .handler("killed", killed, attempts(3, OnMaxAttempts::kKill))
      .handler("paused", paused, attempts(2, OnMaxAttempts::kPause))
      .handler("unresponsive", unresponsive, timeouts(milliseconds(200)))
      .handler("changes_its_mind", changes_its_mind);
}

}  // namespace conformance
