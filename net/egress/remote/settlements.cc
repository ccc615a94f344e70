#include "net/egress/remote/settlements.h"

#include <variant>

namespace holdfast::net {

namespace {

template <class Map, class Key>
journal::Settled look_up_in(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? journal::Settled::kPending : found->second;
}

}  // namespace

void Settlements::settle(const journal::Notification& notification) {
  const journal::Settled settled = journal::settled_by(notification);
  if (const auto* completion = std::get_if<journal::Notification::Completion>(&notification.of)) {
    completions_.emplace(completion->id, settled);
  } else if (const auto* index = std::get_if<std::uint32_t>(&notification.of)) {
    signals_.emplace(*index, settled);
  } else {
    named_signals_.emplace(std::get<std::string>(notification.of), settled);
  }
}

journal::Settled Settlements::look_up(const journal::WaitSet::Leaf& leaf) const {
  if (const auto* completion = std::get_if<journal::Notification::Completion>(&leaf)) {
    return look_up_in(completions_, completion->id);
  }
  if (const auto* index = std::get_if<std::uint32_t>(&leaf)) return look_up_in(signals_, *index);
  return look_up_in(named_signals_, std::get<std::string>(leaf));
}

}  // namespace holdfast::net
