#include "actors/waiters.h"

#include <algorithm>

namespace holdfast::actors {

std::uint64_t Waiters::add(const journal::InvocationId& id, Callback callback) {
  const std::uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
  Shard& at = shard(id);
  const std::lock_guard lock(at.mutex);
  at.waiting[id].push_back(Waiter{number, std::move(callback)});
  return number;
}

Waiters::Callback Waiters::take(const journal::InvocationId& id, std::uint64_t number) {
  Shard& at = shard(id);
  const std::lock_guard lock(at.mutex);
  const auto found = at.waiting.find(id);
  if (found == at.waiting.end()) return {};
  auto& waiters = found->second;
  const auto one = std::find_if(waiters.begin(), waiters.end(),
                                [&](const Waiter& waiter) { return waiter.number == number; });
  if (one == waiters.end()) return {};
  Callback callback = std::move(one->callback);
  waiters.erase(one);
  if (waiters.empty()) at.waiting.erase(found);
  return callback;
}

void Waiters::forget(const journal::InvocationId& id, std::uint64_t number) {
  const Callback dropped = take(id, number);
}

std::vector<Waiters::Callback> Waiters::take_all(const journal::InvocationId& id) {
  std::vector<Callback> callbacks;
  Shard& at = shard(id);
  const std::lock_guard lock(at.mutex);
  const auto found = at.waiting.find(id);
  if (found == at.waiting.end()) return callbacks;
  for (Waiter& waiter : found->second) callbacks.push_back(std::move(waiter.callback));
  at.waiting.erase(found);
  return callbacks;
}

bool Waiters::any(const journal::InvocationId& id) {
  Shard& at = shard(id);
  const std::lock_guard lock(at.mutex);
  return at.waiting.contains(id);
}

void Waiters::fail_all(const Error& error) {
  for (Shard& at : shards_) {
    std::unordered_map<journal::InvocationId, std::vector<Waiter>> waiting;
    {
      const std::lock_guard lock(at.mutex);
      waiting.swap(at.waiting);
    }
    for (auto& [id, waiters] : waiting) {
      for (Waiter& waiter : waiters) waiter.callback(Error(error));
    }
  }
}

}  // namespace holdfast::actors
