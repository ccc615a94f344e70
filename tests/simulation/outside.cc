#include "tests/simulation/outside.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace holdfast::simulation {

namespace {

std::uint64_t mix(std::uint64_t hash, const std::string& text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return (hash ^ 0xff) * 0x100000001b3;
}

}  // namespace

void Outside::note(const std::string& event) {
  ++events_;
  latest_unix_ms_ = std::max(latest_unix_ms_, to_unix_millis(clock_.now()));
  trace_ = mix(trace_, event);
  if (verbose_) {
    std::printf("%6llu %lld  %s\n", static_cast<unsigned long long>(events_),
                static_cast<long long>(to_unix_millis(clock_.now())), event.c_str());
  }
}

void Outside::expect(bool holds, const std::string& promise) {
  ++counts["promises checked"];
  if (holds) return;
  note("BROKEN " + promise);
  broken_.push_back(promise);
}

void Outside::execute(const std::string& id, int number, const std::string& key) {
  const std::string name = id + "#" + std::to_string(number);
  if (!heard_) {
    note("execute too late " + name);
    ++counts["steps executed unheard"];
    return;
  }
  note("execute " + name);
  ++counts["steps executed"];
  expect(!killed_.contains(id), "I12: " + name + " was executed after its invocation was killed");
  int& reached = reached_[id];
  expect(number >= reached,
         "I3: " + name + " was executed again after step " + std::to_string(reached) + " was");
  // The step before is stored, and with it who serves the invocation from there on.
  std::string& place = places_[id];
  if (number > reached && reached > 0) {
    const bool moves = place != place_;
    expect(!moves || moves_[id] > 0, "pinned: " + name + " was executed at '" + place_ +
                                         "', after step " + std::to_string(reached) + " was at '" +
                                         place + "'");
    if (moves) {
      --moves_[id];
      ++counts["moves to another deployment"];
    }
  }
  place = place_;
  reached = std::max(reached, number);
  if (!key.empty()) {
    auto& holders = holders_[key];
    if (holders.empty() || holders.back() != id) {
      expect(std::find(holders.begin(), holders.end(), id) == holders.end(),
             "I5: " + name + " was executed after another one had the key " + key);
      holders.push_back(id);
    }
  }
  // A sixth of all steps fail once or twice, by a draw that a restart does not change.
  const std::uint64_t draw = mix(seed_ ^ 0x51, name);
  const int failures = draw % 6 == 0 ? 1 + static_cast<int>(draw / 6 % 2) : 0;
  if (++tries_[name] <= failures) throw std::runtime_error("flaky");
}

void Outside::enter(const std::string& id, const std::string& key) {
  if (!heard_) return;
  const auto& holders = holders_[key];
  const bool has_acted = std::find(holders.begin(), holders.end(), id) != holders.end();
  expect(!has_acted || holders.back() == id,
         "I5: " + id + " runs again after a later one has acted with the key " + key);
}

int Outside::reached(const std::string& id) const {
  const auto found = reached_.find(id);
  return found == reached_.end() ? 0 : found->second;
}

int Outside::holders(const std::string& key) const {
  const auto found = holders_.find(key);
  return found == holders_.end() ? 0 : static_cast<int>(found->second.size());
}

void Outside::accepted(const std::string& id, const std::string& identity) {
  note("accepted " + id);
  ++counts["requests accepted"];
  if (identity.empty()) return;
  const auto [known, fresh] = identities_.emplace(identity, id);
  expect(known->second == id, "I8: " + identity + " names both " + known->second + " and " + id);
}

void Outside::answered(const std::string& id, const std::string& outcome) {
  note("answered " + id + " " + outcome);
  ++counts["results read"];
  const auto [known, fresh] = outcomes_.emplace(id, outcome);
  expect(known->second == outcome,
         "I2: " + id + " came to " + known->second + " and then to " + outcome);
}

void Outside::killed(const std::string& id) {
  note("killed " + id);
  ++counts["kills acknowledged"];
  killed_.insert(id);
}

void Outside::woke(const std::string& what, std::int64_t due_unix_ms) {
  note("woke " + what);
  ++counts["timers fired"];
  expect(latest_unix_ms_ >= due_unix_ms,
         "I7: " + what + " came " + std::to_string(due_unix_ms - latest_unix_ms_) + " ms early");
}

void Outside::expect_order(const std::string& key, const std::string& first,
                           const std::string& second) {
  const auto& holders = holders_[key];
  const auto a = std::find(holders.begin(), holders.end(), first);
  const auto b = std::find(holders.begin(), holders.end(), second);
  if (a == holders.end() || b == holders.end()) return;
  expect(a < b, "I6: " + second + " got the key " + key + " before " + first +
                    ", which was acknowledged before it was asked for");
}

}  // namespace holdfast::simulation
