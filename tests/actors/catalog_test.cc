#include "actors/catalog/catalog.h"

#include <boost/test/unit_test.hpp>

#include "actors/catalog/resolve.h"

namespace holdfast::actors {
namespace {

using journal::HandlerKind;
using journal::ServiceKind;
using journal::ServiceSettings;

HandlerInfo handler(std::string name, HandlerKind kind) {
  HandlerInfo info;
  info.name = std::move(name);
  info.kind = kind;
  return info;
}

ServiceInfo service(std::string name, ServiceKind kind, std::vector<HandlerInfo> handlers) {
  ServiceInfo info;
  info.name = std::move(name);
  info.kind = kind;
  info.deployment_id = kEmbeddedDeployment;
  info.handlers = std::move(handlers);
  return info;
}

std::vector<ServiceInfo> three_services() {
  HandlerInfo greet = handler("greet", HandlerKind::kPlain);
  greet.idempotency_retention_ms = 5000;
  greet.workflow_retention_ms = 7000;
  greet.journal_retention_ms = 3000;
  HandlerInfo run = handler("run", HandlerKind::kRun);
  run.idempotency_retention_ms = 5000;
  run.workflow_retention_ms = 7000;
  return {
      service("Greeter", ServiceKind::kService, {greet}),
      service("Counter", ServiceKind::kObject,
              {handler("add", HandlerKind::kExclusive), handler("get", HandlerKind::kShared)}),
      service("Signup", ServiceKind::kWorkflow, {run, handler("approve", HandlerKind::kShared)})};
}

ErrorCode code(const Result<Resolved>& result) {
  BOOST_REQUIRE(!result.has_value());
  return result.error().code();
}

BOOST_AUTO_TEST_SUITE(catalog)

BOOST_AUTO_TEST_CASE(a_snapshot_holds_what_was_declared) {
  const Catalog catalog(three_services());

  const auto snapshot = catalog.snapshot();

  BOOST_TEST(snapshot->size() == 3u);
  const ServiceInfo& counter = snapshot->at("Counter");
  BOOST_REQUIRE(counter.handler("get") != nullptr);
  BOOST_TEST((counter.handler("get")->kind == HandlerKind::kShared));
  BOOST_TEST(counter.handler("gets") == nullptr);
  BOOST_TEST(counter.handler("") == nullptr);
}

BOOST_AUTO_TEST_CASE(settings_lie_over_what_the_code_declares) {
  Catalog catalog(three_services());
  ServiceSettings settings;
  settings.is_public = false;
  settings.idempotency_retention_ms = 1;
  settings.workflow_retention_ms = 2;
  settings.journal_retention_ms = 3;
  settings.inactivity_timeout_ms = 4;
  settings.abort_timeout_ms = 5;
  settings.park_after_ms = 6;

  BOOST_REQUIRE(catalog.apply("Signup", settings).has_value());

  const auto snapshot = catalog.snapshot();
  const ServiceInfo& signup = snapshot->at("Signup");
  BOOST_TEST(!signup.is_public);
  for (const HandlerInfo& info : signup.handlers) {
    BOOST_TEST(info.idempotency_retention_ms == 1);
    BOOST_TEST(info.workflow_retention_ms == 2);
    BOOST_TEST(info.journal_retention_ms == 3);
    BOOST_TEST(info.inactivity_timeout_ms == 4);
    BOOST_TEST(info.abort_timeout_ms == 5);
    BOOST_TEST(info.park_after_ms.value() == 6);
  }
  BOOST_TEST(snapshot->at("Greeter").is_public);
  BOOST_TEST(snapshot->at("Greeter").handlers[0].idempotency_retention_ms == 5000);
}

BOOST_AUTO_TEST_CASE(new_settings_replace_the_earlier_ones_instead_of_adding_to_them) {
  Catalog catalog(three_services());
  ServiceSettings first;
  first.is_public = false;
  first.journal_retention_ms = 1;
  ServiceSettings second;
  second.idempotency_retention_ms = 9;

  BOOST_REQUIRE(catalog.apply("Greeter", first).has_value());
  BOOST_REQUIRE(catalog.apply("Greeter", second).has_value());

  const auto snapshot = catalog.snapshot();
  BOOST_TEST(snapshot->at("Greeter").is_public);
  BOOST_TEST(snapshot->at("Greeter").handlers[0].journal_retention_ms == 3000);
  BOOST_TEST(snapshot->at("Greeter").handlers[0].idempotency_retention_ms == 9);
}

BOOST_AUTO_TEST_CASE(a_snapshot_never_changes) {
  Catalog catalog(three_services());
  const auto before = catalog.snapshot();
  ServiceSettings settings;
  settings.is_public = false;

  BOOST_REQUIRE(catalog.apply("Greeter", settings).has_value());

  BOOST_TEST(before->at("Greeter").is_public);
  BOOST_TEST(!catalog.snapshot()->at("Greeter").is_public);
}

BOOST_AUTO_TEST_CASE(settings_of_a_service_that_is_not_there_are_not_found) {
  Catalog catalog(three_services());

  const Result<void> applied = catalog.apply("Nobody", {});

  BOOST_REQUIRE(!applied.has_value());
  BOOST_TEST((applied.error().code() == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(resolve_names)

BOOST_AUTO_TEST_CASE(a_service_without_a_key_resolves) {
  const Catalog catalog(three_services());
  const auto snapshot = catalog.snapshot();

  const auto found = resolve(*snapshot, "Greeter", std::nullopt, "greet", false);

  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->info == snapshot->at("Greeter").handler("greet"));
  BOOST_TEST(found->resolution.target.text() == "Greeter/greet");
  BOOST_TEST(found->resolution.target.key.empty());
  BOOST_TEST((found->resolution.target.service_kind == ServiceKind::kService));
  BOOST_TEST((found->resolution.target.handler_kind == HandlerKind::kPlain));
  BOOST_TEST(found->resolution.journal_retention_ms == 3000);
}

BOOST_AUTO_TEST_CASE(
    an_idempotent_call_is_kept_for_its_key_and_another_one_as_long_as_its_journal) {
  const Catalog catalog(three_services());
  const auto snapshot = catalog.snapshot();

  const auto plain = resolve(*snapshot, "Greeter", std::nullopt, "greet", false);
  const auto idempotent = resolve(*snapshot, "Greeter", std::nullopt, "greet", true);

  BOOST_TEST(plain.value().resolution.completion_retention_ms == 3000);
  BOOST_TEST(idempotent.value().resolution.completion_retention_ms == 5000);
}

BOOST_AUTO_TEST_CASE(a_workflow_run_is_kept_for_the_retention_of_workflows) {
  const Catalog catalog(three_services());
  const auto snapshot = catalog.snapshot();

  const auto run = resolve(*snapshot, "Signup", "ann", "run", false);

  BOOST_TEST(run.value().resolution.completion_retention_ms == 7000);
  BOOST_TEST((run.value().resolution.target.handler_kind == HandlerKind::kRun));
  BOOST_TEST(run.value().resolution.target.text() == "Signup/ann/run");
}

BOOST_AUTO_TEST_CASE(an_unknown_service_or_handler_is_not_found) {
  const Catalog catalog(three_services());
  const auto snapshot = catalog.snapshot();

  BOOST_TEST(
      (code(resolve(*snapshot, "Nobody", std::nullopt, "greet", false)) == ErrorCode::kNotFound));
  BOOST_TEST(
      (code(resolve(*snapshot, "Greeter", std::nullopt, "great", false)) == ErrorCode::kNotFound));
  BOOST_TEST((code(resolve(*snapshot, "Counter", "k", "greet", false)) == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_CASE(a_key_where_none_belongs_or_none_where_one_does_is_an_invalid_argument) {
  const Catalog catalog(three_services());
  const auto snapshot = catalog.snapshot();

  BOOST_TEST(
      (code(resolve(*snapshot, "Greeter", "key", "greet", false)) == ErrorCode::kInvalidArgument));
  BOOST_TEST((code(resolve(*snapshot, "Counter", std::nullopt, "add", false)) ==
              ErrorCode::kInvalidArgument));
  BOOST_TEST((code(resolve(*snapshot, "Signup", std::nullopt, "approve", false)) ==
              ErrorCode::kInvalidArgument));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::actors
