#pragma once
// Entry JSON: a journal entry as the columns entry_json and entry_lite_json of sys_journal show it,
// such as {"Command":{"SetState":{"key":"v","value":[49]}}}. Bytes are arrays of numbers. Pure.

#include <string>
#include <string_view>

#include "journal/entry.h"

namespace holdfast::net::sql {

// Whether the values a handler reads and writes are there too.
enum class EntryValues { kShown, kLeftOut };

// `type` is what follows "Command: " or "Notification: " in entry_type.
std::string entry_json(const journal::Entry& entry, std::string_view type, EntryValues values);

// Bytes of the values and names in the entry.
std::size_t payload_size(const journal::Entry& entry);

}  // namespace holdfast::net::sql
