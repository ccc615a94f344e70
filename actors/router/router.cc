#include "actors/router/router.h"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include "actors/caf_types.h"

namespace holdfast::actors {

namespace {

template <class Shards, class Id, class Hash>
auto& shard_of(Shards& shards, const Id& id, Hash hash) {
  return shards[(hash(id) >> 7) % shards.size()];
}

}  // namespace

template <class Mail>
void Router::send(const Owner& owner, Mail mail) {
  if (owner.home == Home::kLoop && loop_ != nullptr) {
    loop_->send(owner.actor, std::move(mail));
  } else {
    caf::anon_send(owner.actor, std::move(mail));
  }
}

template <class Map, class Id, class Mail, class Spawn>
void Router::deliver_in(Map& shard, const Id& id, Mail mail, Home home, const Spawn& spawn) {
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.owners.find(id);
  if (found != shard.owners.end()) {
    return send(found->second, std::move(mail));
  }
  if (closed_.load(std::memory_order_relaxed)) return;
  Owner owner{spawn(id), home};
  send(owner, std::move(mail));
  shard.owners.emplace(id, std::move(owner));
}

template <class Map, class Id, class Mail>
void Router::deliver_present_in(Map& shard, const Id& id, Mail mail) {
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.owners.find(id);
  if (found != shard.owners.end()) send(found->second, std::move(mail));
}

template <class Map, class Id, class Mail>
bool Router::retire_in(Map& shard, const Id& id, Mail leave) {
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.owners.find(id);
  if (found == shard.owners.end()) return false;
  send(found->second, std::move(leave));
  shard.owners.erase(found);
  return true;
}

void Router::deliver(const journal::InvocationId& id, InvocationMail mail, Home home) {
  auto& shard = shard_of(invocations_, id, std::hash<journal::InvocationId>());
  // Counted before it has its mail: it may retire at once, and fewer than none are very many.
  const auto spawn = [this](const journal::InvocationId& of) {
    active_.fetch_add(1, std::memory_order_relaxed);
    return spawn_invocation_(of);
  };
  deliver_in(shard, id, std::move(mail), home, spawn);
}

void Router::deliver(const KeyName& name, KeyMail mail, Home home) {
  deliver_in(shard_of(keys_, name, KeyNameHash()), name, std::move(mail), home, spawn_key_);
}

void Router::deliver_if_present(const journal::InvocationId& id, InvocationMail mail) {
  deliver_present_in(shard_of(invocations_, id, std::hash<journal::InvocationId>()), id,
                     std::move(mail));
}

void Router::deliver_if_present(const KeyName& name, KeyMail mail) {
  deliver_present_in(shard_of(keys_, name, KeyNameHash()), name, std::move(mail));
}

void Router::move_to_loop(const journal::InvocationId& id) {
  auto& shard = shard_of(invocations_, id, std::hash<journal::InvocationId>());
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.owners.find(id);
  if (found != shard.owners.end()) found->second.home = Home::kLoop;
}

void Router::retire(const journal::InvocationId& id) {
  auto& shard = shard_of(invocations_, id, std::hash<journal::InvocationId>());
  if (retire_in(shard, id, InvocationMail{Leave{}})) {
    active_.fetch_sub(1, std::memory_order_relaxed);
  }
}

void Router::retire(const KeyName& name) {
  retire_in(shard_of(keys_, name, KeyNameHash()), name, KeyMail{Leave{}});
}

void Router::tell_all(const Rest& mail) {
  for (InvocationShard& shard : invocations_) {
    const std::lock_guard lock(shard.mutex);
    for (const auto& [id, owner] : shard.owners) send(owner, InvocationMail{mail});
  }
}

void Router::close() { closed_.store(true, std::memory_order_relaxed); }

void Router::drop_all() {
  const auto drop = [](auto& shards) {
    for (auto& shard : shards) {
      const std::lock_guard lock(shard.mutex);
      for (auto& [id, owner] : shard.owners) {
        caf::anon_send_exit(owner.actor, caf::exit_reason::user_shutdown);
      }
      shard.owners.clear();
    }
  };
  drop(invocations_);
  drop(keys_);
}

}  // namespace holdfast::actors
