#include "sdk/runtime/arrivals.h"

#include <utility>

#include "sdk/runtime/failure.h"
#include "storage/base/check.h"

namespace holdfast::runtime {

void Arrivals::expect_completions(protocol::CompletionId last) {
  while (completions_.size() < last) {
    Slot& slot = completions_.emplace_back();
    slot.source = Slot::Source::kCompletion;
    slot.number = static_cast<std::uint32_t>(completions_.size());
  }
}

Slot& Arrivals::completion(protocol::CompletionId id) {
  CHECK(id >= 1 && id <= completions_.size() + 1, "completion ids are made in order");
  expect_completions(id);
  return completions_[id - 1];
}

Slot& Arrivals::signal(std::uint32_t index) {
  Slot*& slot = signals_[index];
  if (slot == nullptr) {
    slot = &lone_slot();
    slot->source = Slot::Source::kSignal;
    slot->number = index;
  }
  return *slot;
}

Slot& Arrivals::next_signal(const std::string& name) {
  NamedSignals& signals = named(name);
  return nth(signals, signals.asked++);
}

Slot& Arrivals::lone_slot() { return others_.emplace_back(); }

Arrivals::NamedSignals& Arrivals::named(const std::string& name) {
  NamedSignals& signals = named_signals_[name];
  if (!signals.name) signals.name = std::make_shared<const std::string>(name);
  return signals;
}

Slot& Arrivals::nth(NamedSignals& signals, std::size_t index) {
  while (signals.slots.size() <= index) {
    Slot& slot = lone_slot();
    slot.source = Slot::Source::kNamedSignal;
    slot.name = signals.name;
    signals.slots.push_back(&slot);
  }
  return *signals.slots[index];
}

Slot* Arrivals::slot_for(const protocol::Notification& notification) {
  if (const auto* completion = std::get_if<protocol::CompletionRef>(&notification.of)) {
    const bool known = completion->id >= 1 && completion->id <= completions_.size();
    return known ? &completions_[completion->id - 1] : nullptr;
  }
  if (const auto* index = std::get_if<std::uint32_t>(&notification.of)) {
    return *index >= protocol::kFirstAwakeable ? &signal(*index) : nullptr;
  }
  NamedSignals& signals = named(std::get<std::string>(notification.of));
  return &nth(signals, signals.arrived++);
}

bool Arrivals::add(protocol::Notification notification) {
  const auto* index = std::get_if<std::uint32_t>(&notification.of);
  if (index != nullptr && *index == protocol::kCancelSignal) {
    cancellations_.push_back(++last_position_);
    return true;
  }
  Slot* slot = slot_for(notification);
  if (slot == nullptr || slot->verdict().decided()) return false;
  complete(*slot, std::move(notification));
  return true;
}

void Arrivals::complete(Slot& slot, protocol::Notification notification) {
  slot.position = ++last_position_;
  if (auto* value = std::get_if<Bytes>(&notification.result)) {
    slot.kind = Slot::Kind::kValue;
    slot.value = std::move(*value);
  } else if (auto* failure = std::get_if<protocol::Failure>(&notification.result)) {
    slot.failure = std::make_unique<const Failed>(to_failed(std::move(*failure)));
  } else if (auto* callee = std::get_if<protocol::CalleeId>(&notification.result)) {
    slot.kind = Slot::Kind::kValue;
    slot.value = std::move(callee->invocation_id);
  } else if (auto* keys = std::get_if<protocol::StateKeys>(&notification.result)) {
    slot.kind = Slot::Kind::kKeys;
    slot.keys = std::move(keys->keys);
  }
}

}  // namespace holdfast::runtime
