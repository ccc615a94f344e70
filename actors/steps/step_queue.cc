#include "actors/steps/step_queue.h"

#include <utility>

namespace holdfast::actors {

namespace {

StepQueue::Closure pop_oldest(std::deque<StepQueue::Closure>& queue) {
  StepQueue::Closure closure = std::move(queue.front());
  queue.pop_front();
  return closure;
}

StepQueue::Closure pop_newest(std::deque<StepQueue::Closure>& queue) {
  StepQueue::Closure closure = std::move(queue.back());
  queue.pop_back();
  return closure;
}

}  // namespace

// Three turns: the newest that is awaited, the oldest of the others, the oldest that is awaited.
StepQueue::Closure StepQueue::Lane::pop() {
  const unsigned now = turn++ % 3;
  if (awaited.empty() || (now == 1 && !others.empty())) return pop_oldest(others);
  if (now == 0 && awaited.size() > kInOrderMax) return pop_newest(awaited);
  return pop_oldest(awaited);
}

void StepQueue::push(const StepOrigin& origin, Closure closure) {
  auto found = lanes_.find(origin.service);
  if (found == lanes_.end()) found = lanes_.try_emplace(std::string(origin.service)).first;
  Lane& lane = found->second;
  if (lane.size() == 0) ring_.push_back(&lane);
  (origin.awaited ? lane.awaited : lane.others).push_back(std::move(closure));
  ++size_;
}

StepQueue::Closure StepQueue::pop() {
  Lane* const lane = ring_.front();
  ring_.pop_front();
  Closure closure = lane->pop();
  if (lane->size() > 0) ring_.push_back(lane);
  --size_;
  return closure;
}

void StepQueue::clear() {
  ring_.clear();
  lanes_.clear();
  size_ = 0;
}

std::size_t StepQueue::awaited_of(std::string_view service) const {
  const auto lane = lanes_.find(service);
  return lane == lanes_.end() ? 0 : lane->second.awaited.size();
}

}  // namespace holdfast::actors
