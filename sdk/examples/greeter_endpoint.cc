// A handler in a process of its own, which a server calls over HTTP.
//
//   ./greeter_endpoint &
//   curl http://127.0.0.1:9070/deployments --json '{"uri": "http://127.0.0.1:9080"}'
//   curl http://127.0.0.1:8080/Greeter/greet --json '"Ada"'
//
// With the public key of `holdfast identity new FILE` as its argument it takes requests of that
// server only.

#include <string>

#include <holdfast/sdk.h>

namespace {

std::string compose(const std::string& name) { return "Hello, " + name + "!"; }

holdfast::Task<std::string> greet(holdfast::Context& ctx, std::string name) {
  const auto step = [&name] { return compose(name); };
  const std::string greeting = co_await ctx.run("compose", step);
  ctx.log().info("greeting " + name);
  co_return greeting;
}

}  // namespace

int main(int argc, char** argv) {
  holdfast::Endpoint endpoint;
  endpoint.bind(holdfast::Service("Greeter").handler("greet", greet));
  if (argc > 1) endpoint.identity_key(argv[1]);
  return endpoint.listen("127.0.0.1", 9080);
}
