#pragma once
// Awaiting: what a handler of the Restate protocol says it waits for, in the journal's words.

#include "journal/wait_set.h"
#include "net/protocol/restate/future.h"

namespace holdfast::net {

// Nothing is taken out yet. REQUIRES: no deeper than kFutureDepthMax.
journal::WaitSet to_wait_set(protocol::restate::Future future);

}  // namespace holdfast::net
