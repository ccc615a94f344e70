#pragma once
// The command `holdfast doctor`: asks a running server why an invocation does not go on, or which
// have stood longest, and prints the answer for people.

#include <boost/json.hpp>
#include <cstdint>
#include <string>

#include "storage/base/result.h"

namespace holdfast::net {

// The answer of the admin API to GET /invocations/ID/explanation, or without an id to
// GET /explanations. `admin` is its address, http://HOST:PORT. kInvalidArgument: the address or the
// id is none; kUnavailable: no server answers there; kNotFound and others: what it said.
Result<boost::json::object> ask_doctor(const std::string& admin, const std::string& id);

// For people, in lines. What came from handlers and clients keeps to its line. Pure.
std::string doctor_text(const boost::json::object& answer, std::int64_t now_unix_ms);

}  // namespace holdfast::net
