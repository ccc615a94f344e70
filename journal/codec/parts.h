#pragma once
// Parts: what several records are made of, between our types and the stored ones. Of use inside
// journal/codec only. Functions named take_ read, and throw what kj throws; set_ functions write.

#include <string>
#include <vector>

#include "journal/codec/entry.capnp.h"
#include "journal/codec/invocation.capnp.h"
#include "journal/entry.h"
#include "journal/invocation.h"
#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::journal::codec {

inline capnp::Data::Reader as_data(BytesView bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}
inline Bytes take_bytes(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

using Id = std::array<char, 24>;
Id id_bytes(const InvocationId& id);
inline capnp::Data::Reader as_data(const Id& id) {
  return as_data(BytesView(id.data(), id.size()));
}
Result<InvocationId> take_id(capnp::Data::Reader data);

void set_failure(stored::Failure::Builder to, const Failure& failure);
Failure take_failure(stored::Failure::Reader from);

void set_outcome(stored::Outcome::Builder to, const Outcome& outcome);
Result<Outcome> take_outcome(stored::Outcome::Reader from);

void set_input(stored::Input::Builder to, const Input& input);
Input take_input(stored::Input::Reader from);

using Pairs = std::vector<std::pair<std::string, std::string>>;
void set_pairs(capnp::List<stored::Pair>::Builder to, const Pairs& pairs);
Pairs take_pairs(capnp::List<stored::Pair>::Reader from);

void set_list(capnp::List<capnp::Data>::Builder to, const std::vector<Bytes>& values);
std::vector<Bytes> take_list(capnp::List<capnp::Data>::Reader from);

void set_waiters(capnp::List<stored::Waiter>::Builder to, const std::vector<Waiter>& waiters);
std::vector<Waiter> take_waiters(capnp::List<stored::Waiter>::Reader from);

}  // namespace holdfast::journal::codec
