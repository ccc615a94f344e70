#include "net/admin/admin.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "net/admin/answer.h"
#include "net/admin/journal_view.h"
#include "net/admin/service_view.h"
#include "tests/net/admin_fixture.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

struct Fixture : AdminFixture {
  const std::string id = some_id().text();

  int status(std::string method, std::string target, Bytes body = {}) {
    return answer(std::move(method), std::move(target), std::move(body)).status;
  }
  json::object body(const HttpResponse& response) {
    BOOST_TEST_CONTEXT(response.body) { BOOST_REQUIRE(response.status == 200); }
    return json::parse(response.body).as_object();
  }
  journal::Invocation store(const journal::InvocationId& id, journal::Status status,
                            std::string service) {
    journal::Invocation invocation;
    invocation.id = id;
    invocation.status = status;
    invocation.target.service = std::move(service);
    invocation.target.handler = "greet";
    invocation.created_at = 1'795'180'212'960;
    storage::Batch batch;
    journal::put_invocation(batch, invocation);
    BOOST_REQUIRE(storage::write_one(engine.store, batch, storage::Sync::kYes).has_value());
    return invocation;
  }
};

journal::StampedEntry entry(journal::EntryBody body, std::string name = "") {
  return {1, 1'795'180'212'960, {std::move(name), std::move(body)}};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(admin, Fixture)

BOOST_AUTO_TEST_CASE(health_and_version_answer) {
  BOOST_TEST(status("GET", "/health") == 200);
  BOOST_TEST(status("POST", "/health") == 405);
  const json::object version = body(answer("GET", "/version"));
  BOOST_TEST(version.at("version").as_string() == "0.1.0");
  BOOST_TEST(version.at("min_admin_api_version").as_int64() == 2);
  BOOST_TEST(version.at("max_admin_api_version").as_int64() == 4);
  BOOST_TEST(version.at("ingress_endpoint").as_string() == "http://127.0.0.1:8080");
  BOOST_TEST(version.at("features").as_object().empty());
}

BOOST_AUTO_TEST_CASE(a_page_that_points_its_own_name_here_is_refused) {
  const auto asked_as = [this](const char* host) {
    return answer("GET", "/services", {}, {{"host", host}}).status;
  };

  for (const char* host : {"localhost", "LocalHost:9070", "127.0.0.1", "127.0.0.1:9070",
                           "192.0.2.7:80", "[::1]", "[::1]:9070"}) {
    BOOST_TEST_CONTEXT(host) { BOOST_TEST(asked_as(host) == 200); }
  }
  for (const char* host :
       {"", ":", ":9070", "evil.example", "evil.example:9070", "localhost.evil.example",
        "evil.localhost.example", "127.0.0.1.evil.example", "127.0.0.1:evil.example", "[::1", "[]",
        "[", "]", "[evil.example]", "[::1]evil.example", "user@localhost", "localhost,x"}) {
    BOOST_TEST_CONTEXT(host) { BOOST_TEST(asked_as(host) == 403); }
  }
}

BOOST_AUTO_TEST_CASE(a_port_for_others_answers_to_any_name) {
  Admin remote{engine, parts.registry, discovery, nullptr, {"0.1.0", "", HostNames::kAny}};
  const auto reply = std::make_shared<FakeReply>();

  remote.handle({"GET", "/health", {{"host", "holdfast.example:9070"}}, {}}, reply);

  BOOST_TEST(reply->wait().status == 200);
}

BOOST_AUTO_TEST_CASE(versions_two_to_four_are_spoken) {
  for (const char* prefix : {"/v2", "/v3", "/v4"}) {
    BOOST_TEST(status("GET", std::string(prefix) + "/health") == 200);
  }
  for (const char* prefix : {"/v1", "/v5", "/v0", "/v22"}) {
    BOOST_TEST(status("GET", std::string(prefix) + "/health") == 400);
  }
}

BOOST_AUTO_TEST_CASE(services_are_listed_with_their_handlers) {
  const json::object list = body(answer("GET", "/services"));
  BOOST_TEST(list.at("services").as_array().size() == 3u);
  const json::object counter = body(answer("GET", "/v3/services/Counter/"));
  BOOST_TEST(counter.at("ty").as_string() == "VirtualObject");
  BOOST_TEST(counter.at("idempotency_retention").as_string() == "PT86400S");
  BOOST_TEST(!counter.contains("workflow_completion_retention"));
  const json::object handlers = body(answer("GET", "/services/Greeter/handlers"));
  BOOST_TEST(handlers.at("handlers").as_array().size() == 4u);
  BOOST_TEST(body(answer("GET", "/services/Counter/handlers/get")).at("ty").as_string() ==
             "Shared");
  BOOST_TEST(status("GET", "/services/Nobody") == 404);
  BOOST_TEST(status("GET", "/services/Greeter/handlers/nothing") == 404);
  BOOST_TEST(status("GET", "/services/Greeter/nothing") == 404);
  BOOST_TEST(status("DELETE", "/services/Greeter") == 405);
  BOOST_TEST(status("POST", "/services") == 405);
}

BOOST_AUTO_TEST_CASE(a_service_says_how_its_handlers_are_treated_and_a_handler_what_is_otherwise) {
  actors::ServiceInfo service = engine.catalog().snapshot()->at("Greeter");
  service.treatment.retry.max_attempts.reset();
  for (actors::HandlerInfo& handler : service.handlers) handler.retry = service.treatment.retry;
  actors::HandlerInfo& own = service.handlers[1];
  own.retry.initial_interval_ms = 100;
  own.retry.max_attempts = 3;
  own.journal_retention_ms = 0;
  own.lazy_state = true;

  const json::object view = service_view(service);

  BOOST_TEST(view.at("journal_retention").as_string() == "PT86400S");
  BOOST_TEST(view.at("abort_timeout").as_string() == "PT600S");
  BOOST_TEST(!view.at("enable_lazy_state").as_bool());
  BOOST_TEST(json::serialize(view.at("retry_policy")) ==
             R"({"initial_interval":"PT0.5S","exponentiation_factor":2E0,"max_attempts":null,)"
             R"("max_interval":"PT60S","on_max_attempts":"Pause"})");
  const json::object& alike = view.at("handlers").at(0).as_object();
  BOOST_TEST(alike.at("public").as_bool());
  for (const char* name : {"journal_retention", "idempotency_retention", "abort_timeout",
                           "inactivity_timeout", "enable_lazy_state", "retry_policy"}) {
    BOOST_TEST(!alike.contains(name), name);
  }
  const json::object& other = view.at("handlers").at(1).as_object();
  BOOST_TEST(other.at("journal_retention").as_string() == "PT0S");
  BOOST_TEST(other.at("enable_lazy_state").as_bool());
  BOOST_TEST(!other.contains("abort_timeout"));
  BOOST_TEST(json::serialize(other.at("retry_policy")) ==
             R"({"initial_interval":"PT0.1S","max_attempts":3})");
  BOOST_TEST((handler_view(own, service) == other));
}

BOOST_AUTO_TEST_CASE(what_an_operator_set_is_shown_at_the_service_and_no_more_at_its_handlers) {
  const json::object set =
      body(answer("PATCH", "/services/Signup",
                  R"({"journal_retention":"2h","workflow_completion_retention":"3h"})"));

  BOOST_TEST(set.at("journal_retention").as_string() == "PT7200S");
  BOOST_TEST(set.at("workflow_completion_retention").as_string() == "PT10800S");
  for (const json::value& handler : set.at("handlers").as_array()) {
    BOOST_TEST(!handler.as_object().contains("journal_retention"));
    BOOST_TEST(!handler.as_object().contains("workflow_completion_retention"));
  }
}

BOOST_AUTO_TEST_CASE(there_is_no_kafka_and_lists_of_it_are_empty) {
  for (const char* prefix : {"", "/v2", "/v4"}) {
    BOOST_TEST(answer("GET", std::string(prefix) + "/subscriptions").body ==
               R"({"subscriptions":[]})");
    BOOST_TEST(answer("GET", std::string(prefix) + "/kafka-clusters").body == R"({"clusters":[]})");
  }
  BOOST_TEST(status("GET", "/subscriptions/sub_1") == 404);
  BOOST_TEST(status("GET", "/kafka-clusters/mine") == 404);
  for (const char* method : {"POST", "PATCH", "DELETE"}) {
    const HttpResponse refused = answer(method, "/subscriptions", "{}");
    BOOST_TEST(refused.status == 501);
    BOOST_TEST(refused.body.find("no Kafka ingress") != std::string::npos);
    BOOST_TEST(status(method, "/kafka-clusters/mine", "{}") == 501);
  }
}

BOOST_AUTO_TEST_CASE(one_process_is_a_cluster_in_good_health) {
  BOOST_TEST(body(answer("GET", "/cluster-health")).at("cluster_name").as_string() == "holdfast");
  BOOST_TEST(status("POST", "/cluster-health") == 405);
}

BOOST_AUTO_TEST_CASE(changes_of_a_service_add_up) {
  const json::object first =
      body(answer("PATCH", "/services/Greeter", R"({"public":false,"journal_retention":"2h"})"));
  const json::object second =
      body(answer("PATCH", "/services/Greeter", R"({"abort_timeout":"PT5S","public":null})"));

  BOOST_TEST(!first.at("public").as_bool());
  BOOST_TEST(first.at("journal_retention").as_string() == "PT7200S");
  BOOST_TEST(!second.at("public").as_bool());
  BOOST_TEST(second.at("journal_retention").as_string() == "PT7200S");
  BOOST_TEST(second.at("abort_timeout").as_string() == "PT5S");
}

BOOST_AUTO_TEST_CASE(how_long_a_service_may_wait_in_memory_is_set_and_taken_back) {
  BOOST_TEST(!body(answer("GET", "/services/Greeter")).contains("park_after"));

  const json::object set = body(answer("PATCH", "/services/Greeter", R"({"park_after":"5s"})"));
  BOOST_TEST(set.at("park_after").as_string() == "PT5S");
  BOOST_TEST(engine.catalog().snapshot()->at("Greeter").handlers[0].park_after_ms.value() == 5000);
  const json::object kept = body(answer("PATCH", "/services/Greeter", R"({"public":true})"));
  BOOST_TEST(kept.at("park_after").as_string() == "PT5S");
  BOOST_TEST(
      !body(answer("PATCH", "/services/Greeter", R"({"park_after":null})")).contains("park_after"));
  BOOST_TEST(status("PATCH", "/services/Greeter", R"({"park_after":5})") == 400);
}

BOOST_AUTO_TEST_CASE(a_bad_change_is_refused) {
  for (const char* patch :
       {"", "{", "[]", R"({"public":1})", R"({"journal_retention":5})",
        R"({"journal_retention":"soon"})", R"({"journal_retention":"-1s"})", R"({"nothing":1})"}) {
    BOOST_TEST_CONTEXT(patch) { BOOST_TEST(status("PATCH", "/services/Greeter", patch) == 400); }
  }
  BOOST_TEST(answer("PATCH", "/services/Greeter", "{}", {}).status == 415);
  BOOST_TEST(answer("PATCH", "/services/Greeter", "{}", {{"content-type", "text/plain"}}).status ==
             415);
}

BOOST_AUTO_TEST_CASE(state_is_replaced) {
  BOOST_TEST(status("POST", "/services/Counter/state",
                    R"({"object_key":"k","new_state":{"a":[49,255],"b":[]}})") == 202);

  const std::map<Bytes, Bytes> expected = {{"a", "1\xff"}, {"b", ""}};
  BOOST_TEST((engine.states.at("Counter/k") == expected));
}

BOOST_AUTO_TEST_CASE(bad_state_is_refused) {
  for (const char* state :
       {"{}", R"({"object_key":"","new_state":{}})", R"({"object_key":"k"})",
        R"({"object_key":"k","new_state":[]})", R"({"object_key":"k","new_state":{"a":"x"}})",
        R"({"object_key":"k","new_state":{"a":[256]}})",
        R"({"object_key":"k","new_state":{"a":[-1]}})",
        R"({"object_key":"k","new_state":{"a":[1.5]}})",
        R"({"object_key":"k","new_state":{},"version":"x"})"}) {
    BOOST_TEST_CONTEXT(state) {
      BOOST_TEST(status("POST", "/services/Counter/state", state) == 400);
    }
  }
  BOOST_TEST(status("POST", "/services/Greeter/state", "{}") == 400);
  BOOST_TEST(engine.states.empty());
  const HttpResponse versioned = answer("POST", "/services/Counter/state",
                                        R"({"object_key":"k","new_state":{},"version":"x"})");
  BOOST_TEST(versioned.body.find("field 'version': how Restate's tools compute it") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(acts_reach_the_engine_and_say_how_far_they_came) {
  const std::string path = "/invocations/" + id;
  for (const char* verb : {"cancel", "kill", "pause", "resume", "purge", "purge-journal"}) {
    BOOST_TEST(status("PATCH", path + "/" + verb) == 200);
  }
  BOOST_TEST(engine.acts.size() == 6u);
  engine.act_result = actors::ActResult::kAccepted;
  BOOST_TEST(status("PATCH", path + "/cancel") == 202);
  BOOST_TEST(status("PATCH", path + "/pause") == 202);
  BOOST_TEST(status("PATCH", path + "/kill") == 200);
  BOOST_TEST(status("DELETE", path) == 202);
  BOOST_TEST(status("DELETE", path + "?mode=Kill") == 202);
  BOOST_TEST((engine.acts.back().second == actors::Engine::Act::kKill));
  BOOST_TEST(status("DELETE", path + "?mode=Maim") == 400);
  engine.act_result = Error(ErrorCode::kConflict, "completed already");
  BOOST_TEST(status("PATCH", path + "/cancel") == 409);
  engine.act_result = Error(ErrorCode::kNotFound, "none");
  BOOST_TEST(status("PATCH", path + "/cancel") == 404);
}

BOOST_AUTO_TEST_CASE(restart_as_new_names_the_new_one) {
  const std::string path = "/invocations/" + id + "/restart-as-new";
  BOOST_TEST(body(answer("PATCH", path)).at("new_invocation_id").as_string() == id);
  BOOST_TEST(status("PATCH", path + "?from=three") == 400);
  engine.restarted = Error(ErrorCode::kInvalidArgument, "a workflow");
  BOOST_TEST(status("PATCH", path) == 422);
}

BOOST_AUTO_TEST_CASE(what_does_not_exist_is_json_too) {
  for (const char* target : {"/", "/nothing", "/health/more", "/invocations/x/y/z"}) {
    const HttpResponse response = answer("GET", target);
    BOOST_TEST((response.status == 404 || response.status == 400));
    BOOST_TEST(json::parse(response.body).as_object().contains("message"));
  }
  BOOST_TEST(status("PATCH", "/invocations/" + id + "/nothing") == 404);
  BOOST_TEST(status("GET", "/invocations/" + id + "/cancel") == 405);
  BOOST_TEST(status("GET", "/invocations/inv_1") == 400);
  BOOST_TEST(status("GET", "/invocations/" + id) == 404);
  BOOST_TEST(status("GET", "/%zz") == 400);
}

BOOST_AUTO_TEST_CASE(a_code_is_one_only_when_it_has_a_number) {
  const auto body = [](std::string message) {
    return admin_error_answer({ErrorCode::kInvalidArgument, std::move(message)}).body;
  };

  BOOST_TEST(body("[META0004] x") == R"({"message":"[META0004] x","restate_code":"META0004"})");
  BOOST_TEST(body(R"([META"":1] x)") == R"({"message":"[META\"\":1] x"})");
  BOOST_TEST(body("[META0004 x]") == R"({"message":"[META0004 x]"})");
}

BOOST_AUTO_TEST_CASE(invocations_are_listed_by_status_and_service) {
  for (int i = 0; i < 5; ++i) {
    journal::InvocationId id = some_id();
    id.uuid[0] = static_cast<std::uint8_t>(i);
    store(id, i < 2 ? journal::Status::kSuspended : journal::Status::kCompleted,
          i == 0 ? "Counter" : "Greeter");
  }
  const auto count = [this](const char* query) {
    return body(answer("GET", std::string("/invocations") + query))
        .at("invocations")
        .as_array()
        .size();
  };

  BOOST_TEST(count("") == 5u);
  BOOST_TEST(count("?status=suspended") == 2u);
  BOOST_TEST(count("?status=completed&service=Greeter") == 3u);
  BOOST_TEST(count("?status=ready") == 0u);
  BOOST_TEST(count("?limit=5") == 5u);
  const json::object page = body(answer("GET", "/invocations?limit=2"));
  BOOST_TEST(page.at("invocations").as_array().size() == 2u);
  const std::string next(page.at("next_after").as_string());
  BOOST_TEST(count(("?after=" + next).c_str()) == 3u);
  for (const char* query :
       {"?status=odd", "?limit=0", "?limit=x", "?limit=99999", "?after=x", "?x=1"}) {
    BOOST_TEST(status("GET", std::string("/invocations") + query) == 400);
  }
}

BOOST_AUTO_TEST_CASE(an_invocation_is_shown_with_its_journal) {
  store(some_id(), journal::Status::kRunning, "Greeter");
  storage::Batch batch;
  const journal::Entry entries[] = {{"", journal::Input{{}, "\"Ada\""}},
                                    {"debit", journal::Run{1}},
                                    journal::completion(1, Bytes("\x00\xff", 2)),
                                    {"", journal::Sleep{1'795'180'212'960, 2}}};
  journal::append_journal(batch, some_id(), 1'795'180'212'960, entries, std::size(entries));
  BOOST_REQUIRE(storage::write_one(engine.store, batch, storage::Sync::kYes).has_value());

  const json::object shown = body(answer("GET", "/invocations/" + id));

  BOOST_TEST(shown.at("id").as_string() == id);
  BOOST_TEST(shown.at("status").as_string() == "running");
  BOOST_TEST(shown.at("created_at").as_string() == "2026-11-20T13:10:12.960Z");
  const json::array& journal = shown.at("journal").as_array();
  BOOST_REQUIRE(journal.size() == 4u);
  BOOST_TEST(journal[0].at("entry_type").as_string() == "Command: Input");
  BOOST_TEST(journal[0].at("value").as_string() == "\"Ada\"");
  BOOST_TEST(journal[1].at("entry_type").as_string() == "Command: Run");
  BOOST_TEST(journal[1].at("name").as_string() == "debit");
  BOOST_TEST(journal[1].at("completed").as_bool());
  BOOST_TEST(journal[2].at("entry_type").as_string() == "Notification: Run");
  BOOST_TEST(journal[2].at("raw").as_string() == "AP8=");
  BOOST_TEST(!journal[3].at("completed").as_bool());
  BOOST_TEST(journal[3].at("sleep_wakeup_at").as_string() == "2026-11-20T13:10:12.960Z");
}

BOOST_AUTO_TEST_CASE(a_call_shows_whom_it_called) {
  journal::Call call;
  call.service = "Counter";
  call.key = "k";
  call.handler = "add";
  call.id_completion = 1;
  call.completion = 2;
  const json::array view =
      journal_view({entry(std::move(call)), entry(journal::completion(1, some_id()).body),
                    entry(journal::completion(2, journal::Failure{409, "no", {}}).body)});

  BOOST_TEST(view[0].at("invoked_target").as_string() == "Counter/k/add");
  BOOST_TEST(view[0].at("invoked_id").as_string() == some_id().text());
  BOOST_TEST(view[1].at("entry_type").as_string() == "Notification: CallInvocationId");
  BOOST_TEST(view[2].at("entry_type").as_string() == "Notification: Call");
  BOOST_TEST(view[2].at("failure").at("code").to_number<int>() == 409);
}

BOOST_AUTO_TEST_CASE(metrics_are_prometheus_text) {
  const HttpResponse response = answer("GET", "/metrics");

  BOOST_TEST(response.status == 200);
  BOOST_TEST(response.body.find("\nholdfast_actors_active_invocations 7\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
