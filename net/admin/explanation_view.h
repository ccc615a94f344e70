#pragma once
// Explanation view: explanations as the admin API shows them. Pure.

#include <boost/json.hpp>

#include "net/admin/explanation.h"

namespace holdfast::net {

boost::json::object explanation_view(const Explanation& explanation);
// A line of a list: without its waits.
boost::json::object standing_line_view(const Standing& standing);

}  // namespace holdfast::net
