#pragma once
// Router: which invocation and which object key has an actor right now. Mail for one that has none
// brings it to life. Mails to one owner arrive in the order in which deliver() was called.
//
// An owner that leaves memory first calls retire(): from then on mail goes to a successor. What is
// already in its mailbox it hands back through deliver(), and the Leave mail is the last it gets.
//
// Any thread. Calls into CAF while a shard is locked only to enqueue and to spawn.

#include <array>
#include <atomic>
#include <caf/actor.hpp>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "actors/mail.h"

namespace holdfast::actors {

struct KeyNameHash {
  std::size_t operator()(const KeyName& name) const {
    return std::hash<std::string>()(name.key) * 31 + std::hash<std::string>()(name.service);
  }
};

class Router {
 public:
  using SpawnInvocation = std::function<caf::actor(const journal::InvocationId&)>;
  using SpawnKey = std::function<caf::actor(const KeyName&)>;

  Router(SpawnInvocation spawn_invocation, SpawnKey spawn_key)
      : spawn_invocation_(std::move(spawn_invocation)), spawn_key_(std::move(spawn_key)) {}

  void deliver(const journal::InvocationId& id, InvocationMail mail);
  void deliver(const KeyName& name, KeyMail mail);
  // Nothing is brought to life; mail for one without an actor is dropped.
  void deliver_if_present(const journal::InvocationId& id, InvocationMail mail);
  void deliver_if_present(const KeyName& name, KeyMail mail);
  void retire(const journal::InvocationId& id);
  void retire(const KeyName& name);

  // To every invocation in memory.
  void tell_all(const Rest& mail);

  // Invocations in memory.
  std::size_t active() const { return active_.load(std::memory_order_relaxed); }
  // Stops bringing owners to life: mail for those that have none is dropped.
  void close();
  // Lets go of all owners; REQUIRES: closed. They end when their work is done.
  void drop_all();

 private:
  template <class Id, class Hash>
  struct Shard {
    std::mutex mutex;
    std::unordered_map<Id, caf::actor, Hash> owners;  // By mutex.
  };
  using InvocationShard = Shard<journal::InvocationId, std::hash<journal::InvocationId>>;
  using KeyShard = Shard<KeyName, KeyNameHash>;
  static constexpr std::size_t kShards = 32;

  const SpawnInvocation spawn_invocation_;
  const SpawnKey spawn_key_;
  std::array<InvocationShard, kShards> invocations_;
  std::array<KeyShard, kShards> keys_;
  std::atomic<std::size_t> active_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace holdfast::actors
