#pragma once
// Waiters: clients outside that wait for the outcome of an invocation. They are kept apart from the
// invocation's actor, which may leave memory long before they have their answer. Any thread.

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "actors/engine.h"

namespace holdfast::actors {

class Waiters {
 public:
  using Callback = std::function<void(Result<Finished>)>;

  std::uint64_t add(const journal::InvocationId& id, Callback callback);
  void forget(const journal::InvocationId& id, std::uint64_t number);
  // Takes one out; null when it has gone.
  Callback take(const journal::InvocationId& id, std::uint64_t number);
  std::vector<Callback> take_all(const journal::InvocationId& id);
  bool any(const journal::InvocationId& id);
  // Answers everybody with an error; for the end of the process.
  void fail_all(const Error& error);

 private:
  struct Waiter {
    std::uint64_t number = 0;
    Callback callback;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<journal::InvocationId, std::vector<Waiter>> waiting;  // By mutex.
  };
  Shard& shard(const journal::InvocationId& id) {
    return shards_[std::hash<journal::InvocationId>()(id) % shards_.size()];
  }

  std::array<Shard, 16> shards_;
  std::atomic<std::uint64_t> next_{1};
};

}  // namespace holdfast::actors
