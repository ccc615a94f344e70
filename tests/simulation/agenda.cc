#include "tests/simulation/agenda.h"

#include <algorithm>
#include <utility>

namespace holdfast::simulation {

class Agenda::Deadlines final : public net::AttemptClock {
 public:
  explicit Deadlines(const net::SteadyTime& now) : now_(now) {}

  net::SteadyTime now() const override { return now_; }
  void stop() override {}
  net::SteadyTime nearest() const { return armed_for_; }
  void fire_if_due() {
    if (armed_for_ <= now_) fire();
  }

 private:
  void arm() override {}  // next() tells it.

  const net::SteadyTime& now_;
};

Agenda::Agenda(Random& chance)
    : chance_(chance), deadlines_(std::make_shared<Deadlines>(now_)), clock_(deadlines_) {}

void Agenda::add(const std::shared_ptr<Line>& line, Millis delay, std::function<void()> happen) {
  net::SteadyTime due = now_ + delay;
  if (!line->events.empty()) due = std::max(due, line->events.back().due);
  line->events.push_back({due, std::move(happen)});
  if (!std::exchange(line->listed, true)) lines_.push_back(line);
}

void Agenda::add(Millis delay, std::function<void()> happen) {
  add(std::make_shared<Line>(), delay, std::move(happen));
}

void Agenda::forget() {
  for (const auto& line : std::exchange(lines_, {})) {
    line->listed = false;
    std::exchange(line->events, {}).clear();
  }
}

bool Agenda::step() {
  std::erase_if(lines_, [](const auto& line) {
    if (line->events.empty()) line->listed = false;
    return !line->listed;
  });
  due_.clear();
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i]->events.front().due <= now_) due_.push_back(i);
  }
  if (due_.empty()) return false;
  // The event may add lines, and change its own.
  const std::shared_ptr<Line> line =
      lines_[due_[static_cast<std::size_t>(draw(static_cast<int>(due_.size())))]];
  const std::function<void()> happen = std::move(line->events.front().happen);
  line->events.pop_front();
  happen();
  return true;
}

std::optional<Millis> Agenda::next() const {
  net::SteadyTime nearest = deadlines_->nearest();
  for (const auto& line : lines_) {
    if (!line->events.empty()) nearest = std::min(nearest, line->events.front().due);
  }
  if (nearest == net::SteadyTime::max()) return std::nullopt;
  return std::chrono::ceil<Millis>(nearest - now_);
}

void Agenda::advance(Millis by) {
  now_ += by;
  deadlines_->fire_if_due();
}

}  // namespace holdfast::simulation
