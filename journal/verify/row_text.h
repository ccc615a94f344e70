#pragma once
// Row text: keys of rows as people read them, in one line whatever they hold. Of use inside
// journal/verify only.

#include <string>

#include "journal/tables/tables.h"
#include "journal/timer.h"
#include "storage/base/bytes.h"

namespace holdfast::journal {

// Any bytes: what is not a printable character becomes \xNN, and what is long is cut.
std::string printable(BytesView bytes);
std::string timer_text(const Timer& timer);
// service/key.
std::string object_text(std::string_view service, std::string_view key);
// Of any key of the store, also one that has no form.
std::string key_text(BytesView key);

}  // namespace holdfast::journal
