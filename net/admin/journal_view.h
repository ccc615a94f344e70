#pragma once
// Journal view: the journal of an invocation as the admin API shows it, one object per entry. The
// names are those of the columns of sys_journal, where it has one. Pure.
//
// A value is shown as text where it is printable UTF-8 ("value"), else in base64 ("raw"). A command
// is completed when its outcome is in the journal, or when it has none.

#include <boost/json.hpp>
#include <vector>

#include "journal/tables/tables.h"

namespace holdfast::net {

boost::json::array journal_view(const std::vector<journal::StampedEntry>& journal);

}  // namespace holdfast::net
