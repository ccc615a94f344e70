#include <atomic>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/admin/sql/query.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;
namespace t = holdfast::testing;
using journal::HandlerKind;
using journal::ServiceKind;

constexpr const char* kStatuses[] = {"scheduled", "pending", "running",  "backing-off",
                                     "suspended", "paused",  "completed"};

// An engine at work, and queries over what it has stored.
struct World {
  t::ScriptedHandlers handlers;
  std::unique_ptr<t::EngineFixture> engine;
  std::atomic<bool> stopping = false;
  std::shared_ptr<std::atomic<bool>> abandoned = std::make_shared<std::atomic<bool>>(false);

  explicit World(std::uint64_t seed) {
    actors::RetryPolicy twice;
    twice.max_attempts = 2;
    handlers.add(ServiceKind::kService, "Greeter", "wait",
                 {HandlerKind::kPlain, {t::sleep(4000)}, {}});
    handlers.add(ServiceKind::kService, "Bad", "go", {HandlerKind::kPlain, {t::fail("no")}, twice});
    handlers.add(ServiceKind::kService, "Caller", "go",
                 {HandlerKind::kPlain,
                  {t::call("Counter", "k", "add", "1"), t::send("Greeter", "", "wait", "", 900)},
                  {}});
    handlers.add(ServiceKind::kObject, "Counter", "add",
                 {HandlerKind::kExclusive, {t::set("n", "1"), t::sleep(2500)}, {}});
    engine = std::make_unique<t::EngineFixture>(handlers, handlers.catalog(), seed);
  }

  json::array rows(const std::string& query) {
    const sql::CatalogFacts facts(engine->engine().catalog(), 0);
    sql::QueryWatch watch(Millis(60'000), stopping, abandoned);
    const auto answer =
        sql::run_query(query, sql::AnswerFormat::kJson, {engine->tables(), facts, watch}, {}, 0);
    BOOST_TEST_CONTEXT(query) { BOOST_REQUIRE(answer.has_value()); }
    return json::parse(*answer).at("rows").as_array();
  }
  std::string ids(const std::string& where) {
    std::string text;
    for (const json::value& row :
         rows("select id from sys_invocation where " + where + " order by id")) {
      text += std::string(row.at("id").as_string()) + " ";
    }
    return text;
  }
  void send(const char* service, const char* handler, std::int64_t delay_ms) {
    actors::InvokeRequest request = t::request(service, handler);
    if (std::string_view(service) == "Counter") request.key = "k";
    if (delay_ms > 0) {
      request.not_before_unix_ms = to_unix_millis(engine->clock().now()) + delay_ms;
    }
    engine->engine().send(std::move(request), [](const auto&) {});
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sql_engine)

// At any moment, also in the middle of what the engine does and after a crash, the way in by status
// shows the same rows as a look at all of them, and the counters what the rows say.
BOOST_AUTO_TEST_CASE(every_status_is_found_and_counted_at_every_moment) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      World world(seed);
      SeededRandom random(seed);
      std::map<std::string, std::size_t> met;
      for (int round = 0; round < 60; ++round) {
        switch (random.next() % 5) {
          case 0:
            world.send("Greeter", "wait", static_cast<std::int64_t>(random.next() % 2 * 1500));
            break;
          case 1:
            world.send("Bad", "go", 0);
            break;
          case 2:
            world.send("Counter", "add", 0);
            break;
          case 3:
            world.send("Caller", "go", 0);
            break;
          default:
            world.engine->advance(Millis(static_cast<std::int64_t>(random.next() % 4000)));
        }
        for (std::uint64_t steps = random.next() % 20; steps > 0; --steps) world.engine->step();
        if (round == 40) {
          world.engine->crash();
          world.engine->start();
        }
        for (const char* status : kStatuses) {
          const std::string narrowed = world.ids(std::string("status = '") + status + "'");
          const std::string scanned = world.ids(std::string("status || '' = '") + status + "'");
          BOOST_TEST(narrowed == scanned, status);
          met[status] += narrowed.size();
        }
        const std::string count =
            "select target_service_name, status, count(*) from sys_invocation ";
        BOOST_TEST(world.rows(count + "group by 1, 2 order by 1, 2") ==
                   world.rows(count + "where id <> '' group by 1, 2 order by 1, 2"));
      }
      for (const char* status : kStatuses) BOOST_TEST(met[status] > 0u, status);
    }
  }
}

BOOST_AUTO_TEST_CASE(who_holds_a_key_and_who_waits_for_it_is_seen) {
  World world(1);
  for (int i = 0; i < 3; ++i) world.send("Counter", "add", 0);
  world.engine->advance(Millis(1500));  // The holder sleeps long enough to be parked.

  BOOST_TEST(world.rows("select id from sys_inbox").size() == 2u);
  BOOST_TEST(world
                 .rows("select k.service_key from sys_keyed_service_status k join sys_invocation i "
                       "on i.id = k.invocation_id where i.status = 'suspended'")
                 .size() == 1u);
  BOOST_TEST(world.rows("select value_utf8 from state where service_name = 'Counter'").size() ==
             1u);
  BOOST_TEST(world.rows("select name from sys_service").size() == 4u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
