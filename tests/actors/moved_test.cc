// What an operator has go on at another deployment than the one that began it.

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>

#include "tests/actors/remote_script.h"
#include "tests/support/engine_fixture.h"

namespace holdfast::testing {
namespace {

using journal::Entry;

// One of several that serve the same handler; the one with the greatest number is the newest.
journal::Deployment deployment(std::uint8_t number, std::uint32_t speaks_from = 5) {
  journal::Deployment one;
  one.id.ulid.back() = number;
  one.uri = "http://site" + std::to_string(number) + ":9080";
  one.protocol_version_min = speaks_from;
  one.protocol_version_max = 7;
  journal::DeclaredService service;
  service.name = "Plain";
  service.revision = number;
  service.handlers.push_back({.name = "run"});
  one.services.push_back(std::move(service));
  return one;
}

// An invocation that has stored a command at deployment 1, speaking version 6, and failed since.
struct Fixture {
  explicit Fixture(std::uint64_t seed = 1) : world(handlers, {}, seed, options(), clock) {
    catalog.put(deployment(1));
    handlers.deployment = deployment(1).id.text();
    handlers.script.start = [this](const auto&, auto& host, const auto&) {
      if (++attempts == 1) host.on_command(Entry{{}, journal::Run{1}});
      return AttemptState::kFailed;
    };
    id = world.send(request("Plain", "run")).id;
    BOOST_REQUIRE((world.status(id) == journal::Status::kBackingOff));
  }

  EngineFixture::Options options() {
    EngineFixture::Options options;
    options.catalog = &catalog;
    return options;
  }

  // None: done.
  std::optional<Error> resume_on(const std::string& where) {
    std::optional<Result<actors::ActResult>> result;
    world.engine().resume_on(id, where, [&](auto done) { result = std::move(done); });
    world.settle();
    BOOST_REQUIRE(result.has_value());
    return *result ? std::nullopt : std::optional(result->error());
  }

  RemoteHandlers handlers;
  ManualClock clock;
  actors::Catalog catalog{{}};
  EngineFixture world;
  journal::InvocationId id;
  int attempts = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(moved)

BOOST_AUTO_TEST_CASE(it_goes_on_there_also_after_a_crash) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (const bool by_name : {false, true}) {
      Fixture one(seed);
      const std::string second = deployment(2).id.text();
      one.catalog.put(deployment(2));

      BOOST_TEST(!one.resume_on(by_name ? second : "latest").has_value());
      BOOST_REQUIRE(one.handlers.pins.size() == 2u);
      BOOST_TEST(one.handlers.pins.back() == second);

      one.catalog.put(deployment(3));
      one.world.crash();
      one.world.start();
      one.world.advance(Millis(60'000));
      BOOST_TEST(one.handlers.pins.size() > 2u);
      BOOST_TEST(one.handlers.pins.back() == second);
    }
  }
}

BOOST_AUTO_TEST_CASE(it_stays_when_nobody_says_otherwise_or_the_other_one_cannot_have_it) {
  Fixture one;
  const std::string first = deployment(1).id.text();
  one.catalog.put(deployment(2, 7));  // Of which it does not speak the version.

  const auto refused = [&](const std::string& where, ErrorCode code) {
    const auto error = one.resume_on(where);
    BOOST_TEST((error && error->code() == code), where);
  };
  refused("latest", ErrorCode::kConflict);
  refused(deployment(2).id.text(), ErrorCode::kConflict);
  refused(deployment(9).id.text(), ErrorCode::kNotFound);
  BOOST_TEST(one.handlers.pins.size() == 1u);

  BOOST_TEST(!one.resume_on("keep").has_value());
  BOOST_REQUIRE(one.handlers.pins.size() == 2u);
  BOOST_TEST(one.handlers.pins.back() == first);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
