// What `./dev demo` kills and starts again: a money transfer, an order that waits for a person, and
// a payment between handlers in TypeScript (typescript/app.ts).
//
// Each step writes a line "<invocation id> <step> pid=<process>" to the file $HOLDFAST_DEMO_LEDGER,
// so that one can see afterwards which process ran which step, and how often.

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include <holdfast/sdk.h>

namespace {

// One write to a file opened for appending: lines of several threads and processes do not mix.
void append_to_ledger(const std::string& invocation, const std::string& step) {
  const char* path = std::getenv("HOLDFAST_DEMO_LEDGER");
  if (path == nullptr) return;
  const std::string line = invocation + " " + step + " pid=" + std::to_string(::getpid()) + "\n";
  const int file = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0 || ::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    std::abort();  // A demo whose ledger lies is worse than none.
  }
  ::close(file);
}

struct Transfer {
  std::string from, to;
  std::int64_t cents = 0;
  std::int64_t sleep_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Transfer, (), (from, to, cents, sleep_ms))

struct Receipt {
  std::string debit, credit;
};
BOOST_DESCRIBE_STRUCT(Receipt, (), (debit, credit))

namespace bank {

std::string debit(const std::string& invocation, const std::string& account, std::int64_t cents) {
  append_to_ledger(invocation, "debit");
  return account + " -" + std::to_string(cents);
}

std::string credit(const std::string& invocation, const std::string& account, std::int64_t cents) {
  if (account == "closed") throw holdfast::TerminalError("the account is closed", 422);
  append_to_ledger(invocation, "credit");
  return account + " +" + std::to_string(cents);
}

std::string refund(const std::string& invocation, const std::string& account, std::int64_t cents) {
  append_to_ledger(invocation, "refund");
  return account + " +" + std::to_string(cents);
}

}  // namespace bank

holdfast::Task<Receipt> transfer(holdfast::Context& ctx, Transfer t) {
  const std::string id = ctx.invocation_id();
  const std::string debit =
      co_await ctx.run("debit", [&] { return bank::debit(id, t.from, t.cents); });
  co_await ctx.sleep(std::chrono::milliseconds(t.sleep_ms));
  std::string credit;
  std::optional<holdfast::TerminalError> failure;  // C++ allows no co_await inside a catch block.
  try {
    credit = co_await ctx.run("credit", [&] { return bank::credit(id, t.to, t.cents); },
                              {.max_attempts = 5});
  } catch (const holdfast::TerminalError& error) {
    failure = error;
  }
  if (failure) {
    co_await ctx.run("refund", [&] { return bank::refund(id, t.from, t.cents); });
    throw *failure;
  }
  co_return Receipt{debit, credit};
}

struct Payment {
  std::string from, to;
  std::int64_t cents = 0;
};
BOOST_DESCRIBE_STRUCT(Payment, (), (from, to, cents))

struct Letter {
  std::string to, text;
};
BOOST_DESCRIBE_STRUCT(Letter, (), (to, text))

struct Paid {
  std::string debit, letter;
};
BOOST_DESCRIBE_STRUCT(Paid, (), (debit, letter))

// In TypeScript; called by its name, as any other handler.
inline constexpr holdfast::ServiceHandler<Letter, std::string> letter_ref{"Post", "letter"};

holdfast::Task<Paid> pay(holdfast::Context& ctx, Payment payment) {
  const std::string id = ctx.invocation_id();
  const std::string debit =
      co_await ctx.run("debit", [&] { return bank::debit(id, payment.from, payment.cents); });
  const Letter letter{payment.from, "paid to the " + payment.to};
  const std::string answer = co_await ctx.call(letter_ref, letter);
  co_await ctx.run("book", [&] { append_to_ledger(id, "book"); });
  co_return Paid{debit, answer};
}

struct Order {
  std::string item;
  std::uint32_t quantity = 1;
};
BOOST_DESCRIBE_STRUCT(Order, (), (item, quantity))

struct OrderResult {
  std::string order, outcome;
};
BOOST_DESCRIBE_STRUCT(OrderResult, (), (order, outcome))

holdfast::Task<OrderResult> run_order(holdfast::WorkflowContext& ctx, Order) {
  const std::string id = ctx.invocation_id();
  co_await ctx.run("reserve", [&] { append_to_ledger(id, "reserve"); });
  ctx.set("status", std::string("waiting for approval"));

  const bool approved = co_await ctx.promise<bool>("approval").get();

  if (approved) {
    co_await ctx.run("ship", [&] { append_to_ledger(id, "ship"); });
  } else {
    co_await ctx.run("release", [&] { append_to_ledger(id, "release"); });
  }
  const std::string outcome = approved ? "shipped" : "released";
  ctx.set("status", outcome);
  co_return OrderResult{ctx.key(), outcome};
}

holdfast::Task<void> approve(holdfast::SharedWorkflowContext& ctx, bool approved) {
  co_await ctx.promise<bool>("approval").resolve(approved);
}

holdfast::Task<std::string> status(holdfast::SharedWorkflowContext& ctx) {
  const auto stored = co_await ctx.get<std::string>("status");
  co_return stored.value_or("unknown");
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::run_server(
      argc, argv,
      {holdfast::Service("Bank").handler("transfer", transfer).handler("pay", pay),
       holdfast::Workflow("Order")
           .run(run_order)
           .shared("approve", approve)
           .shared("status", status)});
}
