#pragma once
// Golden records: one of each kind and entry, with fixed fields; their bytes are in tests/golden.

#include <map>
#include <string>
#include <vector>

#include "journal/codec/codec.h"
#include "journal/deployment.h"
#include "journal/entry.h"
#include "journal/invocation.h"

namespace holdfast::journal {

template <class Record, class Encode>
Bytes encoded(const Record& record, Encode encode) {
  Bytes bytes;
  encode(bytes, record);
  return bytes;
}
Bytes chunk_of(const std::vector<Entry>& entries, std::int64_t appended_at);
Bytes row_of(const Invocation& row);

InvocationId id_of(std::uint8_t byte);
std::vector<Entry> step();
Invocation parked();
Deployment some_deployment();

std::map<std::string, Bytes> golden_records();

}  // namespace holdfast::journal
