#pragma once
// StrongId: a number that is not interchangeable with other numbers.
//
//   using Lsn = StrongId<struct LsnTag>;

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace holdfast {

template <class Tag, class Integer = std::uint64_t>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(Integer value) : value_(value) {}

  constexpr Integer value() const { return value_; }
  constexpr StrongId next() const { return StrongId(value_ + 1); }
  constexpr StrongId plus(Integer count) const { return StrongId(value_ + count); }

  friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;

 private:
  Integer value_ = 0;
};

}  // namespace holdfast

template <class Tag, class Integer>
struct std::hash<holdfast::StrongId<Tag, Integer>> {
  std::size_t operator()(const holdfast::StrongId<Tag, Integer>& id) const {
    return std::hash<Integer>()(id.value());
  }
};
