#pragma once
// Entry JSON: a journal entry as the columns entry_json and entry_lite_json of sys_journal show it,
// such as {"Command":{"SetState":{"key":"v","value":[49],"name":""}}}. Bytes are arrays of numbers.
// Pure.
//
// Operators' tools take an entry from this text alone and refuse one that lacks a member, so each
// has all that Restate shows. What is not known is nought: the id of a callee and its retentions.

#include <string>
#include <string_view>

#include "journal/entry.h"

namespace holdfast::net::sql {

// Whether the values a handler reads and writes are there too, and what is nought.
enum class EntryValues { kShown, kLeftOut };

// `type` is what follows "Command: " or "Notification: " in entry_type; `callee` whom a call
// called, as another entry tells.
std::string entry_json(const journal::Entry& entry, std::string_view type, EntryValues values,
                       const journal::InvocationId& callee = {});

// Bytes of the values and names in the entry.
std::size_t payload_size(const journal::Entry& entry);

}  // namespace holdfast::net::sql
