#pragma once
// Notification codec: a notification of the journal <-> its frame.

#include "net/protocol/message.h"
#include "net/protocol/restate/completion_kinds.h"
#include "net/protocol/restate/frame.h"
#include "net/protocol/restate/version.h"
#include "storage/base/result.h"

namespace holdfast::protocol::restate {

// kInvalidArgument: malformed, or a result that this kind of completion cannot have (a sleep with a
// value). The kind itself is not kept; the handler knows what it asked for.
Result<Notification> decode_notification(const Frame& frame, Version version);

// Appends header and payload of a completion. REQUIRES: `notification.of` is a CompletionRef,
// `kind` that of its command.
void append_completion(Bytes& to, const Notification& notification, CompletionKind kind,
                       Version version);

// Appends header and payload of a signal. REQUIRES: `notification.of` is an index or a name.
void append_signal(Bytes& to, const Notification& notification, Version version);

}  // namespace holdfast::protocol::restate
