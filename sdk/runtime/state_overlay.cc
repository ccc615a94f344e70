#include "sdk/runtime/state_overlay.h"

#include <set>
#include <utility>

namespace holdfast::runtime {

void StateOverlay::set(Bytes key, Bytes value) {
  own_.insert_or_assign(std::move(key), std::move(value));
}

void StateOverlay::clear(Bytes key) { own_.insert_or_assign(std::move(key), std::nullopt); }

void StateOverlay::clear_all() {
  own_.clear();
  cleared_all_ = true;
}

StateOverlay::Own StateOverlay::find(const Bytes& key) const {
  const auto found = own_.find(key);
  if (found == own_.end()) return {cleared_all_, nullptr};
  return {true, found->second ? &*found->second : nullptr};
}

std::vector<Bytes> StateOverlay::keys(std::vector<Bytes> below) const {
  std::set<Bytes> keys;
  if (!cleared_all_) {
    for (Bytes& key : below) keys.insert(std::move(key));
  }
  for (const auto& [key, value] : own_) {
    if (value) {
      keys.insert(key);
    } else {
      keys.erase(key);
    }
  }
  return {keys.begin(), keys.end()};
}

}  // namespace holdfast::runtime
