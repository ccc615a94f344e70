#include "journal/codec/parts.h"

#include <cstring>

namespace holdfast::journal::codec {

Id id_bytes(const InvocationId& id) {
  Id bytes;
  const std::uint64_t partition_key = __builtin_bswap64(id.partition_key);
  std::memcpy(bytes.data(), &partition_key, 8);
  std::memcpy(bytes.data() + 8, id.uuid.data(), 16);
  return bytes;
}

Result<InvocationId> take_id(capnp::Data::Reader data) {
  return InvocationId::from_bytes({reinterpret_cast<const char*>(data.begin()), data.size()});
}

void set_failure(stored::Failure::Builder to, const Failure& failure) {
  to.setCode(failure.code);
  if (!failure.message.empty()) to.setMessage(as_data(failure.message));
  if (!failure.metadata.empty()) {
    set_pairs(to.initMetadata(failure.metadata.size()), failure.metadata);
  }
}

Failure take_failure(stored::Failure::Reader from) {
  return {from.getCode(), take_bytes(from.getMessage()), take_pairs(from.getMetadata())};
}

void set_outcome(stored::Outcome::Builder to, const Outcome& outcome) {
  if (const auto* failure = std::get_if<Failure>(&outcome)) {
    set_failure(to.initFailure(), *failure);
  } else {
    to.setValue(as_data(std::get<Bytes>(outcome)));
  }
}

Result<Outcome> take_outcome(stored::Outcome::Reader from) {
  switch (from.which()) {
    case stored::Outcome::VALUE:
      return Outcome(take_bytes(from.getValue()));
    case stored::Outcome::FAILURE:
      return Outcome(take_failure(from.getFailure()));
  }
  return Error(ErrorCode::kCorruption, "unknown kind of outcome");
}

void set_input(stored::Input::Builder to, const Input& input) {
  if (!input.headers.empty()) set_pairs(to.initHeaders(input.headers.size()), input.headers);
  if (!input.value.empty()) to.setValue(as_data(input.value));
}

Input take_input(stored::Input::Reader from) {
  return {take_pairs(from.getHeaders()), take_bytes(from.getValue())};
}

void set_pairs(capnp::List<stored::Pair>::Builder to, const Pairs& pairs) {
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    auto pair = to[i];
    if (!pairs[i].first.empty()) pair.setName(as_data(pairs[i].first));
    if (!pairs[i].second.empty()) pair.setValue(as_data(pairs[i].second));
  }
}

Pairs take_pairs(capnp::List<stored::Pair>::Reader from) {
  Pairs pairs;
  pairs.reserve(from.size());
  for (const auto pair : from) {
    pairs.emplace_back(take_bytes(pair.getName()), take_bytes(pair.getValue()));
  }
  return pairs;
}

void set_list(capnp::List<capnp::Data>::Builder to, const std::vector<Bytes>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) to.set(i, as_data(values[i]));
}

std::vector<Bytes> take_list(capnp::List<capnp::Data>::Reader from) {
  std::vector<Bytes> values;
  values.reserve(from.size());
  for (const auto value : from) values.push_back(take_bytes(value));
  return values;
}

void set_waiters(capnp::List<stored::Waiter>::Builder to, const std::vector<Waiter>& waiters) {
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    const InvocationId& id = waiters[i].invocation;
    std::uint64_t uuid[2];
    std::memcpy(uuid, id.uuid.data(), sizeof(uuid));
    auto waiter = to[i];
    waiter.setPartitionKey(id.partition_key);
    waiter.setUuidHigh(__builtin_bswap64(uuid[0]));
    waiter.setUuidLow(__builtin_bswap64(uuid[1]));
    waiter.setCompletion(waiters[i].completion);
    waiter.setLife(waiters[i].life);
  }
}

std::vector<Waiter> take_waiters(capnp::List<stored::Waiter>::Reader from) {
  std::vector<Waiter> waiters;
  waiters.reserve(from.size());
  for (const auto stored : from) {
    const std::uint64_t uuid[2] = {__builtin_bswap64(stored.getUuidHigh()),
                                   __builtin_bswap64(stored.getUuidLow())};
    Waiter& waiter = waiters.emplace_back();
    waiter.invocation.partition_key = stored.getPartitionKey();
    std::memcpy(waiter.invocation.uuid.data(), uuid, sizeof(uuid));
    waiter.completion = stored.getCompletion();
    waiter.life = stored.getLife();
  }
  return waiters;
}

}  // namespace holdfast::journal::codec
