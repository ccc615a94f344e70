#include <string>

#include <holdfast/sdk.h>

namespace {

holdfast::Task<std::string> shout(holdfast::Context& ctx, std::string text) {
  const std::string shouted =
      co_await ctx.run("shout", [&] { return text + "!"; }, {.max_attempts = 5});
  co_return shouted;
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::run_server(argc, argv, {holdfast::Service("Voice").handler("shout", shout)});
}
