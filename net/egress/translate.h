#pragma once
// Translate: the words of the handler protocol <-> the words of the journal, both ways. Pure.
//
// What the journal keeps of a command is enough to say the same command again, byte for byte, when
// the handler replays. Ids are the one exception: the journal holds them parsed, so a handler that
// gave one in another spelling of the same bytes (a padded awakeable id) is given the canonical
// one.
//
// A command that cannot be understood (a text that is no id) is kInvalidArgument and changes
// nothing. Payloads are moved, never copied.

#include "actors/handler.h"
#include "journal/entry.h"
#include "journal/invocation.h"
#include "net/protocol/message.h"
#include "storage/base/result.h"

namespace holdfast::net {

Result<journal::Entry> to_journal(protocol::Command command);
journal::Outcome to_journal(protocol::Outcome outcome);
journal::Failure to_journal(protocol::Failure failure);
// Nothing is taken out. REQUIRES: no deeper than kWaitDepthMax.
journal::WaitSet to_journal(protocol::WaitSet waits);
actors::AttemptError to_journal(protocol::AttemptError error);

protocol::Entry to_protocol(journal::Entry entry);
protocol::Notification to_protocol(journal::Notification notification);
protocol::Failure to_protocol(journal::Failure failure);

// What people call a command: "Run", "Sleep", "Call", "OneWayCall" ...; "Notification" for the
// rest.
const char* type_name(const journal::Entry& entry);

}  // namespace holdfast::net
