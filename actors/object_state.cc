#include "actors/object_state.h"

#include <set>

namespace holdfast::actors {

Result<std::optional<Bytes>> ObjectState::get(BytesView key) {
  const auto found = known_.find(key);
  if (found != known_.end()) return found->second;
  auto value = TRY(tables_.state(service_, key_, key));
  bytes_ += key.size() + (value ? value->size() : 0);
  known_.emplace(key, value);
  return value;
}

Result<std::vector<Bytes>> ObjectState::keys() {
  const std::vector<Bytes> stored = TRY(tables_.state_keys(service_, key_));
  std::set<Bytes> all(stored.begin(), stored.end());
  for (const auto& [key, value] : known_) {
    if (value) {
      all.insert(key);
    } else {
      all.erase(key);
    }
  }
  return std::vector<Bytes>(all.begin(), all.end());
}

void ObjectState::set(BytesView key, Bytes value) {
  clear(key);
  bytes_ += value.size();
  known_.insert_or_assign(Bytes(key), std::move(value));
}

void ObjectState::clear(BytesView key) {
  const auto [at, fresh] = known_.try_emplace(Bytes(key));
  if (fresh) bytes_ += key.size();
  if (at->second) bytes_ -= at->second->size();
  at->second.reset();
}

void ObjectState::forget() {
  known_.clear();
  bytes_ = 0;
}

}  // namespace holdfast::actors
