#pragma once
// Agenda: what is about to happen outside the engine, and the steady time by which it does. Events
// stand in lines; those of one line happen in order, and which line goes on next is drawn.
//
// Attempts of the engine go by the same time: clock() has their deadlines.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "net/egress/remote/attempt_clock.h"
#include "storage/base/random.h"
#include "tests/support/engine_fixture.h"

namespace holdfast::simulation {

class Agenda final : public testing::Neighbour {
 public:
  // Forgotten when it is empty and nobody holds it.
  struct Line {
    struct Event {
      net::SteadyTime due;
      std::function<void()> happen;
    };
    std::deque<Event> events;
    bool listed = false;
  };

  explicit Agenda(Random& chance);

  // Behind what stands in the line; not before `delay` is over.
  void add(const std::shared_ptr<Line>& line, Millis delay, std::function<void()> happen);
  // In a line of its own.
  void add(Millis delay, std::function<void()> happen);
  // Nothing of what is to happen does. Events and their line hold each other, until then.
  void forget();

  const std::shared_ptr<net::AttemptClock>& clock() const { return clock_; }
  int draw(int below) {
    return static_cast<int>(chance_.next() % static_cast<std::uint64_t>(below));
  }

  bool step() override;
  std::optional<Millis> next() const override;
  void advance(Millis by) override;

 private:
  class Deadlines;

  Random& chance_;
  net::SteadyTime now_{std::chrono::hours(1)};
  const std::shared_ptr<Deadlines> deadlines_;
  const std::shared_ptr<net::AttemptClock> clock_;
  std::vector<std::shared_ptr<Line>> lines_;  // Those that are not empty, and some that are.
  std::vector<std::size_t> due_;              // Of one step; kept for its memory.
};

}  // namespace holdfast::simulation
