#pragma once
// KnownSettlements: what has become of an invocation's completions and signals, as far as an
// attempt was told. Decides whether what the handler waits for is there.

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "net/protocol/message.h"
#include "net/protocol/restate/completion_kinds.h"
#include "net/protocol/restate/future.h"

namespace holdfast::net {

class KnownSettlements final : public protocol::restate::Settlements {
 public:
  using Settled = protocol::restate::Settled;

  void settle(const protocol::Notification& notification);

  Settled completion(protocol::CompletionId id) const override;
  Settled signal(std::uint32_t index) const override;
  Settled named_signal(const std::string& name) const override;

 private:
  // The first of each counts.
  std::unordered_map<protocol::CompletionId, Settled> completions_;
  std::unordered_map<std::uint32_t, Settled> signals_;
  std::unordered_map<std::string, Settled> named_signals_;
};

}  // namespace holdfast::net
