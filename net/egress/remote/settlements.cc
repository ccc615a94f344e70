#include "net/egress/remote/settlements.h"

namespace holdfast::net {

namespace {

template <class Map, class Key>
protocol::restate::Settled look_up(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? protocol::restate::Settled::kPending : found->second;
}

}  // namespace

void KnownSettlements::settle(const protocol::Notification& notification) {
  const Settled settled = std::holds_alternative<protocol::Failure>(notification.result)
                              ? Settled::kFailed
                              : Settled::kSucceeded;
  if (const auto* completion = std::get_if<protocol::CompletionRef>(&notification.of)) {
    completions_.emplace(completion->id, settled);
  } else if (const auto* index = std::get_if<std::uint32_t>(&notification.of)) {
    signals_.emplace(*index, settled);
  } else {
    named_signals_.emplace(std::get<std::string>(notification.of), settled);
  }
}

protocol::restate::Settled KnownSettlements::completion(protocol::CompletionId id) const {
  return look_up(completions_, id);
}

protocol::restate::Settled KnownSettlements::signal(std::uint32_t index) const {
  return look_up(signals_, index);
}

protocol::restate::Settled KnownSettlements::named_signal(const std::string& name) const {
  return look_up(named_signals_, name);
}

}  // namespace holdfast::net
