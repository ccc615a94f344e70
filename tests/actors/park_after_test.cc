// How long a handler may wait in memory: the server's patience, or its service's own.

#include <boost/test/unit_test.hpp>
#include <memory>
#include <optional>

#include "tests/support/engine_fixture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::testing {
namespace {

using journal::HandlerKind;
using journal::ServiceKind;
using journal::Status;

struct Fixture {
  ScriptedHandlers handlers;
  std::unique_ptr<EngineFixture> world;

  Fixture() {
    for (const char* service : {"Usual", "Patient", "Hasty"}) {
      handlers.add(ServiceKind::kService, service, "wait",
                   {HandlerKind::kPlain, {awakeable()}, {}});
      handlers.add(ServiceKind::kService, service, "nap",
                   {HandlerKind::kPlain, {testing::sleep(2000)}, {}});
    }
    world = std::make_unique<EngineFixture>(handlers, handlers.catalog());
    set("Patient", 5000);
    set("Hasty", 100);
  }
  void set(const char* service, std::optional<std::int64_t> park_after_ms) {
    journal::ServiceSettings settings;
    settings.park_after_ms = park_after_ms;
    BOOST_REQUIRE(world->engine().catalog().apply(service, settings).has_value());
  }
  journal::InvocationId begin(const char* service, const char* handler) {
    return world->send(request(service, handler)).id;
  }
  bool parked(const journal::InvocationId& id) { return world->status(id) == Status::kSuspended; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(park_after, Fixture)

BOOST_AUTO_TEST_CASE(a_wait_lasts_for_the_patience_of_its_service) {
  const auto patient = begin("Patient", "wait");
  const auto usual = begin("Usual", "wait");
  const auto hasty = begin("Hasty", "wait");  // Noted last, due first.

  world->advance(Millis(150));
  BOOST_TEST(parked(hasty));
  BOOST_TEST(!parked(usual));
  world->advance(Millis(1200));
  BOOST_TEST(parked(usual));
  BOOST_TEST(!parked(patient));
  world->advance(Millis(3000));
  BOOST_TEST(!parked(patient));
  world->advance(Millis(1500));
  BOOST_TEST(parked(patient));
}

BOOST_AUTO_TEST_CASE(a_sleep_that_is_longer_than_the_patience_of_its_service_parks_at_once) {
  BOOST_TEST(parked(begin("Usual", "nap")));
  BOOST_TEST(parked(begin("Hasty", "nap")));
  BOOST_TEST(!parked(begin("Patient", "nap")));
}

BOOST_AUTO_TEST_CASE(without_a_setting_the_patience_is_the_servers_again) {
  set("Hasty", std::nullopt);
  const auto id = begin("Hasty", "wait");

  world->advance(Millis(500));
  BOOST_TEST(!parked(id));
  world->advance(Millis(1000));
  BOOST_TEST(parked(id));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
