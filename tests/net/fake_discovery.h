#pragma once
// FakeDiscovery: endpoints that answer discovery as the test prepared it; and the rest of what an
// Admin takes, real, over the store of a FakeEngine.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/catalog/registry.h"
#include "net/egress/discovery.h"
#include "storage/local_log.h"
#include "tests/net/fake_engine.h"

namespace holdfast::net {

class FakeDiscovery final : public Discovery {
 public:
  // What the next questions are answered with, by address; others are answered with META0003.
  std::map<std::string, Result<Discovered>> answers;
  bool hold = false;  // Questions are kept in `held`.

  std::vector<DiscoveryRequest> asked;
  std::vector<std::pair<DiscoveryRequest, std::function<void(Result<Discovered>)>>> held;

  void discover(DiscoveryRequest request,
                std::function<void(Result<Discovered>)> on_done) override {
    asked.push_back(request);
    if (hold) {
      held.emplace_back(std::move(request), std::move(on_done));
    } else {
      answer(request, on_done);
    }
  }
  void release() {
    hold = false;
    for (auto& [request, on_done] : std::exchange(held, {})) answer(request, on_done);
  }

  // `services`: the array in JSON.
  static Discovered endpoint(const std::string& services, int version_min = 5,
                             int version_max = 7) {
    Discovered discovered;
    discovered.manifest = R"({"protocolMode":"BIDI_STREAM","minProtocolVersion":)" +
                          std::to_string(version_min) + R"(,"maxProtocolVersion":)" +
                          std::to_string(version_max) + R"(,"services":)" + services + "}";
    discovered.content_type = "application/vnd.restate.endpointmanifest.v3+json";
    discovered.server = "restate-sdk-typescript/1.17.2";
    return discovered;
  }

 private:
  void answer(const DiscoveryRequest& request,
              const std::function<void(Result<Discovered>)>& on_done) {
    const auto found = answers.find(request.uri);
    if (found != answers.end()) return on_done(found->second);
    on_done(Error(ErrorCode::kInvalidArgument, "[META0003] discovery failed: refused"));
  }
};

// A Registry over the store and catalog of `engine`.
struct RegistryParts {
  explicit RegistryParts(FakeEngine& engine)
      : log(std::move(storage::LocalLog::open(engine.store, storage::KeyRange{}, clock)).value()),
        committer(*log, log->epoch(), {}),
        registry(engine.catalog(), committer, clock, random) {}

  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<storage::LocalLog> log;
  storage::Committer committer;
  actors::Registry registry;
};

}  // namespace holdfast::net
