#pragma once
// WaitTree: what a handler waits for, as a set that the engine can judge without the handler. Of
// use inside sdk/runtime only.

#include <cstddef>
#include <string>
#include <vector>

#include <holdfast/runtime/slot.h>

#include "net/protocol/message.h"

namespace holdfast::runtime {

class WaitTree final : public WaitWriter {
 public:
  void begin(Combinator combinator) override;
  void leaf(const Slot& slot) override;
  void never() override;
  void end() override;

  // REQUIRES: each begin() has its end().
  protocol::WaitSet take();

 private:
  // More nested ones are put together: any of their leaves wakes the handler, which looks and waits
  // again.
  static constexpr std::size_t kDepthMax = 50;

  protocol::WaitSet& top() { return open_.back(); }
  void named_signal(const std::string& name);

  std::vector<protocol::WaitSet> open_{1};  // From the root to where we are.
  std::size_t folded_ = 0;                  // Nodes below that which are one with it.
};

}  // namespace holdfast::runtime
