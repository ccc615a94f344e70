#include "net/protocol/restate/parts.h"

namespace holdfast::protocol::restate {

void read_void(Decoding& decoding, BytesView message, const char* path) {
  ProtoReader fields(decoding, message, path);
  while (fields.next()) {
  }
}

Bytes read_value(Decoding& decoding, BytesView message, const char* path) {
  Bytes content;
  for (ProtoReader fields(decoding, message, path); fields.next();) {
    if (fields.number() == 1) content = fields.bytes("content");
  }
  return content;
}

Failure read_failure(Decoding& decoding, BytesView message, Version version, const char* path) {
  Failure failure;
  failure.code = 0;
  for (ProtoReader fields(decoding, message, path); fields.next();) {
    switch (fields.number()) {
      case 1:
        failure.code = fields.u16("code");
        break;
      case 2:
        failure.message = fields.string("message");
        break;
      case 3:
        if (version < Version::k6) break;
        failure.metadata.push_back(
            read_pair(decoding, fields.repeated_message("metadata"), "metadata."));
        break;
    }
  }
  return failure;
}

std::pair<std::string, std::string> read_pair(Decoding& decoding, BytesView message,
                                              const char* path) {
  std::pair<std::string, std::string> pair;
  for (ProtoReader fields(decoding, message, path); fields.next();) {
    if (fields.number() == 1) pair.first = fields.string("key");
    if (fields.number() == 2) pair.second = fields.string("value");
  }
  return pair;
}

std::vector<Bytes> read_state_keys(Decoding& decoding, BytesView message, const char* path) {
  std::vector<Bytes> keys;
  for (ProtoReader fields(decoding, message, path); fields.next();) {
    if (fields.number() == 1) keys.push_back(fields.repeated_bytes("keys"));
  }
  return keys;
}

void write_void(ProtoWriter& writer, std::uint32_t number) { writer.bytes_present(number, {}); }

void write_failure(ProtoWriter& writer, std::uint32_t number, const Failure& failure,
                   Version version) {
  const std::size_t began = writer.begin(number);
  writer.u64(1, failure.code);
  writer.bytes(2, failure.message);
  if (version >= Version::k6) {
    for (const auto& [key, value] : failure.metadata) writer.wrapped(3, key, value);
  }
  writer.end(began);
}

void write_state_keys(ProtoWriter& writer, std::uint32_t number, const std::vector<Bytes>& keys) {
  const std::size_t began = writer.begin(number);
  for (const Bytes& key : keys) writer.bytes_present(1, key);
  writer.end(began);
}

void write_outcome(ProtoWriter& writer, std::uint32_t value_number, std::uint32_t failure_number,
                   const Outcome& outcome, Version version) {
  if (const Bytes* value = std::get_if<Bytes>(&outcome)) {
    writer.wrapped(value_number, *value);
  } else {
    write_failure(writer, failure_number, std::get<Failure>(outcome), version);
  }
}

}  // namespace holdfast::protocol::restate
