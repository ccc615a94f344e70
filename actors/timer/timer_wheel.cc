#include "actors/timer/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace holdfast::actors {

void TimerWheel::insert(const journal::Timer& timer) {
  ++size_;
  place(timer);
}

// The level is that of the highest bit in which the timer's time differs from now: so its slot on
// that level comes up before the timer is due, and never after.
void TimerWheel::place(const journal::Timer& timer) {
  if (timer.due_unix_ms <= now_) {
    overdue_.push_back(timer);
    return;
  }
  const auto differing = static_cast<std::uint64_t>(timer.due_unix_ms ^ now_);
  const int level = (63 - std::countl_zero(differing)) / kBits;
  if (level >= kLevels) {
    far_.push_back(timer);
    return;
  }
  const std::int64_t slot = timer.due_unix_ms >> (level * kBits) & (kSlots - 1);
  levels_[level].slots[slot].push_back(timer);
  levels_[level].occupied |= std::uint64_t{1} << slot;
}

std::optional<std::int64_t> TimerWheel::next_ms() const {
  if (!overdue_.empty()) return now_;
  for (int level = 0; level < kLevels; ++level) {
    const std::int64_t here = now_ >> (level * kBits) & (kSlots - 1);
    // Slots after the current one; on each level later ones only, see place().
    const std::uint64_t later =
        here == kSlots - 1 ? 0 : levels_[level].occupied & ~std::uint64_t{0} << (here + 1);
    if (later == 0) continue;
    const std::int64_t slot = std::countr_zero(later);
    const std::int64_t above = now_ >> ((level + 1) * kBits) << ((level + 1) * kBits);
    return above + (slot << (level * kBits));
  }
  if (far_.empty()) return std::nullopt;
  return (now_ >> (kLevels * kBits) << (kLevels * kBits)) + (std::int64_t{1} << (kLevels * kBits));
}

void TimerWheel::advance(std::int64_t now_ms, std::vector<journal::Timer>& due) {
  const std::size_t first = due.size();
  const auto take_overdue = [&] {
    size_ -= overdue_.size();
    due.insert(due.end(), overdue_.begin(), overdue_.end());
    overdue_.clear();
  };
  take_overdue();
  for (auto next = next_ms(); next && *next <= now_ms; next = next_ms()) {
    now_ = *next;
    // Every slot that begins at this very moment moves down, or is due.
    for (int level = 0; level < kLevels; ++level) {
      const std::int64_t slot = now_ >> (level * kBits) & (kSlots - 1);
      Level& at = levels_[level];
      if ((at.occupied >> slot & 1) == 0) continue;
      std::vector<journal::Timer> timers = std::move(at.slots[slot]);
      at.slots[slot].clear();
      at.occupied &= ~(std::uint64_t{1} << slot);
      for (const journal::Timer& timer : timers) place(timer);
    }
    if ((now_ & ((std::int64_t{1} << (kLevels * kBits)) - 1)) == 0) {
      std::vector<journal::Timer> timers = std::move(far_);
      far_.clear();
      for (const journal::Timer& timer : timers) place(timer);
    }
    take_overdue();
  }
  now_ = std::max(now_, now_ms);
  // Within one call order by time, then as in the table.
  std::sort(due.begin() + static_cast<std::ptrdiff_t>(first), due.end());
}

std::vector<journal::Timer> TimerWheel::drain() {
  std::vector<journal::Timer> all = std::move(overdue_);
  overdue_.clear();
  all.insert(all.end(), far_.begin(), far_.end());
  far_.clear();
  for (Level& level : levels_) {
    for (auto& slot : level.slots) {
      all.insert(all.end(), slot.begin(), slot.end());
      slot.clear();
    }
    level.occupied = 0;
  }
  size_ = 0;
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace holdfast::actors
