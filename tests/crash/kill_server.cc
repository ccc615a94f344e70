// The server that kill_test.py kills. Its handlers write what they do to a ledger outside the
// engine, so that a checker can say afterwards whether the engine kept its promises.
//
// The ledger is the file $HOLDFAST_LEDGER. A line is one write to a file opened for appending, so
// the order of lines is the order of what happened, also between two processes:
//
//   WHAT INVOCATION STEP TOKEN PID UNIX_MS [DETAIL]...
//
//   begin   a handler begins; TOKEN names this run of its code and no other
//   ran     the closure of a step ran; DETAIL: the value it returns, which no other run returns
//   acked   the step's outcome reached the handler; DETAIL: the value
//   enter   inside an exclusive handler; DETAIL: object/key
//   exit    about to leave it; DETAIL: object/key
//   woke    after a sleep; DETAIL: due unix ms, actual unix ms, of a delayed call who asked for it
//   end     the handler's last line

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <holdfast/sdk.h>

namespace {

using std::chrono::milliseconds;

std::int64_t unix_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

// Never the same twice, in no process: a pid comes back only after thousands of others.
std::string unique_token() {
  static std::atomic<std::uint64_t> next{0};
  static const std::string prefix = std::to_string(::getpid()) + "." + std::to_string(unix_ms());
  return prefix + "." + std::to_string(next++);
}

void append(const std::string& what, const std::string& invocation, const std::string& step,
            const std::string& token, const std::string& detail = {}) {
  static const int file =
      ::open(std::getenv("HOLDFAST_LEDGER"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const std::string line = what + " " + invocation + " " + step + " " + token + " " +
                           std::to_string(::getpid()) + " " + std::to_string(unix_ms()) +
                           (detail.empty() ? "" : " " + detail) + "\n";
  if (file < 0 || ::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    std::abort();  // An oracle that loses lines is worse than none.
  }
}

// One run of a handler's code, for the ledger.
class Attempt {
 public:
  explicit Attempt(holdfast::Context& ctx) : invocation_(ctx.invocation_id()) {
    append("begin", invocation_, "-", token_);
  }

  // The closure of a step; refers to this object, which must live until the step was awaited.
  std::string run(const std::string& step) const {
    const std::string value = unique_token();
    append("ran", invocation_, step, token_, value);
    std::this_thread::sleep_for(milliseconds(2));  // For a kill to fall in here.
    return value;
  }
  void note(const std::string& what, const std::string& step,
            const std::string& detail = {}) const {
    append(what, invocation_, step, token_, detail);
  }
  const std::string& invocation() const { return invocation_; }

 private:
  const std::string invocation_;
  const std::string token_ = unique_token();
};

holdfast::Task<std::string> step(holdfast::Context& ctx, const Attempt& attempt, std::string name) {
  const std::string value = co_await ctx.run(name, [&] { return attempt.run(name); });
  attempt.note("acked", name, value);
  co_return value;
}

// --- Steps: three of them, each acknowledged in the ledger ---

struct Values {
  std::string request, invocation;
  std::vector<std::string> values;
};
BOOST_DESCRIBE_STRUCT(Values, (), (request, invocation, values))

holdfast::Task<Values> three_steps(holdfast::Context& ctx, std::string request) {
  const Attempt attempt(ctx);
  Values result{std::move(request), attempt.invocation(), {}};
  for (const char* const name : {"first", "second", "third"}) {
    result.values.push_back(co_await step(ctx, attempt, name));
  }
  attempt.note("end", "-");
  co_return result;
}

// --- Sleeper: sleeps, with a step before and after ---

holdfast::Task<Values> nap(holdfast::Context& ctx, std::int64_t sleep_ms) {
  const Attempt attempt(ctx);
  Values result{std::to_string(sleep_ms), attempt.invocation(), {}};
  for (const char* const name : {"nap_1", "nap_2"}) {
    const auto asked = ctx.now().time_since_epoch();
    const std::int64_t due = std::chrono::duration_cast<milliseconds>(asked).count() + sleep_ms;
    co_await ctx.sleep(milliseconds(sleep_ms));
    attempt.note("woke", name, std::to_string(due) + " " + std::to_string(unix_ms()));
    result.values.push_back(co_await step(ctx, attempt, name));
  }
  attempt.note("end", "-");
  co_return result;
}

// --- Later: called with a delay; the input tells the earliest time it may begin, and who asked ---

struct Asked {
  std::int64_t due_ms = 0;
  std::string by;  // A request of a client, or the invocation of a Fan.
};
BOOST_DESCRIBE_STRUCT(Asked, (), (due_ms, by))

holdfast::Task<Values> later(holdfast::Context& ctx, Asked asked) {
  const Attempt attempt(ctx);
  const std::string due = std::to_string(asked.due_ms);
  attempt.note("woke", "later", due + " " + std::to_string(unix_ms()) + " " + asked.by);
  Values result{due, attempt.invocation(), {}};
  result.values.push_back(co_await step(ctx, attempt, "only"));
  attempt.note("end", "-");
  co_return result;
}

// --- Fan: sends delayed calls to others, and tells their ids ---

inline constexpr holdfast::ServiceHandler<std::string, Values> kThreeSteps{"Steps", "run"};
inline constexpr holdfast::ServiceHandler<Asked, Values> kLater{"Later", "run"};

holdfast::Task<Values> fan(holdfast::Context& ctx, std::string request) {
  const Attempt attempt(ctx);
  Values result{std::move(request), attempt.invocation(), {}};
  const std::string now_child = co_await ctx.send(kThreeSteps, result.request);
  const auto asked = ctx.now().time_since_epoch();
  const std::int64_t now_ms = std::chrono::duration_cast<milliseconds>(asked).count();
  const Asked late{now_ms + 200, attempt.invocation()};
  const std::string late_child = co_await ctx.send(kLater, late, {.delay = milliseconds(200)});
  const Values nested = co_await ctx.call(kThreeSteps, result.request);
  result.values = {now_child, late_child, nested.invocation};
  co_await step(ctx, attempt, "after");
  attempt.note("end", "-");
  co_return result;
}

// --- Counter: exclusive adds; the result is the place in the order of its key ---

struct Added {
  std::string request, invocation;
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(Added, (), (request, invocation, count))

holdfast::Task<Added> add(holdfast::ObjectContext& ctx, std::string request) {
  const Attempt attempt(ctx);
  const std::string object = "Counter/" + ctx.key();
  attempt.note("enter", "add", object);
  const auto before = co_await ctx.get<std::int64_t>("count");
  co_await step(ctx, attempt, "add");
  const std::int64_t after = before.value_or(0) + 1;
  ctx.set("count", after);
  attempt.note("exit", "add", object);
  co_return Added{std::move(request), attempt.invocation(), after};
}

holdfast::Task<std::int64_t> count(holdfast::SharedObjectContext& ctx) {
  const auto stored = co_await ctx.get<std::int64_t>("count");
  co_return stored.value_or(0);
}

// --- Account and Bank: money moves and is never made ---

constexpr std::int64_t kFirstBalance = 1000;
inline constexpr holdfast::ObjectHandler<std::int64_t, std::int64_t> kChange{"Account", "change"};

// A negative amount takes, and fails with 409 when there is too little.
holdfast::Task<std::int64_t> change(holdfast::ObjectContext& ctx, std::int64_t amount) {
  const Attempt attempt(ctx);
  const std::string object = "Account/" + ctx.key();
  attempt.note("enter", "change", object);
  const auto stored = co_await ctx.get<std::int64_t>("balance");
  const std::int64_t balance = stored.value_or(kFirstBalance) + amount;
  if (balance < 0) {
    attempt.note("exit", "change", object);
    throw holdfast::TerminalError("too little money", 409);
  }
  co_await step(ctx, attempt, "change");
  ctx.set("balance", balance);
  attempt.note("exit", "change", object);
  co_return balance;
}

holdfast::Task<std::int64_t> balance(holdfast::SharedObjectContext& ctx) {
  const auto stored = co_await ctx.get<std::int64_t>("balance");
  co_return stored.value_or(kFirstBalance);
}

struct Transfer {
  std::string request, from, to;
  std::int64_t amount = 0;
};
BOOST_DESCRIBE_STRUCT(Transfer, (), (request, from, to, amount))

holdfast::Task<Values> transfer(holdfast::Context& ctx, Transfer t) {
  const Attempt attempt(ctx);
  co_await ctx.call(kChange(t.from), -t.amount);
  co_await step(ctx, attempt, "between");
  co_await ctx.call(kChange(t.to), t.amount);
  attempt.note("end", "-");
  Values result{t.request, attempt.invocation(), {}};
  co_return result;
}

// --- Order: a workflow that waits for a promise ---

holdfast::Task<Values> order(holdfast::WorkflowContext& ctx, std::string request) {
  const Attempt attempt(ctx);
  Values result{std::move(request), attempt.invocation(), {}};
  result.values.push_back(co_await step(ctx, attempt, "reserve"));
  result.values.push_back(co_await ctx.promise<std::string>("approval").get());
  result.values.push_back(co_await step(ctx, attempt, "ship"));
  attempt.note("end", "-");
  co_return result;
}

holdfast::Task<std::string> approve(holdfast::SharedWorkflowContext& ctx, std::string by) {
  co_await ctx.promise<std::string>("approval").resolve(by);
  co_return by;
}

// An attempt that fails is tried again soon: a test has no minutes.
holdfast::ServiceOptions hasty() {
  holdfast::ServiceOptions options;
  options.retry_policy = holdfast::RetryPolicy{.initial_interval = milliseconds(50),
                                               .max_interval = milliseconds(500)};
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  if (std::getenv("HOLDFAST_LEDGER") == nullptr) return 2;
  return holdfast::run_server(
      argc, argv,
      {holdfast::Service("Steps", hasty()).handler("run", three_steps),
       holdfast::Service("Sleeper", hasty()).handler("nap", nap),
       holdfast::Service("Later", hasty()).handler("run", later),
       holdfast::Service("Fan", hasty()).handler("out", fan),
       holdfast::Service("Bank", hasty()).handler("transfer", transfer),
       holdfast::Object("Counter", hasty()).exclusive("add", add).shared("count", count),
       holdfast::Object("Account", hasty()).exclusive("change", change).shared("balance", balance),
       holdfast::Workflow("Order", hasty()).run(order).shared("approve", approve)});
}
