// The smallest program: one service with one handler, and the server around it.
//
//   ./greeter serve --ingress 127.0.0.1:8080
//   curl http://127.0.0.1:8080/Greeter/greet -H 'content-type: application/json' -d '"Ada"'

#include <string>

#include <holdfast/sdk.h>

namespace {

holdfast::Task<std::string> greet(holdfast::Context& ctx, std::string name) {
  ctx.log().info("greeting " + name);
  co_return "Hello, " + name + "!";
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::run_server(argc, argv, {holdfast::Service("Greeter").handler("greet", greet)});
}
