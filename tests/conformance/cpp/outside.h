#pragma once
// The world outside of the handlers, which the driver of the tests keeps: a ledger of effects, and
// gates that a handler waits at until the driver opens them. Every call blocks its thread.

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include <holdfast/service.h>

namespace conformance {

// Of the environment; empty when it is not there.
std::string setting(const char* name);

// Every name ends in the tag of this endpoint, so that many endpoints share one server.
std::string named(std::string_view name);

// Writes one effect into the ledger; returns how many there are of this token, this one included.
// Throws std::exception when the driver cannot be reached.
int effect(const std::string& token, const boost::json::value& value = nullptr);

// Returns when the driver has opened the gate.
void passed(const std::string& gate);

// Failed attempts are tried again soon.
holdfast::ServiceOptions impatient();

}  // namespace conformance
