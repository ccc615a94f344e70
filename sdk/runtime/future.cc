#include "sdk/include/holdfast/future.h"

namespace holdfast::runtime {

// Copies: every future of the same call's id may have it.
std::string take_invocation_id(Slot& slot) {
  if (slot.failure) throw_failed(*slot.failure);
  return slot.value;
}

std::vector<std::string> take_keys(Slot& slot) {
  if (slot.failure) throw_failed(*slot.failure);
  if (slot.taken) throw std::logic_error("the outcome of this future has been taken already");
  slot.taken = true;
  return std::move(slot.keys);
}

}  // namespace holdfast::runtime
