#pragma once
// Wire: what lies between the engine and its endpoints, in place of OutgoingHttp. Bytes go both
// ways through the agenda, in pieces cut anywhere; and by the seed an exchange is refused, is late,
// breaks after any byte, and either side hears of that at once, later, or not at all.
//
// A power cut of the engine ends the engine's side of all exchanges. What was on its way may still
// arrive, and endpoints go on until they hear of it.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/http/outgoing/endpoint_pool.h"
#include "tests/simulation/agenda.h"
#include "tests/simulation/endpoint.h"
#include "tests/simulation/outside.h"

namespace holdfast::simulation {

class Wire final : public net::EndpointPools {
 public:
  // How bad it is. 0: not at all.
  struct Weather {
    int one_breaks_of = 0;  // Of so many exchanges, one is refused or breaks.
    int one_late_of = 0;    // Of so many pieces, one is late.
    int late_ms_max = 1;
  };

  Wire(Agenda& agenda, Outside& outside, Weather weather)
      : agenda_(agenda), outside_(outside), weather_(weather) {}
  ~Wire() override;

  // `endpoint` outlives the wire. Whole: requests are given as wholes, and so are answers.
  void connect(const std::string& uri, Endpoint& endpoint);
  std::shared_ptr<net::EndpointPool> pool_for(const net::EndpointAddress& address) override;

  // The engine's process is about to end.
  void engine_dies();
  // So has the endpoint's, or is about to.
  void endpoint_dies(const Endpoint& endpoint);
  // One exchange that goes on, if there is any, breaks now.
  void break_one();
  // Nothing breaks or is late any more, and everybody hears of what has broken.
  void calm_down();

 private:
  friend class SimulatedExchange;
  class Pool;

  Millis lateness();
  bool is_stormy(int one_of) { return one_of > 0 && agenda_.draw(one_of) == 0; }
  void sweep();

  Agenda& agenda_;
  Outside& outside_;
  Weather weather_;
  std::map<std::string, Endpoint*> endpoints_;
  std::vector<std::shared_ptr<class SimulatedExchange>> exchanges_;
  int numbers_ = 0;
};

}  // namespace holdfast::simulation
