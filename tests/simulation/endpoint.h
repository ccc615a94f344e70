#pragma once
// Endpoint: a process that serves handlers behind a wire. Its attempts are those of the C++ SDK;
// what its threads would do, closures and the taking of their outcomes, are events of the agenda.
//
// When it dies, all of that is gone: closures that were not executed, and outcomes of those that
// were and that nobody has been told.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/http/request.h"
#include "sdk/endpoint/remote_attempt.h"
#include "tests/simulation/agenda.h"
#include "tests/simulation/outside.h"

namespace holdfast::simulation {

class Endpoint {
 public:
  struct Admission {
    int status = 200;
    net::HttpHeaders headers;
    std::shared_ptr<runtime::RemoteAttempt> attempt;  // Null: refused.
  };

  // Closures take up to so long.
  Endpoint(std::string uri, std::vector<ServiceDefinition> services, Agenda& agenda,
           Outside& outside, const Clock& clock, int closure_ms_max);

  const std::string& uri() const { return uri_; }
  const std::vector<ServiceDefinition>& services() const { return *services_; }

  bool running() const { return life_ != nullptr; }
  void start();
  void die();
  // As before an orderly end: attempts suspend themselves, new ones are refused.
  void drain();
  void calm_down() { closure_ms_max_ = 0; }

  // A request for an attempt. `heard`: whether the engine still listens to it; while it does not,
  // what the attempt does is nobody's promise. REQUIRES: running().
  Admission admit(const std::string& path, const net::HttpHeaders& headers,
                  std::shared_ptr<const bool> heard,
                  std::shared_ptr<runtime::AttemptOutput> output);

 private:
  struct Process {
    bool draining = false;
    std::vector<std::weak_ptr<runtime::RemoteAttempt>> attempts;
  };
  using Surroundings = runtime::RemoteAttempt::Surroundings;

  std::shared_ptr<Surroundings> surroundings_for(const std::shared_ptr<const bool>& heard);
  std::shared_ptr<const HandlerDefinition> find(const std::string& path) const;

  const std::string uri_;
  const std::shared_ptr<const std::vector<ServiceDefinition>> services_;
  Agenda& agenda_;
  Outside& outside_;
  const Clock& clock_;
  int closure_ms_max_;
  std::shared_ptr<Process> life_;  // Null: not running. Its events hold it weakly.
};

}  // namespace holdfast::simulation
