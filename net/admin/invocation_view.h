#pragma once
// Invocation view: an invocation as the admin API shows it. The names are those of the columns of
// sys_invocation. What is not set is left out. Pure.

#include <boost/json.hpp>

#include "journal/invocation.h"

namespace holdfast::net {

boost::json::object invocation_view(const journal::Invocation& invocation);

}  // namespace holdfast::net
