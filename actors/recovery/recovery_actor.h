#pragma once
// RecoveryActor: after a start, brings back to life every invocation that has a wake-up nobody took
// care of. Those that rest have none, so a million suspended ones cost nothing. It goes in
// portions, while the engine already serves, and ends when it is through.

#include <caf/event_based_actor.hpp>
#include <vector>

#include "actors/mail.h"
#include "storage/base/clock.h"

namespace holdfast::actors {

class Router;

struct RecoverMore {};

class RecoveryActor : public caf::event_based_actor {
 public:
  RecoveryActor(caf::actor_config& config, const journal::Tables& tables, Router& router);
  caf::behavior make_behavior() override;

 private:
  void recover_portion();

  const journal::Tables& tables_;
  Router& router_;
  const std::size_t portion_;
  std::vector<journal::InvocationId> ids_;  // Read at the start: what comes later has its own mail.
  std::size_t next_ = 0;
  bool read_ = false;
};

}  // namespace holdfast::actors
