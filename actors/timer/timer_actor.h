#pragma once
// TimerActor: fires what is due. It keeps the earliest stored timers in a wheel and refills the
// wheel from the table when it runs low, so a million sleeping invocations cost it nothing.
//
// The wheel holds every stored timer up to `horizon_` and none beyond. The horizon is an hour away,
// or where the wheel is full. A timer armed below the horizon goes into the wheel; one above is in
// the table already and will be found there, and is not even told of (TimerHorizon). At most
// unanswered_max_ fired timers may be unanswered; the rest waits, so that a million timers due at
// once do not bring a million invocations to life.
//
// Starts of what nobody waits for are passed over while too many invocations are in memory; they
// stay in the table, from where they are fetched when there is room. So a backlog costs no memory,
// and no other timer waits behind it.
//
// INV-7: a timer leaves the table in the batch in which its invocation takes note of it; until then
// each start fires it again.

#include <caf/event_based_actor.hpp>
#include <deque>
#include <optional>

#include "actors/mail.h"
#include "actors/timer/armed_timers.h"
#include "actors/timer/timer_horizon.h"
#include "actors/timer/timer_wheel.h"
#include "storage/base/clock.h"

namespace holdfast::actors {

class Router;

class TimerActor : public caf::event_based_actor {
 public:
  TimerActor(caf::actor_config& config, const journal::Tables& tables, const Clock& clock,
             Router& router, TimerHorizon& horizon, ArmedTimers& armed,
             std::size_t begin_at_once_max);

  caf::behavior make_behavior() override;

 private:
  void on(Armed& mail);
  void on(Taken& mail);
  void on(Tick& mail);
  void on(ClockSet& mail);
  void on(LookForRoom& mail);

  void turn();
  void fire(const journal::Timer& timer);
  void pass_over(const journal::Timer& timer);
  bool is_crowded() const;
  void fetch_starts();
  bool wants_refill() const;
  void refill();
  void turn_back();
  void shrink();
  void schedule();

  const journal::Tables& tables_;
  const Clock& clock_;
  Router& router_;
  TimerHorizon& told_until_;
  ArmedTimers& armed_;
  const std::size_t begin_at_once_max_;
  // At most so many in the wheel, unanswered, and starts read at once.
  const std::size_t wheel_max_, unanswered_max_, starts_read_;

  TimerWheel wheel_;
  std::optional<journal::Timer> horizon_;  // All stored timers up to it are in; none: nothing is.
  // When to read on although the wheel is not empty; none: as soon as it is.
  std::optional<std::int64_t> read_on_at_;
  bool more_in_table_ = false;      // Beyond the horizon.
  std::deque<journal::Timer> due_;  // Waits for its turn to be fired.
  std::size_t unanswered_ = 0;
  // Due starts after it may have been passed over; none: nothing was.
  std::optional<journal::Timer> starts_after_;
  bool looking_for_room_ = false;
  std::int64_t tick_at_ = 0;  // When the newest scheduled tick comes; 0: none.
  std::uint64_t tick_ = 0;
};

}  // namespace holdfast::actors
