#include <string>

#include <holdfast/sdk.h>

namespace {

holdfast::Task<std::string> whisper(holdfast::Context& ctx, std::string text) {
  const std::string whispered = co_await ctx.run("whisper", [&] { return "(" + text + ")"; });
  co_return whispered;
}

}  // namespace

HOLDFAST_SERVICES(holdfast::Service("Whisper").handler("whisper", whisper))
