#include "actors/catalog/registry.h"

#include <boost/test/unit_test.hpp>
#include <optional>

#include "storage/local_log.h"
#include "storage/memory_store.h"
#include "tests/support/manual_clock.h"

namespace holdfast::actors {
namespace {

using journal::DeclaredHandler;
using journal::DeclaredService;
using journal::Deployment;
using journal::HandlerKind;
using journal::ServiceKind;

DeclaredService service(std::string name, std::vector<std::string> handlers,
                        ServiceKind kind = ServiceKind::kService,
                        HandlerKind handler_kind = HandlerKind::kPlain) {
  DeclaredService result;
  result.name = std::move(name);
  result.kind = kind;
  for (std::string& handler : handlers) {
    result.handlers.push_back({.name = std::move(handler), .kind = handler_kind});
  }
  return result;
}

Deployment found(std::string uri, std::vector<DeclaredService> services) {
  Deployment deployment;
  deployment.uri = std::move(uri);
  deployment.protocol_version_min = 5;
  deployment.protocol_version_max = 7;
  deployment.services = std::move(services);
  return deployment;
}

ServiceInfo embedded() {
  ServiceInfo info;
  info.name = "Inside";
  info.deployment_id = kEmbeddedDeployment;
  return info;
}

struct Fixture {
  storage::MemoryStore store;
  testing::ManualClock clock{from_unix_millis(1'795'173'836'000)};
  SeededRandom random{5};
  std::unique_ptr<storage::LocalLog> log =
      std::move(storage::LocalLog::open(store, storage::KeyRange{}, clock)).value();
  storage::Committer committer{*log, log->epoch(), {storage::Committer::Drive::kManual}};
  std::optional<Catalog> catalog;
  std::optional<Registry> registry;

  Fixture() { restart(); }

  void restart() {
    registry.reset();
    catalog.emplace(std::vector<ServiceInfo>{embedded()});
    std::vector<Deployment> deployments;
    Settings settings;
    const journal::Tables tables(store);
    BOOST_REQUIRE(tables
                      .each_deployment([&](const auto&, Result<Deployment> stored) {
                        deployments.push_back(stored.value());
                        return true;
                      })
                      .has_value());
    BOOST_REQUIRE(tables
                      .each_settings([&](std::string_view name, auto stored) {
                        settings.emplace(name, stored.value());
                        return true;
                      })
                      .has_value());
    catalog->restore(std::move(deployments), std::move(settings));
    registry.emplace(*catalog, committer, clock, random);
  }

  void commit_all() {
    while (committer.step()) {
    }
  }

  Result<Registration> add(Deployment deployment, RegistrationOptions options = {}) {
    std::optional<Result<Registration>> result;
    registry->add(std::move(deployment), options, [&](auto done) { result = std::move(done); });
    commit_all();
    BOOST_REQUIRE(result.has_value());
    return *result;
  }
  std::string added(Deployment deployment, RegistrationOptions options = {}) {
    const auto result = add(std::move(deployment), options);
    BOOST_TEST_CONTEXT((result ? "" : result.error().message())) {
      BOOST_REQUIRE(result.has_value());
    }
    return result->deployment.id.text();
  }
  Result<Registration> update(Deployment deployment, std::string_view id, bool overwrite = false,
                              bool dry_run = false) {
    deployment.id = journal::DeploymentId::from_text(id).value();
    std::optional<Result<Registration>> result;
    registry->update(std::move(deployment), overwrite, dry_run,
                     [&](auto done) { result = std::move(done); });
    commit_all();
    BOOST_REQUIRE(result.has_value());
    return *result;
  }
  Result<void> remove(std::string_view id) {
    std::optional<Result<void>> result;
    registry->remove(journal::DeploymentId::from_text(id).value(),
                     [&](Result<void> done) { result = done; });
    commit_all();
    BOOST_REQUIRE(result.has_value());
    return *result;
  }

  // "dp_1... 2": deployment and revision of the newest.
  std::string newest(std::string_view name) {
    const auto snapshot = catalog->snapshot();
    const auto found = snapshot->find(name);
    if (found == snapshot->end()) return "none";
    return found->second.deployment_id + " " + std::to_string(found->second.revision);
  }
  std::size_t stored() {
    std::size_t count = 0;
    (void)journal::Tables(store).each_deployment([&](const auto&, const auto&) {
      ++count;
      return true;
    });
    return count;
  }
};

// The message of a conflict; fails when it is none.
std::string conflict(const Result<Registration>& result) {
  BOOST_REQUIRE(!result.has_value());
  BOOST_TEST((result.error().code() == ErrorCode::kConflict));
  return result.error().message();
}

bool contains(const std::string& text, std::string_view part) {
  BOOST_TEST_MESSAGE(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(registry, Fixture)

BOOST_AUTO_TEST_CASE(a_registered_deployment_serves_its_services_also_after_a_restart) {
  const std::string id = added(found("http://a/", {service("S", {"greet"})}));

  BOOST_TEST(id.substr(0, 4) == "dp_1");
  BOOST_TEST(newest("S") == id + " 1");
  const auto info = catalog->deployment(id);
  BOOST_REQUIRE(info != nullptr);
  BOOST_TEST(info->deployment.uri == "http://a/");
  BOOST_TEST(info->deployment.created_at == 1'795'173'836'000);

  restart();

  BOOST_TEST(newest("S") == id + " 1");
  BOOST_TEST((catalog->deployment(id)->deployment == info->deployment));
}

BOOST_AUTO_TEST_CASE(inv_1_nothing_is_shown_or_answered_before_it_is_durable) {
  bool answered = false;
  registry->add(found("http://a/", {service("S", {"greet"})}), {},
                [&](const auto&) { answered = true; });

  BOOST_TEST(!answered);
  BOOST_TEST(newest("S") == "none");
  BOOST_TEST(catalog->deployments()->empty());

  commit_all();

  BOOST_TEST(answered);
  BOOST_TEST(newest("S") != "none");
}

BOOST_AUTO_TEST_CASE(registering_the_same_again_changes_nothing) {
  const std::string id = added(found("http://a/", {service("S", {"greet"})}));
  const auto before = committer.appends();

  Deployment again = found("http://a/", {service("S", {"greet"})});
  again.sdk_version = "sdk/2";
  const auto result = add(again);

  BOOST_TEST((result->result == RegistrationResult::kUnchanged));
  BOOST_TEST(result->deployment.id.text() == id);
  BOOST_TEST(newest("S") == id + " 1");
  BOOST_TEST(committer.appends() == before);
}

BOOST_AUTO_TEST_CASE(other_code_at_the_same_address_is_a_conflict_that_says_what_differs) {
  added(found("http://a/", {service("S", {"greet", "bye"})}));

  const Deployment less = found("http://a/", {service("S", {"greet"}), service("T", {"t"})});
  const std::string message = conflict(add(less));
  BOOST_TEST(contains(message, "[META0004] http://a/"));
  BOOST_TEST(contains(message, "service 'S' has no handler 'bye' any more"));
  BOOST_TEST(contains(message, "service 'T' is new"));
  BOOST_TEST(contains(message, "force"));
  // To break callers is another thing than to overwrite.
  BOOST_TEST(contains(conflict(add(less, {.breaking = true})), "META0004"));

  Deployment headers = found("http://a/", {service("S", {"greet", "bye"})});
  headers.additional_headers = {{"authorization", "x"}};
  BOOST_TEST(contains(conflict(add(headers)), "other additional_headers"));
  Deployment options = found("http://a/", {service("S", {"greet", "bye"})});
  options.services[0].options.lazy_state = true;
  BOOST_TEST(contains(conflict(add(options)), "options or descriptions"));
}

BOOST_AUTO_TEST_CASE(force_overwrites_in_place_and_makes_its_services_the_newest) {
  Deployment first = found("http://a/", {service("S", {"greet", "bye"}), service("T", {"t"})});
  first.metadata = {{"team", "x"}};
  const std::string a = added(first);
  const std::string b = added(found("http://b/", {service("S", {"greet", "bye"})}));
  BOOST_TEST(newest("S") == b + " 2");
  clock.advance(Millis(1000));

  const auto result = add(found("http://a/", {service("S", {"greet"})}), {.force = true});

  BOOST_TEST((result->result == RegistrationResult::kOverwritten));
  BOOST_TEST(result->deployment.id.text() == a);
  BOOST_TEST(result->deployment.created_at == 1'795'173'836'000);
  BOOST_TEST((result->deployment.metadata == journal::Pairs{{"team", "x"}}));
  BOOST_TEST(newest("S") == a + " 3");
  BOOST_TEST(newest("T") == "none");
  BOOST_TEST(stored() == 2u);
  restart();
  BOOST_TEST(newest("S") == a + " 3");
}

BOOST_AUTO_TEST_CASE(force_is_a_next_revision_also_of_what_has_not_changed) {
  const Deployment same = found("http://a/", {service("S", {"greet"}), service("T", {"t"})});
  const std::string a = added(same);
  const auto before = committer.appends();

  const auto dry = add(same, {.force = true, .dry_run = true});
  BOOST_TEST((dry->result == RegistrationResult::kOverwritten));
  BOOST_TEST(dry->deployment.services[0].revision == 2u);
  BOOST_TEST(newest("S") == a + " 1");
  BOOST_TEST(committer.appends() == before);

  BOOST_TEST(added(same, {.force = true}) == a);
  BOOST_TEST(newest("S") == a + " 2");
  BOOST_TEST(newest("T") == a + " 2");

  // An older one becomes the newest again.
  const std::string b = added(found("http://b/", {service("S", {"greet"})}));
  BOOST_TEST(newest("S") == b + " 3");
  BOOST_TEST(added(same, {.force = true}) == a);
  BOOST_TEST(newest("S") == a + " 4");
  BOOST_TEST(newest("T") == a + " 3");
  BOOST_TEST(catalog->find("S", b)->revision == 3u);
  BOOST_TEST(stored() == 2u);
  restart();
  BOOST_TEST(newest("S") == a + " 4");
}

BOOST_AUTO_TEST_CASE(a_new_address_is_a_new_revision_and_the_former_one_stays_for_the_pinned) {
  const std::string a = added(found("http://a/", {service("S", {"greet"})}));
  const std::string b = added(found("http://b/", {service("S", {"greet", "more"})}));

  BOOST_TEST(newest("S") == b + " 2");
  const auto pinned = catalog->find("S", a);
  BOOST_REQUIRE(pinned != nullptr);
  BOOST_TEST(pinned->revision == 1u);
  BOOST_TEST(pinned->handler("more") == nullptr);
  BOOST_TEST(catalog->find("S", b)->handler("more") != nullptr);
  BOOST_TEST(catalog->find("S", kEmbeddedDeployment) == nullptr);
  BOOST_TEST(catalog->find("T", a) == nullptr);
  BOOST_TEST(catalog->find("Inside", kEmbeddedDeployment) != nullptr);
}

BOOST_AUTO_TEST_CASE(a_revision_that_breaks_callers_must_be_said_to) {
  added(found("http://a/", {service("S", {"greet", "bye"}),
                            service("O", {"add"}, ServiceKind::kObject, HandlerKind::kExclusive)}));
  const Deployment less = found("http://b/", {service("S", {"greet"})});
  const Deployment kind = found(
      "http://b/", {service("S", {"greet", "bye"}, ServiceKind::kObject, HandlerKind::kExclusive)});
  const Deployment shared =
      found("http://b/", {service("O", {"add"}, ServiceKind::kObject, HandlerKind::kShared)});

  const std::string message = conflict(add(less));
  BOOST_TEST(contains(message, "[META0006] service 'S' has no handler 'bye' any more"));
  BOOST_TEST(contains(message, "\"breaking\": true"));
  BOOST_TEST(contains(conflict(add(kind)), "service 'S' was a service and is a virtual object"));
  BOOST_TEST(contains(conflict(add(shared)),
                      "handler 'add' of service 'O' was exclusive and is "
                      "shared now"));
  BOOST_TEST(stored() == 1u);

  const std::string b = added(less, {.breaking = true});
  BOOST_TEST(newest("S") == b + " 2");
  // Compared is the newest revision: this one has nothing left to lose.
  added(found("http://c/", {service("S", {"greet"})}));
  added(found("http://d/", {service("S", {"other"})}), {.force = true});
}

BOOST_AUTO_TEST_CASE(what_is_code_in_this_process_cannot_be_registered) {
  const Deployment inside = found("http://a/", {service("S", {"greet"}), service("Inside", {"x"})});
  BOOST_TEST(contains(conflict(add(inside)), "service 'Inside' is code inside this server"));
  conflict(add(inside, {.force = true, .breaking = true}));
  BOOST_TEST(stored() == 0u);
  BOOST_TEST(newest("S") == "none");
}

BOOST_AUTO_TEST_CASE(a_dry_run_says_what_would_be_and_writes_nothing) {
  const auto before = committer.appends();
  const auto result = add(found("http://a/", {service("S", {"greet"})}), {.dry_run = true});
  BOOST_TEST((result->result == RegistrationResult::kCreated));
  BOOST_TEST(result->deployment.services[0].revision == 1u);
  BOOST_TEST(newest("S") == "none");
  BOOST_TEST(committer.appends() == before);

  added(found("http://a/", {service("S", {"greet"})}));
  conflict(add(found("http://a/", {service("S", {"bye"})}), {.dry_run = true}));
  const auto forced =
      add(found("http://a/", {service("S", {"bye"})}), {.force = true, .dry_run = true});
  BOOST_TEST((forced->result == RegistrationResult::kOverwritten));
  BOOST_TEST(catalog->snapshot()->at("S").handler("greet") != nullptr);
}

BOOST_AUTO_TEST_CASE(registrations_at_the_same_time_are_decided_one_after_the_other) {
  std::vector<Registration> done;
  std::vector<std::string> refused;
  const auto on_done = [&](Result<Registration> result) {
    if (result) {
      done.push_back(*result);
    } else {
      refused.push_back(result.error().message());
    }
  };
  for (int i = 0; i < 3; ++i) registry->add(found("http://a/", {service("S", {"g"})}), {}, on_done);
  registry->add(found("http://a/", {service("S", {"h"})}), {}, on_done);
  registry->add(found("http://b/", {service("S", {"g"})}), {}, on_done);
  commit_all();

  BOOST_REQUIRE(done.size() == 4u);
  BOOST_TEST((done[0].result == RegistrationResult::kCreated));
  BOOST_TEST((done[1].result == RegistrationResult::kUnchanged));
  BOOST_TEST((done[2].result == RegistrationResult::kUnchanged));
  BOOST_TEST((done[1].deployment.id == done[0].deployment.id));
  BOOST_TEST(done[3].deployment.services[0].revision == 2u);
  BOOST_TEST(refused.size() == 1u);
}

BOOST_AUTO_TEST_CASE(more_changes_than_may_wait_are_refused_for_now) {
  std::size_t unavailable = 0;
  std::size_t through = 0;
  for (std::size_t i = 0; i < Registry::kWaitingMax + 10; ++i) {
    registry->add(found("http://a" + std::to_string(i) + "/", {}), {}, [&](const auto& result) {
      if (result.has_value()) {
        ++through;
      } else {
        BOOST_TEST((result.error().code() == ErrorCode::kUnavailable));
        ++unavailable;
      }
    });
  }
  commit_all();

  BOOST_TEST(unavailable == 9u);  // One was under way and did not wait.
  BOOST_TEST(through == Registry::kWaitingMax + 1);
  added(found("http://z/", {}));
}

BOOST_AUTO_TEST_CASE(when_the_newest_goes_the_revision_before_is_the_newest_again) {
  const std::string a = added(found("http://a/", {service("S", {"greet"})}));
  const std::string b =
      added(found("http://b/", {service("S", {"greet"}), service("T", {"only here"})}));

  BOOST_TEST(remove(b).has_value());

  BOOST_TEST(newest("S") == a + " 1");
  BOOST_TEST(newest("T") == "none");
  BOOST_TEST(catalog->deployment(b) == nullptr);
  BOOST_TEST(catalog->find("S", b) == nullptr);
  restart();
  BOOST_TEST(newest("S") == a + " 1");
  BOOST_TEST((remove(b).error().code() == ErrorCode::kNotFound));
  BOOST_TEST(remove(a).has_value());
  BOOST_TEST(newest("S") == "none");
  BOOST_TEST(stored() == 0u);
}

BOOST_AUTO_TEST_CASE(a_deployment_moves_and_keeps_its_id_and_its_revisions) {
  const std::string a = added(found("http://a/", {service("S", {"greet"})}));
  const std::string b = added(found("http://b/", {service("S", {"greet"})}));
  Deployment moved = found("http://c/", {service("S", {"greet"})});
  moved.additional_headers = {{"x", "1"}};

  const auto dry = update(moved, a, false, true);
  BOOST_TEST(dry->deployment.uri == "http://c/");
  BOOST_TEST(catalog->deployment(a)->deployment.uri == "http://a/");

  const auto result = update(moved, a);
  BOOST_TEST((result->result == RegistrationResult::kOverwritten));
  BOOST_TEST(catalog->deployment(a)->deployment.uri == "http://c/");
  BOOST_TEST((catalog->deployment(a)->deployment.additional_headers == journal::Pairs{{"x", "1"}}));
  BOOST_TEST(catalog->find("S", a)->revision == 1u);
  BOOST_TEST(newest("S") == b + " 2");
  BOOST_TEST((update(moved, a)->result == RegistrationResult::kUnchanged));
}

BOOST_AUTO_TEST_CASE(an_update_to_something_else_is_a_conflict_unless_it_overwrites) {
  const std::string a = added(found("http://a/", {service("S", {"greet"})}));
  added(found("http://b/", {service("T", {"t"})}));

  BOOST_TEST(contains(conflict(update(found("http://b/", {service("S", {"greet"})}), a)),
                      "[META0004] http://b/ is the address of deployment"));
  const Deployment other =
      found("http://a/", {service("S", {"greet", "new"}), service("T", {"t"})});
  BOOST_TEST(contains(conflict(update(other, a)), "[META0016]"));
  const auto result = update(other, a, true);
  BOOST_TEST(result->deployment.services[0].revision == 1u);
  BOOST_TEST(result->deployment.services[1].revision == 2u);
  BOOST_TEST(newest("T") == a + " 2");
  conflict(update(found("http://a/", {service("Inside", {"x"})}), a, true));
  const auto nobody = update(other, "dp_10000000000000000000000");
  BOOST_TEST((nobody.error().code() == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_CASE(a_deployment_that_cannot_be_read_can_be_removed) {
  const journal::DeploymentId bad = journal::fresh_deployment_id(1, random);
  storage::Batch batch;
  batch.put("d" + Bytes(reinterpret_cast<const char*>(bad.ulid.data()), 16), "nonsense");
  BOOST_REQUIRE(storage::write_one(store, batch, storage::Sync::kYes).has_value());
  registry.reset();
  registry.emplace(*catalog, committer, clock, random, std::vector{bad});

  BOOST_TEST(stored() == 1u);
  BOOST_TEST(remove(bad.text()).has_value());
  BOOST_TEST(stored() == 0u);
  BOOST_TEST(registry->unreadable().empty());
  BOOST_TEST((remove(bad.text()).error().code() == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_CASE(settings_lie_over_all_revisions_also_later_ones_and_after_a_restart) {
  const std::string a = added(found("http://a/", {service("S", {"greet"})}));
  journal::ServiceSettings settings;
  settings.is_public = false;
  settings.inactivity_timeout_ms = 7;
  storage::Batch batch;
  journal::put_settings(batch, "S", settings);
  committer.submit(std::move(batch), [](const auto&) {});
  commit_all();
  BOOST_TEST(catalog->apply("S", settings).has_value());
  const std::string b = added(found("http://b/", {service("S", {"greet"})}));

  for (int round = 0; round < 2; ++round) {
    for (const std::string& id : {a, b}) {
      BOOST_TEST(!catalog->find("S", id)->is_public);
      BOOST_TEST(catalog->find("S", id)->handler("greet")->inactivity_timeout_ms == 7);
    }
    BOOST_TEST(!catalog->snapshot()->at("S").is_public);
    restart();
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::actors
