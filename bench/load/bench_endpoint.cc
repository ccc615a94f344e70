// The handlers of bench_server behind a connection: an endpoint in a process of its own, for the
// part `endpoint` of bench/run.py.
//
//   bench_endpoint PORT

#include <cstdint>
#include <cstdlib>
#include <string>

#include <holdfast/sdk.h>

namespace {

using holdfast::Context;
using holdfast::Task;

Task<std::string> three(Context& ctx) {
  const std::string a = co_await ctx.run("one", [] { return std::string("receipt-1"); });
  const std::string b = co_await ctx.run("two", [] { return std::string("receipt-2"); });
  const std::string c = co_await ctx.run("three", [] { return std::string("receipt-3"); });
  co_return a + b + c;
}

Task<void> empty(Context&) { co_return; }

}  // namespace

int main(int argc, char** argv) {
  const int port = argc == 2 ? std::atoi(argv[1]) : 0;
  if (port <= 0 || port > 65535) return EXIT_FAILURE;
  return holdfast::Endpoint()
      .bind(holdfast::Service("Remote").handler("three", three).handler("empty", empty))
      .listen("127.0.0.1", static_cast<std::uint16_t>(port));
}
