#pragma once
// Router: which invocation and which object key has an actor right now. Mail for one that has none
// brings it to life. Mails to one owner arrive in the order in which deliver() was called.
//
// An owner that leaves memory first calls retire(): from then on mail goes to a successor. What is
// already in its mailbox it hands back through deliver(), and the Leave mail is the last it gets.
//
// Each owner has a home, where it runs when it gets mail; whoever brings it to life chooses, and it
// may move to the loop once.
//
// Any thread. Calls into CAF while a shard is locked only to enqueue and to spawn.

#include <array>
#include <atomic>
#include <caf/actor.hpp>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "actors/loop/loop_runner.h"
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

  // `loop` may be null: then every home is with the workers.
  Router(SpawnInvocation spawn_invocation, SpawnKey spawn_key, LoopRunner* loop = nullptr)
      : spawn_invocation_(std::move(spawn_invocation)),
        spawn_key_(std::move(spawn_key)),
        loop_(loop) {}

  // `home`: of an owner that comes to life.
  void deliver(const journal::InvocationId& id, InvocationMail mail, Home home = Home::kWorkers);
  void deliver(const KeyName& name, KeyMail mail, Home home = Home::kWorkers);
  // Nothing is brought to life; mail for one without an actor is dropped.
  void deliver_if_present(const journal::InvocationId& id, InvocationMail mail);
  void deliver_if_present(const KeyName& name, KeyMail mail);
  // Where it lives from now on. Nothing for one that has retired.
  void move_to_loop(const journal::InvocationId& id);
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
  struct Owner {
    caf::actor actor;
    Home home = Home::kWorkers;
  };
  template <class Id, class Hash>
  struct Shard {
    std::mutex mutex;
    std::unordered_map<Id, Owner, Hash> owners;  // By mutex.
  };
  using InvocationShard = Shard<journal::InvocationId, std::hash<journal::InvocationId>>;
  using KeyShard = Shard<KeyName, KeyNameHash>;
  static constexpr std::size_t kShards = 32;

  template <class Mail>
  void send(const Owner& owner, Mail mail);
  template <class Map, class Id, class Mail, class Spawn>
  void deliver_in(Map& shard, const Id& id, Mail mail, Home home, const Spawn& spawn);
  template <class Map, class Id, class Mail>
  void deliver_present_in(Map& shard, const Id& id, Mail mail);
  // Whether there was one.
  template <class Map, class Id, class Mail>
  bool retire_in(Map& shard, const Id& id, Mail leave);

  const SpawnInvocation spawn_invocation_;
  const SpawnKey spawn_key_;
  LoopRunner* const loop_;
  std::array<InvocationShard, kShards> invocations_;
  std::array<KeyShard, kShards> keys_;
  std::atomic<std::size_t> active_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace holdfast::actors
