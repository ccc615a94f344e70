#include "actors/key/key_actor.h"

#include <algorithm>
#include <utility>

#include "actors/caf_types.h"
#include "actors/last_resort.h"
#include "actors/object_state.h"
#include "actors/surroundings.h"
#include "storage/base/log.h"
#include "storage/base/rare.h"

namespace holdfast::actors {

namespace {
constexpr Logger kLog("actors");
constexpr std::size_t kInMemoryMax = 1024;
constexpr std::size_t kStateBytesKept = 1 << 20;
}  // namespace

KeyActor::KeyActor(caf::actor_config& config, const Surroundings& world, KeyName name)
    : caf::event_based_actor(config),
      world_(world),
      name_(std::move(name)),
      in_memory_max_(rare("one place of a queue in memory") ? 1 : kInMemoryMax) {
  end_process_on_exception(*this);
}

caf::behavior KeyActor::make_behavior() {
  return {[this](KeyMail& mail) -> NoAnswer {
    if (leaving_ && !std::holds_alternative<Leave>(mail.body)) {
      const bool on_loop = world_.loop != nullptr && context() == world_.loop;
      // To the successor.
      world_.router.deliver(name_, std::move(mail), on_loop ? Home::kLoop : Home::kWorkers);
      return {};
    }
    ++activity_;
    std::visit([this](auto& body) { on(body); }, mail.body);
    return {};
  }};
}

void KeyActor::on(Expected&) {
  expected_ = true;
  hurry_if_free();
  note_quiet();
}

void KeyActor::on(Enqueued& mail) {
  if (!more_in_store_ && mail.stamp > seen_) {
    if (queue_.size() < in_memory_max_) {
      queue_.push_back({mail.stamp, mail.id});
      seen_ = mail.stamp;
    } else {
      more_in_store_ = true;
    }
  }
  let_in();
}

void KeyActor::on(Left& mail) {
  if (seen_ == 0) load_more();
  const auto is_its = [&mail](const auto& one) { return one.stamp == mail.place; };
  const bool was_first = !queue_.empty() && is_its(queue_.front());
  if (was_first) {
    queue_.pop_front();
  } else {
    std::erase_if(queue_, is_its);
  }
  after_ = std::max(after_, mail.at);
  const bool was_inside = inside_ && is_its(*inside_);
  if (was_inside || !inside_) {
    inside_.reset();
    // It may come late, to an actor that did not let it in, and others may have been inside since:
    // those whose leaving is stored, as its own is then.
    if (mail.state && (was_inside || was_first)) state_ = std::move(mail.state);
    const bool forgets =
        state_ && (state_->bytes() > kStateBytesKept || rare("the state of a key is forgotten"));
    if (forgets && all_durable()) state_->forget();
  }
  let_in();
}

void KeyActor::on(LookAgain&) {
  barrier_ = false;
  let_in();
}

void KeyActor::on(ReplaceState& mail) {
  storage::Batch batch;
  const auto keys = world_.journal.tables().state_keys(name_.service, name_.key);
  if (!keys) {
    mail.on_done(keys.error());
    return;
  }
  for (const Bytes& key : *keys) journal::erase_state(batch, name_.service, name_.key, key);
  for (const auto& [key, value] : mail.state) {
    journal::put_state(batch, name_.service, name_.key, key, value);
  }
  ++replacing_;
  world_.committer.submit(std::move(batch), [on_done = std::move(mail.on_done), name = name_,
                                             &router = world_.router](const auto&) {
    on_done({});
    router.deliver(name, KeyMail{ReplaceDurable{}});
  });
}

void KeyActor::on(ReplaceDurable&) {
  if (replacing_ > 0) --replacing_;
  if (inside_) {
    world_.router.deliver(inside_->id, InvocationMail{StateReplaced{}});
  } else {
    state_.reset();
  }
  note_quiet();
}

void KeyActor::on(LeaveIfQuiet& mail) {
  quiet_noted_ = false;
  // This mail counted as activity itself.
  if (mail.quiet + 1 != activity_ || !all_durable() || replacing_ > 0) {
    note_quiet();
    return;
  }
  leaving_ = true;
  world_.router.retire(name_);
}

void KeyActor::on(Leave&) { quit(); }

bool KeyActor::all_durable() const { return world_.committer.durable_through() >= after_; }

void KeyActor::load_more() {
  const auto places =
      read_or_stop(name_.service,
                   world_.journal.tables().queue(name_.service, name_.key, seen_, in_memory_max_));
  if (!places) {
    kLog.error("queue of an object key cannot be read", "service={} key={} reason={}",
               name_.service, name_.key, places.error().message());
    return;
  }
  for (const auto& place : *places) {
    queue_.push_back(place);
    seen_ = place.stamp;
  }
  more_in_store_ = places->size() == in_memory_max_;
}

void KeyActor::let_in() {
  if (queue_.empty() && more_in_store_) load_more();
  if (!inside_ && !queue_.empty() && !state_ && !all_durable()) {
    // The next one will read the store, which does not hold yet what the last one wrote.
    if (!barrier_) {
      barrier_ = true;
      world_.committer.submit({}, [name = name_, &router = world_.router](const auto&) {
        router.deliver(name, KeyMail{LookAgain{}});
      });
    }
  } else if (!inside_ && !queue_.empty()) {
    inside_ = queue_.front();
    world_.router.deliver(inside_->id,
                          InvocationMail{Grant{name_, inside_->stamp, after_, std::move(state_)}});
    state_.reset();
  }
  hurry_if_free();
  note_quiet();
}

// Nobody is there whose end would be stored next.
void KeyActor::hurry_if_free() {
  if (!inside_ && std::exchange(expected_, false)) world_.committer.hurry();
}

void KeyActor::note_quiet() {
  if (quiet_noted_) return;
  quiet_noted_ = true;
  world_.wait_notes.add({to_unix_millis(world_.clock.now()), name_, activity_});
}

}  // namespace holdfast::actors
