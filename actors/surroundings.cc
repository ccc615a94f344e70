#include "actors/surroundings.h"

#include <caf/send.hpp>
#include <utility>

#include "actors/caf_types.h"
#include "actors/mail.h"

namespace holdfast::actors {

void Surroundings::arm(std::vector<journal::Timer> armed) const {
  if (armed.empty()) return;
  std::erase_if(armed, [this, now = to_unix_millis(clock.now())](const journal::Timer& timer) {
    return !timer_horizon.must_tell(timer.due_unix_ms, now);
  });
  if (armed_timers.add(std::move(armed))) caf::anon_send(timers, TimerMail{Armed{}});
}

}  // namespace holdfast::actors
