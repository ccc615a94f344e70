#pragma once
// TimerWheel: which timers of a bounded window are due. Six levels of 64 slots; a timer sits at the
// level on which its time differs from now, and moves down as time comes near. Inserting is O(1),
// and the next moment at which anything can happen is found from one bit map a level, so nobody
// ticks an empty wheel. Pure: it is told the time (milliseconds), which never goes back.
//
// After: G. Varghese, T. Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "journal/timer.h"

namespace holdfast::actors {

class TimerWheel {
 public:
  explicit TimerWheel(std::int64_t now_ms) : now_(now_ms) {}

  // One that is due already comes out at the next advance().
  void insert(const journal::Timer& timer);
  // Moves time on and appends what is due, in order of time.
  void advance(std::int64_t now_ms, std::vector<journal::Timer>& due);
  // The earliest moment at which advance() can have something to do; none: empty. Never later than
  // the earliest timer.
  std::optional<std::int64_t> next_ms() const;
  std::size_t size() const { return size_; }
  std::int64_t now_ms() const { return now_; }
  // Takes everything out, in order of the table.
  std::vector<journal::Timer> drain();

 private:
  static constexpr int kLevels = 6;
  static constexpr int kBits = 6;
  static constexpr std::int64_t kSlots = 1 << kBits;

  struct Level {
    std::uint64_t occupied = 0;  // Bit i: slot i is not empty.
    std::array<std::vector<journal::Timer>, kSlots> slots;
  };

  void place(const journal::Timer& timer);

  std::int64_t now_;
  std::size_t size_ = 0;
  std::array<Level, kLevels> levels_;
  std::vector<journal::Timer> overdue_;  // Inserted when due already.
  std::vector<journal::Timer> far_;      // Beyond the top level (2^36 ms, two years).
};

}  // namespace holdfast::actors
