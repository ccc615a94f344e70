#include "tests/simulation/elsewhere.h"

#include <algorithm>
#include <utility>

#include "net/egress/manifest.h"
#include "sdk/endpoint/manifest.h"
#include "storage/base/check.h"
#include "tests/simulation/services.h"

namespace holdfast::simulation {

namespace {

constexpr int kSitesMax = 2;

Wire::Weather weather_from(Agenda& agenda) {
  constexpr int kBreaks[] = {0, 30, 6};
  constexpr int kLate[] = {0, 20, 3};
  constexpr int kLateMs[] = {1, 50, 3'000};
  return {kBreaks[agenda.draw(3)], kLate[agenda.draw(3)], kLateMs[agenda.draw(3)]};
}

}  // namespace

Elsewhere::Elsewhere(Where where, std::vector<ServiceDefinition>& services, Random& chance,
                     Outside& outside, const Clock& clock)
    : outside_(outside),
      clock_(clock),
      agenda_(chance),
      wire_(agenda_, outside, weather_from(agenda_)) {
  if (where == Where::kAllHere) return;
  std::vector<ServiceDefinition> here;
  std::vector<std::vector<ServiceDefinition>> there(kSitesMax);
  for (ServiceDefinition& service : services) {
    const int place = agenda_.draw(kSitesMax + 1);
    (place == kSitesMax ? here : there[static_cast<std::size_t>(place)])
        .push_back(std::move(service));
  }
  services = std::move(here);
  for (auto& some : there) {
    if (!some.empty()) add_site(std::move(some));
  }
  // They are where they are now.
  for (Site& site : sites_) wire_.connect(site.uri, *site.endpoint);
}

Elsewhere::Site& Elsewhere::any_site() {
  return sites_[static_cast<std::size_t>(agenda_.draw(static_cast<int>(sites_.size())))];
}

void Elsewhere::add_site(std::vector<ServiceDefinition> services) {
  constexpr int kClosureMs[] = {0, 0, 20, 2'000};
  Site site;
  site.uri = "http://site" + std::to_string(sites_.size()) + ":9080";
  site.deployment = deployment_of(services);
  site.deployment.uri = site.uri;
  const int closure_ms_max = kClosureMs[agenda_.draw(4)];
  site.endpoint = std::make_unique<Endpoint>(site.uri, std::move(services), agenda_, outside_,
                                             clock_, closure_ms_max);
  sites_.push_back(std::move(site));
}

// Asked for and read as HttpDiscovery does.
journal::Deployment Elsewhere::deployment_of(const std::vector<ServiceDefinition>& services) {
  const bool both_ways = agenda_.draw(3) > 0;
  const std::string said = runtime::manifest_json(
      services,
      both_ways ? runtime::ProtocolMode::kBidiStream : runtime::ProtocolMode::kRequestResponse,
      runtime::kManifestVersionMax);
  Result<net::Manifest> manifest = net::parse_manifest(said);
  CHECK(manifest.has_value(), "an endpoint of ours says what a server of ours understands");

  journal::Deployment made;
  for (std::uint8_t& byte : made.id.ulid) byte = static_cast<std::uint8_t>(agenda_.draw(256));
  made.mode = manifest->mode;
  const bool http_11 = !both_ways && agenda_.draw(2) == 0;
  made.http_version = http_11 ? journal::HttpVersion::kHttp11 : journal::HttpVersion::kHttp2;
  made.protocol_version_min = manifest->protocol_version_min;
  made.protocol_version_max = 5 + static_cast<std::uint32_t>(agenda_.draw(3));
  constexpr std::int64_t kInactivityMs[] = {60'000, 1'000, 50, 1, 0};
  constexpr std::int64_t kAbortMs[] = {600'000, 5'000, 200};
  journal::DeclaredOptions options;
  options.inactivity_timeout_ms = kInactivityMs[agenda_.draw(5)];
  options.abort_timeout_ms = kAbortMs[agenda_.draw(3)];
  options.lazy_state = agenda_.draw(3) == 0;
  options.idempotency_retention_ms = options.workflow_retention_ms = kKeptForMs;
  made.services = std::move(manifest->services);
  for (journal::DeclaredService& service : made.services) {
    service.options = options;
    service.revision = ++revisions_[service.name];
  }
  return made;
}

void Elsewhere::register_with(actors::Catalog& catalog) {
  catalog_ = &catalog;
  for (const Site& site : sites_) announce(site);
}

void Elsewhere::announce(const Site& site) {
  const journal::Deployment& one = site.deployment;
  std::string served;
  for (const auto& service : one.services) served += " " + service.name;
  const auto& options = one.services.front().options;
  outside_.note(site.uri + " speaks " + std::to_string(one.protocol_version_max) +
                (one.bidirectional() ? " both ways" : " in turns") + ", inactivity " +
                std::to_string(*options.inactivity_timeout_ms) + ", abort " +
                std::to_string(*options.abort_timeout_ms) + ", serves" + served);
  catalog_->put(one);
}

void Elsewhere::deploy_again(const Site& site) {
  ++outside_.counts["deployments changed"];
  add_site(site.endpoint->services());
  wire_.connect(sites_.back().uri, *sites_.back().endpoint);
  announce(sites_.back());
}

bool Elsewhere::is_superseded(const Site& site) const {
  const auto& services = site.deployment.services;
  return std::all_of(services.begin(), services.end(), [&](const auto& service) {
    return revisions_.at(service.name) > service.revision;
  });
}

void Elsewhere::remove(Site& site) {
  outside_.note(site.uri + " is removed");
  ++outside_.counts["deployments removed"];
  site.removed = true;
  catalog_->remove(site.deployment.id.text());
}

void Elsewhere::restore(Site& site) {
  site.removed = false;
  announce(site);
}

void Elsewhere::change_deployments() {
  Site& site = any_site();
  if (site.removed) return restore(site);
  if (is_superseded(site)) return remove(site);
  deploy_again(site);
}

void Elsewhere::go_on(int steps) {
  while (steps-- > 0 && agenda_.step()) {
  }
}

void Elsewhere::harm() {
  Site& site = any_site();
  switch (agenda_.draw(3)) {
    case 0:
      return end(site, false);
    case 1:
      return end(site, true);
    default:
      wire_.break_one();
  }
}

void Elsewhere::end(Site& site, bool orderly) {
  Endpoint& endpoint = *site.endpoint;
  if (!endpoint.running()) return;
  outside_.note(site.uri + (orderly ? " drains" : " dies"));
  ++outside_.counts["endpoints ended"];
  const auto die = [this, &endpoint, uri = site.uri] {
    outside_.note(uri + " ends");
    wire_.endpoint_dies(endpoint);
    endpoint.die();
    const int down_ms = agenda_.draw(2) == 0 ? 0 : agenda_.draw(5'000);
    agenda_.add(Millis(down_ms), [&endpoint] { endpoint.start(); });
  };
  if (!orderly) return die();
  endpoint.drain();
  agenda_.add(Millis(agenda_.draw(3'000)), die);
}

void Elsewhere::heal() {
  wire_.calm_down();
  for (Site& site : sites_) {
    site.endpoint->calm_down();
    site.endpoint->start();
    if (site.removed) restore(site);
  }
}

}  // namespace holdfast::simulation
