// Why an invocation does not go on: one case for each kind of wait, over what the engine has left
// behind. What the answers look like over HTTP, and what a person is shown.

#include "net/admin/explanation.h"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>

#include "net/ingress/routes.h"
#include "net/server/doctor_command.h"
#include "storage/memory_store.h"
#include "tests/net/admin_fixture.h"
#include "tests/support/busy_store.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;
using journal::HandlerKind;
using journal::Invocation;
using journal::InvocationId;
using journal::ServiceKind;
using journal::WaitSet;
using testing::busy_store;

const Explainer::Addresses kAddresses{"http://in:8080", "http://ops:9070"};

bool holds(const std::string& text, const std::string& what) {
  const bool found = text.find(what) != std::string::npos;
  if (!found) BOOST_TEST_MESSAGE("does not hold '" << what << "': " << text);
  return found;
}

// All that is said about one of the chain.
std::string text_of(const Standing& standing) {
  std::string text = standing.summary;
  for (const Wait& wait : standing.waits) {
    text += std::string("\n") + wait.kind + ": " + wait.text;
    for (const Remedy& remedy : wait.remedies) text += "\n  " + remedy.does + ": " + remedy.run;
  }
  return text;
}

struct Patients {
  storage::MemoryStore store;
  journal::Tables tables{store};
  actors::Catalog catalog{busy_store().services};

  Patients() { testing::fill(store, busy_store().rows); }

  Explanation explain(const InvocationId& id) const {
    const auto explanation = Explainer(tables, catalog, kAddresses).explain(id);
    BOOST_REQUIRE(explanation.has_value());
    BOOST_REQUIRE(!explanation->chain.empty());
    return *explanation;
  }
  // What is said about the one itself.
  std::string said(const InvocationId& id) const { return text_of(explain(id).chain.front()); }
  void change(const InvocationId& id, const std::function<void(Invocation&)>& change) {
    Invocation row = **tables.invocation(id);
    change(row);
    storage::Batch batch;
    journal::put_invocation(batch, row);
    BOOST_REQUIRE(storage::write_one(store, batch, storage::Sync::kYes).has_value());
  }
};

std::vector<InvocationId> ids_of(const Explanation& explanation) {
  std::vector<InvocationId> ids;
  for (const Standing& one : explanation.chain) ids.push_back(one.id);
  return ids;
}

std::string patch(const InvocationId& id, const std::string& verb) {
  return "curl -X PATCH 'http://ops:9070/invocations/" + id.text() + "/" + verb + "'";
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(explanation, Patients)

BOOST_AUTO_TEST_CASE(a_sleeper_says_until_when) {
  const Explanation nap = explain(busy_store().nap);

  BOOST_TEST(nap.chain.size() == 1u);
  BOOST_TEST(nap.chain[0].summary.starts_with("waits for a sleep until 20"));
  BOOST_TEST(nap.chain[0].waits.at(0).until > 0);
  BOOST_TEST(nap.chain[0].since > 0);
  BOOST_TEST(Explainer::is_asleep(nap.chain[0]));
}

BOOST_AUTO_TEST_CASE(calls_and_attaches_are_followed_to_their_end) {
  const auto& busy = busy_store();

  const Explanation follower = explain(busy.follower);

  BOOST_TEST((ids_of(follower) == std::vector{busy.follower, busy.order, busy.nap}));
  BOOST_TEST(follower.chain[0].summary == "waits for the outcome of " + busy.order.text());
  BOOST_TEST(follower.chain[1].summary == "waits for the call of Slow/nap, " + busy.nap.text());
  BOOST_TEST(holds(said(busy.order), patch(busy.nap, "cancel")));
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_key_is_told_who_holds_it_and_who_is_before) {
  const auto& busy = busy_store();

  BOOST_TEST((ids_of(explain(busy.queued_last)) == std::vector{busy.queued_last, busy.holder}));
  BOOST_TEST(holds(said(busy.queued), "waits for the key 'shelf' of Stock, held by " +
                                          busy.holder.text() + "; 1 before it"));
  BOOST_TEST(holds(said(busy.queued_last), "; 2 before it"));
}

BOOST_AUTO_TEST_CASE(a_paused_one_shows_its_last_failure_and_how_to_resume) {
  const auto& busy = busy_store();

  const std::string text = said(busy.paused);

  BOOST_TEST(holds(text, "was paused: attempt 1 failed with 500 no"));
  BOOST_TEST(holds(text, patch(busy.paused, "resume")));
  BOOST_TEST(holds(text, patch(busy.paused, "resume?deployment=latest")));
}

BOOST_AUTO_TEST_CASE(one_that_backs_off_says_until_when_after_which_failure) {
  const auto& busy = busy_store();

  const std::string text = said(busy.backing_off);

  BOOST_TEST(text.starts_with("tries again at 20"));
  BOOST_TEST(holds(text, "attempt 1 failed with 500 not yet"));
  BOOST_TEST(holds(text, patch(busy.backing_off, "resume")));
  BOOST_TEST(holds(text, patch(busy.backing_off, "cancel")));
  BOOST_TEST(!holds(text, patch(busy.backing_off, "kill")));
}

BOOST_AUTO_TEST_CASE(one_that_never_comes_to_its_code_is_not_told_to_undo_what_it_did) {
  const auto& busy = busy_store();
  change(busy.backing_off, [](Invocation& row) { row.last_failure->code = 570; });
  const std::string mismatches = said(busy.backing_off);
  change(busy.backing_off, [](Invocation& row) {
    row.last_failure->code = 500;
    row.deployment_id = "dp_1gone";
  });
  const std::string unserved = said(busy.backing_off);

  for (const std::string& text : {mismatches, unserved}) {
    BOOST_TEST(holds(text, patch(busy.backing_off, "kill")));
    BOOST_TEST(holds(text, patch(busy.backing_off, "resume?deployment=latest")));
    BOOST_TEST(!holds(text, patch(busy.backing_off, "cancel")));
  }
  BOOST_TEST(!holds(unserved, "try again now"));
}

BOOST_AUTO_TEST_CASE(a_scheduled_one_says_when_it_starts) {
  BOOST_TEST(said(busy_store().scheduled).starts_with("starts at 20"));
}

BOOST_AUTO_TEST_CASE(a_promise_names_the_handlers_that_may_complete_it) {
  const std::string text = said(busy_store().waits_for_promise);

  BOOST_TEST(holds(text, "the promise 'ok' of Approval/a, which nobody has completed"));
  BOOST_TEST(holds(text, "curl -X POST http://in:8080/Approval/a/approve --json '\"value\"'"));
}

BOOST_AUTO_TEST_CASE(an_awakeable_comes_with_the_command_that_resolves_it) {
  const auto& id = busy_store().waits_for_awakeable;
  const std::string path = "/restate/awakeables/" + journal::AwakeableId{id, 17}.text();

  const std::string text = said(id);

  BOOST_TEST(holds(text, "curl -X POST http://in:8080" + path + "/resolve --json"));
  BOOST_TEST(holds(text, "curl -X POST http://in:8080" + path + "/reject -d"));
  const auto route = parse_route("POST", path + "/resolve", *catalog.snapshot());
  BOOST_REQUIRE(route.has_value());
  BOOST_TEST((std::get<SignalRoute>(*route).id == id));
}

BOOST_AUTO_TEST_CASE(a_named_signal_comes_with_the_command_that_sends_it) {
  const auto& id = busy_store().waits_for_awakeable;
  change(id, [](Invocation& row) { row.waits = WaitSet{{}, {}, {"go on"}}; });
  const std::string path = "/restate/invocation/" + id.text() + "/signal/go%20on";

  const std::string text = said(id);

  BOOST_TEST(holds(text, "waits for the signal 'go on'"));
  BOOST_TEST(holds(text, "http://in:8080" + path));
  const auto route = parse_route("POST", path, *catalog.snapshot());
  BOOST_REQUIRE(route.has_value());
  BOOST_TEST((std::get<SignalRoute>(*route).signal ==
              std::variant<std::uint32_t, std::string>(std::string("go on"))));
}

BOOST_AUTO_TEST_CASE(a_wait_for_several_says_how_many_of_them_it_takes) {
  const auto& id = busy_store().order;
  change(id, [](Invocation& row) {
    row.waits.signals = {17};
    row.waits.combinator = WaitSet::Combinator::kAll;
  });

  BOOST_TEST(holds(said(id), "waits for all of the call of Slow/nap"));
  BOOST_TEST(holds(said(id), ", and 1 more"));
  change(id, [](Invocation& row) { row.waits.combinator = WaitSet::Combinator::kAny; });
  BOOST_TEST(holds(said(id), "waits for any of the call"));
}

BOOST_AUTO_TEST_CASE(waits_that_nothing_ends_are_named) {
  const auto& id = busy_store().order;
  change(id, [](Invocation& row) { row.waits = WaitSet{{40}}; });
  BOOST_TEST(holds(said(id), "completion 40, which no command has"));
  change(id, [](Invocation& row) { row.waits = {}; });
  BOOST_TEST(holds(said(id), "waits for nothing that could come"));
  // A step before it has its outcome.
  change(id, [](Invocation& row) { row.waits = WaitSet{{1}}; });
  BOOST_TEST(holds(said(id), "which has come; it is being woken"));
}

BOOST_AUTO_TEST_CASE(a_running_one_says_where_and_which_step) {
  const auto& id = busy_store().running;

  BOOST_TEST(holds(said(id), "is running in the server's process"));
  BOOST_TEST(holds(said(id), "step: its step 'held', which has no outcome yet"));
  BOOST_TEST(holds(said(id), patch(id, "pause")));
}

BOOST_AUTO_TEST_CASE(one_that_runs_on_an_endpoint_says_on_which) {
  const auto& id = busy_store().running;
  journal::Deployment deployment;
  deployment.id.ulid = {9};
  deployment.uri = "http://shop.example/it's/";
  deployment.services.push_back({"Busy", ServiceKind::kService});
  deployment.services.back().handlers.push_back({"run"});
  catalog.put(deployment);
  change(id, [&](Invocation& row) { row.deployment_id = deployment.id.text(); });

  BOOST_TEST(holds(said(id), "is running on http://shop.example/it's/ (" + deployment.id.text()));
  BOOST_TEST(holds(said(id), "which has not answered yet"));
  BOOST_TEST(holds(said(id), "'http://shop.example/it'\\''s/'"));
  BOOST_TEST(!holds(said(id), "not registered"));

  change(id, [](Invocation& row) { row.target.handler = "dropped"; });
  BOOST_TEST(holds(said(id), "does not serve Busy/dropped any more"));
  BOOST_TEST(holds(said(id), patch(id, "resume?deployment=latest")));
}

BOOST_AUTO_TEST_CASE(one_whose_first_attempt_has_told_nothing_says_which_endpoint_is_asked) {
  const auto& id = busy_store().running;
  change(id, [](Invocation& row) { row.target.service = "Bakery"; });
  BOOST_TEST(holds(said(id), "has chosen no deployment yet"));
  BOOST_TEST(holds(said(id), "nothing serves Bakery/"));
  journal::Deployment deployment;
  deployment.id.ulid = {9};
  deployment.uri = "http://shop.example/";
  deployment.services.push_back({"Bakery", ServiceKind::kService});
  deployment.services.back().handlers.push_back({(*tables.invocation(id))->target.handler});
  catalog.put(deployment);

  BOOST_TEST(holds(said(id), "is running on http://shop.example/ (" + deployment.id.text()));
  BOOST_TEST(holds(said(id), "see whether the endpoint answers"));

  deployment.created_at = (*tables.invocation(id))->last_start_at + 1;
  catalog.put(deployment);  // It came after the attempt began, which is elsewhere.
  BOOST_TEST(holds(said(id), "has chosen no deployment yet"));
  deployment.created_at = 0;
  deployment.services.back().handlers.back().name = "another";
  catalog.put(deployment);
  BOOST_TEST(!holds(said(id), "http://shop.example/"));
}

BOOST_AUTO_TEST_CASE(a_pin_that_leads_nowhere_is_named_with_the_way_out) {
  const auto& busy = busy_store();
  for (const InvocationId& id : {busy.running, busy.order, busy.paused, busy.backing_off}) {
    change(id, [](Invocation& row) { row.deployment_id = "dp_1gone"; });

    BOOST_TEST(holds(said(id), "its deployment dp_1gone is not registered any more"));
    BOOST_TEST(holds(said(id), patch(id, "resume?deployment=latest")));
  }
}

BOOST_AUTO_TEST_CASE(a_handler_that_nobody_serves_is_named) {
  const actors::Catalog empty({});
  const auto explanation = Explainer(tables, empty, kAddresses).explain(busy_store().backing_off);

  BOOST_REQUIRE(explanation.has_value());
  BOOST_TEST(holds(text_of(explanation->chain[0]), "nothing serves Flaky/slow"));
  BOOST_TEST(holds(text_of(explanation->chain[0]), "curl http://ops:9070/deployments --json"));
}

BOOST_AUTO_TEST_CASE(one_that_is_over_says_so) {
  BOOST_TEST(said(busy_store().charged) == "is over, with a result");
}

BOOST_AUTO_TEST_CASE(inv_11_one_that_cannot_be_read_says_so) {
  storage::Batch batch;
  journal::erase_invocation(batch, busy_store().nap);
  storage::Batch damage;
  struct Visitor {
    storage::Batch& damage;
    void put(BytesView, BytesView) {}
    void put_stamped(BytesView, BytesView) {}
    void add(BytesView, std::int64_t) {}
    void erase(BytesView key) { damage.put(key, "not a record"); }
  };
  batch.visit(Visitor{damage});
  BOOST_REQUIRE(storage::write_one(store, damage, storage::Sync::kYes).has_value());

  const Explanation order = explain(busy_store().order);

  BOOST_REQUIRE(order.chain.size() == 2u);
  BOOST_TEST(holds(text_of(order.chain[1]), "HF0017"));
}

BOOST_AUTO_TEST_CASE(those_who_wait_for_each_other_are_a_circle) {
  using testing::call;
  testing::ScriptedHandlers handlers;
  handlers.add(ServiceKind::kObject, "Ring", "a",
               {HandlerKind::kExclusive, {call("Ring", "two", "b", "")}, {}});
  handlers.add(ServiceKind::kObject, "Ring", "b",
               {HandlerKind::kExclusive, {call("Ring", "one", "a", "")}, {}});
  testing::EngineFixture world(handlers, handlers.catalog());
  const auto id = world.send(testing::request("Ring", "one", "a", "")).id;
  world.advance(Millis(60'000));
  actors::Catalog served(handlers.catalog());

  const auto ring = Explainer(world.tables(), served, kAddresses).explain(id);

  BOOST_REQUIRE(ring.has_value());
  BOOST_TEST(ring->chain.size() == 3u);  // a, the b that it calls, the a that is called by that.
  BOOST_REQUIRE(ring->circle.has_value());
  BOOST_TEST((*ring->circle == id));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct OverHttp : AdminFixture {
  OverHttp() {
    testing::fill(engine.store, busy_store().rows);
    journal::Deployment deployment;
    deployment.uri = "http://busy.example/";
    for (const actors::ServiceInfo& service : busy_store().services) {
      deployment.services.push_back({service.name, service.kind});
      for (const actors::HandlerInfo& handler : service.handlers) {
        deployment.services.back().handlers.push_back({handler.name, handler.kind});
      }
    }
    engine.catalog().put(std::move(deployment));
  }

  json::object get(const std::string& path) {
    const HttpResponse response = answer("GET", path);
    BOOST_REQUIRE(response.status == 200);
    return json::parse(response.body).as_object();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(explanation_over_http, OverHttp)

BOOST_AUTO_TEST_CASE(one_is_explained_with_its_chain) {
  const auto& busy = busy_store();

  const json::object body = get("/invocations/" + busy.follower.text() + "/explanation");

  const json::array& chain = body.at("chain").as_array();
  BOOST_REQUIRE(chain.size() == 3u);
  BOOST_TEST(chain[0].at("id").as_string() == busy.follower.text());
  BOOST_TEST(chain[0].at("status").as_string() == "suspended");
  const json::value& wait = chain[1].at("waits_for").at(0);
  BOOST_TEST(wait.at("kind").as_string() == "call");
  BOOST_TEST(wait.at("invocation_id").as_string() == busy.nap.text());
  BOOST_TEST(wait.at("remedies").at(0).at("run").as_string().starts_with("curl -X PATCH"));
  BOOST_TEST(chain[2].at("waits_for").at(0).as_object().contains("until"));
}

BOOST_AUTO_TEST_CASE(those_that_have_stood_longest_come_first_and_sleepers_last) {
  const json::object body = get("/explanations?limit=100");

  const json::array& lines = body.at("explanations").as_array();
  BOOST_TEST(body.at("not_completed").to_number<std::size_t>() == lines.size());
  std::vector<std::string> ids;
  for (const json::value& line : lines) {
    ids.emplace_back(line.at("id").as_string());
    BOOST_TEST(!line.at("summary").as_string().empty());
  }
  const auto at = [&](const InvocationId& id) {
    return std::find(ids.begin(), ids.end(), id.text()) - ids.begin();
  };
  const auto& busy = busy_store();
  for (const InvocationId& asleep : {busy.nap, busy.holder, busy.scheduled}) {
    for (const InvocationId& other : {busy.paused, busy.order, busy.queued, busy.running}) {
      BOOST_TEST(at(other) < at(asleep));
    }
  }
  BOOST_TEST(at(busy.charged) == static_cast<std::ptrdiff_t>(ids.size()));
  BOOST_TEST(get("/explanations?limit=3").at("explanations").as_array().size() == 3u);
}

BOOST_AUTO_TEST_CASE(wrong_questions_are_refused) {
  const std::string one = "/invocations/" + some_id().text() + "/explanation";
  BOOST_TEST(answer("GET", one).status == 404);
  BOOST_TEST(answer("PATCH", one).status == 405);
  BOOST_TEST(answer("GET", "/invocations/inv_nonsense/explanation").status == 400);
  BOOST_TEST(answer("GET", "/explanations/more").status == 404);
  BOOST_TEST(answer("POST", "/explanations").status == 405);
  BOOST_TEST(answer("GET", "/explanations?limit=0").status == 400);
  BOOST_TEST(answer("GET", "/explanations?limit=2000").status == 400);
  BOOST_TEST(answer("GET", "/explanations?colour=red").status == 400);
}

BOOST_AUTO_TEST_CASE(people_are_shown_the_chain_and_what_can_be_done) {
  const auto& busy = busy_store();
  const auto body = get("/invocations/" + busy.follower.text() + "/explanation");

  const std::string text = doctor_text(body, busy.now_unix_ms);

  BOOST_TEST(holds(text, busy.follower.text() + " Follow/it, suspended for "));
  BOOST_TEST(holds(text, "\n  waits for the call of Slow/nap, " + busy.nap.text()));
  BOOST_TEST(holds(text, "a sleep until "));
  BOOST_TEST(holds(text, ", in 4d 3h\n"));
  const auto what = text.find("\nWhat can be done:\n");
  BOOST_TEST(what != std::string::npos);
  BOOST_TEST(text.find("    curl -X PATCH ", what) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(people_are_shown_a_list_in_lines_whatever_handlers_say) {
  const auto list = get("/explanations");
  const std::string text = doctor_text(list, busy_store().now_unix_ms);
  const auto lines = std::count(text.begin(), text.end(), '\n');
  BOOST_TEST(lines == static_cast<std::ptrdiff_t>(list.at("explanations").as_array().size()) + 2);
  BOOST_TEST(holds(text, "Flaky/once: was paused: attempt 1 failed with 500 no"));

  const json::object evil{
      {"explanations", json::array{json::object{
                           {"id", "inv_1"}, {"target", "A/\x1b[31mb\nc"}, {"summary", "x\r\ny"}}}},
      {"not_completed", 1}};
  const std::string shown = doctor_text(evil, 0);
  BOOST_TEST(shown.find('\x1b') == std::string::npos);
  BOOST_TEST(std::count(shown.begin(), shown.end(), '\n') == 3);
}

BOOST_AUTO_TEST_CASE(inv_11_people_are_shown_something_whatever_answers) {
  const char* const kAnswers[] = {
      R"({})",
      R"({"chain": 1})",
      R"({"chain": [1, null, [], "x"]})",
      R"({"chain": [{}, {"waits_for": [2, {"remedies": [3, {"run": 4}], "until": "never"}]}]})",
      R"({"chain": [{"id": 1, "since": [], "waits_for": {}}], "circle": 5, "cut": 6})",
      R"({"explanations": [7, {"since": "2026-99-99T99:99:99"}], "not_completed": -8})",
      R"({"explanations": {}, "not_completed": "many"})",
      R"({"explanations": [[]], "not_completed": 1e300})"};
  for (const char* const answer : kAnswers) {
    BOOST_TEST_CONTEXT(answer) {
      const std::string text = doctor_text(json::parse(answer).as_object(), 0);
      BOOST_TEST((text.empty() || text.back() == '\n'));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
