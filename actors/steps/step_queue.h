#pragma once
// StepQueue: closures that wait for a thread, in an order in which no service waits behind the
// backlog of another, and a caller who has just come not behind all that was left by those before.
//
// Services take turns. Of one service, closures somebody waits for take turns with the others.
// While few of those wait they are served in order; from kInOrderMax on, the newest and the oldest
// in turn: when more comes than can be done, whoever is served last has long gone away, and one
// queue would serve only such. Nobody starves: the oldest of each kind has every third turn of its
// service at least.
//
// All operations take the same time, however many wait. Threads: one at a time.

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace holdfast::actors {

// Whose closure it is.
struct StepOrigin {
  std::string_view service;
  bool awaited = true;  // Somebody waits for what its invocation comes to.
};

class StepQueue {
 public:
  using Closure = std::function<void()>;
  static constexpr std::size_t kInOrderMax = 64;

  void push(const StepOrigin& origin, Closure closure);
  // REQUIRES: not empty.
  Closure pop();
  void clear();

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // How many of the service's that somebody waits for.
  std::size_t awaited_of(std::string_view service) const;

 private:
  struct Lane {
    std::deque<Closure> awaited, others;
    unsigned turn = 0;

    std::size_t size() const { return awaited.size() + others.size(); }
    Closure pop();
  };

  // One for each service that has ever had a closure: a handful. `ring_` has those with closures.
  std::map<std::string, Lane, std::less<>> lanes_;
  std::deque<Lane*> ring_;
  std::size_t size_ = 0;
};

}  // namespace holdfast::actors
