#pragma once
// Elsewhere: the part of a simulated world that is not the engine's process and not its clients:
// endpoints with handlers, and the wire to them. Which services are there, and what is spoken with
// them, is drawn: per life the versions, both transports, timeouts, and how bad the wire is. Where
// deployments change, the same handlers are registered again and again, at another place and with
// another protocol: what has begun stays where it is, unless an operator moves it. Those that are
// superseded are now and then removed by force, and come back: what had begun there waits for that.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/catalog/catalog.h"
#include "net/egress/all_handlers.h"
#include "net/egress/remote/remote_handlers.h"
#include "tests/simulation/agenda.h"
#include "tests/simulation/endpoint.h"
#include "tests/simulation/outside.h"
#include "tests/simulation/wire.h"

namespace holdfast::simulation {

class Elsewhere {
 public:
  enum class Where { kAllHere, kMixed };

  // Takes those services from `services` that are to be elsewhere.
  Elsewhere(Where where, std::vector<ServiceDefinition>& services, Random& chance, Outside& outside,
            const Clock& clock);

  // Null: nothing is elsewhere.
  testing::Neighbour* neighbour() { return is_empty() ? nullptr : &agenda_; }
  std::shared_ptr<net::AttemptClock> attempt_clock() { return agenda_.clock(); }
  net::EndpointPools& wire() { return wire_; }
  // What the endpoints serve, as they say it themselves; also what they serve later. The catalog
  // outlives it. Once.
  void register_with(actors::Catalog& catalog);
  bool is_empty() const { return sites_.empty(); }

  // The engine's process is about to end.
  void engine_dies() { wire_.engine_dies(); }
  // Goes on without the engine for some steps.
  void go_on(int steps);
  // Something breaks. REQUIRES: !is_empty().
  void harm();
  // Operators deploy again, remove or restore what is superseded. REQUIRES: !is_empty().
  void change_deployments();
  // Everything works from here on.
  void heal();

 private:
  struct Site {
    std::string uri;
    journal::Deployment deployment;
    std::unique_ptr<Endpoint> endpoint;
    bool removed = false;  // By an operator; what is pinned to it has nowhere to go.
  };

  Site& any_site();
  void add_site(std::vector<ServiceDefinition> services);
  void announce(const Site& site);
  void deploy_again(const Site& site);
  bool is_superseded(const Site& site) const;
  void remove(Site& site);
  void restore(Site& site);
  journal::Deployment deployment_of(const std::vector<ServiceDefinition>& services);
  void end(Site& site, bool orderly);

  Outside& outside_;
  const Clock& clock_;
  actors::Catalog* catalog_ = nullptr;
  Agenda agenda_;
  std::vector<Site> sites_;
  std::map<std::string, std::uint32_t> revisions_;  // Of each service, the newest.
  Wire wire_;                                       // Refers to the endpoints.
};

}  // namespace holdfast::simulation
