#include "actors/catalog/deployment_info.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>

namespace holdfast::actors {
namespace {

using journal::DeclaredService;
using journal::Deployment;

Deployment declared_with(std::string first, std::string second) {
  DeclaredService service;
  service.name = "S";
  service.handlers.push_back({.name = std::move(first)});
  service.handlers.push_back({.name = std::move(second)});
  Deployment deployment;
  deployment.services.push_back(std::move(service));
  return deployment;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(deployment_info)

BOOST_AUTO_TEST_CASE(an_option_is_the_handlers_own_else_the_services_else_the_default) {
  Deployment deployment = declared_with("own", "plain");
  DeclaredService& declared = deployment.services[0];
  declared.options.inactivity_timeout_ms = 1;
  declared.options.retry_max_attempts = 2;
  declared.options.kill_at_max_attempts = true;
  declared.options.lazy_state = true;
  declared.handlers[0].options.inactivity_timeout_ms = 3;
  declared.handlers[0].options.kill_at_max_attempts = false;
  declared.handlers[0].options.lazy_state = false;
  declared.handlers[0].options.retry_factor = 1.5;

  const DeploymentInfo info = make_deployment_info(deployment, {});

  const HandlerInfo& own = *info.service("S")->handler("own");
  const HandlerInfo& plain = *info.service("S")->handler("plain");
  BOOST_TEST(own.inactivity_timeout_ms == 3);
  BOOST_TEST(plain.inactivity_timeout_ms == 1);
  BOOST_TEST(own.abort_timeout_ms == HandlerInfo().abort_timeout_ms);
  BOOST_TEST(own.retry.max_attempts.value() == 2u);
  BOOST_TEST(own.retry.factor == 1.5);
  BOOST_TEST(plain.retry.factor == RetryPolicy().factor);
  BOOST_TEST((own.retry.on_max_attempts == OnMaxAttempts::kPause));
  BOOST_TEST((plain.retry.on_max_attempts == OnMaxAttempts::kKill));
  BOOST_TEST(!own.lazy_state);
  BOOST_TEST(plain.lazy_state);
  const Treatment& of_service = info.services[0].treatment;
  BOOST_TEST(of_service.inactivity_timeout_ms == 1);
  BOOST_TEST(of_service.lazy_state);
  BOOST_TEST((of_service.retry == plain.retry));
}

BOOST_AUTO_TEST_CASE(a_private_service_may_have_a_public_handler) {
  Deployment deployment = declared_with("open", "closed");
  deployment.services[0].options.ingress_private = true;

  const DeploymentInfo whole = make_deployment_info(deployment, {});
  BOOST_TEST(!whole.services[0].is_public);

  deployment.services[0].handlers[0].options.ingress_private = false;
  const DeploymentInfo parts = make_deployment_info(deployment, {});
  BOOST_TEST(parts.services[0].is_public);
  BOOST_TEST(!parts.services[0].handler("open")->is_private);
  BOOST_TEST(parts.services[0].handler("closed")->is_private);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::actors
