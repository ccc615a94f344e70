#pragma once
// State body: what an operator sends to POST /services/{s}/state. Pure.

#include <boost/json.hpp>
#include <map>
#include <string>

#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::net {

// {"object_key", "new_state": {key: [byte, ...]}}.
struct NewState {
  std::string object_key;
  std::map<Bytes, Bytes> state;
};
// kInvalidArgument names the field.
Result<NewState> parse_new_state(const boost::json::object& body);

}  // namespace holdfast::net
