// The endpoint written with our own SDK, by its public headers only. The environment is that of
// typescript/app.mjs; one port speaks HTTP/2 and HTTP/1.1, so CONFORMANCE_MODE changes nothing.

#include <cstdio>
#include <string>
#include <utility>

#include <holdfast/endpoint.h>

#include "lowered.h"
#include "outside.h"
#include "services.h"

int main() {
  using namespace conformance;  // NOLINT: the whole program is about it.
  holdfast::Endpoint endpoint;
  const std::string only = setting("CONFORMANCE_ONLY");
  for (auto make : {steps, failing, counter, lazy_counter, calls, sink, hidden, versioned, sleeps,
                    awakeables, signals, combinators, holds, order}) {
    holdfast::ServiceDefinition service = make();
    if (only.empty() || service.name == named(only)) endpoint.bind(std::move(service));
  }
  if (const std::string key = setting("CONFORMANCE_IDENTITY"); !key.empty()) {
    endpoint.identity_key(key);
  }

  const auto port = static_cast<std::uint16_t>(std::stoi(setting("CONFORMANCE_PORT")));
  const std::string highest = setting("CONFORMANCE_PROTOCOL");
  if (highest.empty()) return endpoint.listen("127.0.0.1", port);
  const auto started = endpoint.start("127.0.0.1", 0);
  if (started.endpoint == nullptr) {
    std::fprintf(stderr, "%s\n", started.problem.c_str());
    return 1;
  }
  serve_lowered(port, started.endpoint->port(), highest[0]);
}
