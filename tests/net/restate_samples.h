#pragma once
// Restate samples: each message of the service protocol as the bytes of its frame, put together by
// hand from the tables of the protocol and not by the code under test; and what tests do with them.

#include <string>
#include <utility>
#include <vector>

#include "net/protocol/restate/from_handler.h"
#include "net/protocol/restate/to_handler.h"

namespace holdfast::testing {

enum class Way { kFrom, kTo, kBoth };  // From the handler, to it, or a command either way.

struct RestateSample {
  const char* name;
  int version_min, version_max;
  Way way;
  const char* hex;  // Of the whole frame.
};

const std::vector<RestateSample>& restate_samples();

// REQUIRES: an even number of hexadecimal digits.
Bytes from_hex(std::string_view hex);
std::string to_hex(BytesView bytes);

// The frame that these bytes are. REQUIRES: exactly one.
protocol::restate::Frame frame_of(BytesView bytes);

// A decoded frame encoded again, or why it was refused. `way` is not kBoth.
Result<Bytes> recode(const protocol::restate::Frame& frame, protocol::restate::Version version,
                     Way way);

// What an error says; nothing of a value.
std::string why(const Result<Bytes>& result);

// The versions and single ways of a sample.
std::vector<std::pair<protocol::restate::Version, Way>> uses_of(const RestateSample& sample);

}  // namespace holdfast::testing
