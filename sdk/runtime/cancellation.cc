#include "sdk/runtime/cancellation.h"

namespace holdfast::runtime {

bool Cancellation::is_before(Position position) const {
  const std::vector<Position>& signals = arrivals_.cancellations();
  return told_ < signals.size() && signals[told_] < position;
}

std::vector<const Slot*> Cancellation::unknown_ids() const {
  std::vector<const Slot*> ids;
  for (const CallSlots& call : calls_) {
    if (open(call) && !call.invocation_id->verdict().decided()) ids.push_back(call.invocation_id);
  }
  return ids;
}

std::vector<const Slot*> Cancellation::known_ids() const {
  std::vector<const Slot*> ids;
  for (const CallSlots& call : calls_) {
    const Verdict id = call.invocation_id->verdict();
    if (open(call) && id.decided() && !id.failed) ids.push_back(call.invocation_id);
  }
  return ids;
}

void Cancellation::end_await() {
  ++told_;
  ended_await_ = true;
}

bool Cancellation::open(const CallSlots& call) const {
  return call.result->position > arrivals_.cancellations()[told_];
}

}  // namespace holdfast::runtime
