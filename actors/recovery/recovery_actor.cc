#include "actors/recovery/recovery_actor.h"

#include <algorithm>
#include <caf/send.hpp>

#include "actors/caf_types.h"
#include "actors/last_resort.h"
#include "actors/router/router.h"
#include "storage/base/log.h"
#include "storage/base/rare.h"

namespace holdfast::actors {

namespace {
constexpr Logger kLog("actors");
constexpr auto kBetweenPortions = std::chrono::milliseconds(5);
constexpr std::size_t kActiveMax = 20'000;
constexpr std::size_t kPortion = 512;
}  // namespace

RecoveryActor::RecoveryActor(caf::actor_config& config, const journal::Tables& tables,
                             Router& router)
    : caf::event_based_actor(config),
      tables_(tables),
      router_(router),
      portion_(rare("recovery one by one") ? 1 : kPortion) {
  end_process_on_exception(*this);
}

caf::behavior RecoveryActor::make_behavior() {
  return {[this](const RecoverMore&) { recover_portion(); }};
}

void RecoveryActor::recover_portion() {
  if (!read_) {
    read_ = true;
    const auto scanned =
        read_or_stop("wake-ups", tables_.each_woken([this](const journal::InvocationId& id) {
          ids_.push_back(id);
          return true;
        }));
    if (!scanned) {
      kLog.error("wake-ups cannot be read; some invocations stay asleep until they are asked for",
                 "reason={}", scanned.error().message());
    }
    if (!ids_.empty()) kLog.info("recovering", "invocations={}", ids_.size());
  }
  // Those brought back already shall rest or end before too many are in memory at once.
  const std::size_t room = router_.active() < kActiveMax ? portion_ : 0;
  const std::size_t end = std::min(next_ + room, ids_.size());
  for (; next_ < end; ++next_) router_.deliver(ids_[next_], InvocationMail{Wake{}});
  if (next_ == ids_.size()) {
    quit();
    return;
  }
  caf::delayed_anon_send(caf::actor(this), kBetweenPortions, RecoverMore{});
}

}  // namespace holdfast::actors
