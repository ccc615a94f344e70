#pragma once
// Requests in their two forms: what a handler asks of its context, and the command on the wire.
// Pure. The numbers of completions and the time of a delayed call are left to the caller.

#include "net/protocol/message.h"
#include "sdk/include/holdfast/runtime/context_core.h"

namespace holdfast::runtime {

protocol::CallCommand to_call(CallRequest request);
protocol::OneWayCallCommand to_one_way_call(CallRequest request);
protocol::AttachTarget to_attach_target(Target target);

}  // namespace holdfast::runtime
