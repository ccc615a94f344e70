#pragma once
// Codec: records <-> bytes. Exact bytes: docs/formats/record.md.
//
// Each stored value is a record: eight bytes of header (format version, kind, checksum), then a
// Cap'n Proto message, packed, or, for kinds so small or so opaque that a schema adds nothing,
// plain bytes.
//
// Invariants
//   INV-10  What a release has written stays readable: kinds and schema numbers are never reused.
//   INV-11  A record that cannot be understood wholly (short, damaged, of another kind, of a newer
//           version, with a member this release does not know) is kCorruption, never a guess.
//
// Encoding replaces what `to` holds and keeps its capacity. Decoding copies out. Any thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "journal/entry.h"
#include "journal/invocation.h"
#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::journal {

struct Deployment;
struct PromiseRecord;
struct ServiceSettings;

inline constexpr std::size_t kRecordHeaderSize = 8;
// Plain bytes, or a message as it is in memory; such messages are read, and written no more.
inline constexpr std::uint8_t kPlainVersion = 1;
// A packed message.
inline constexpr std::uint8_t kRecordVersion = 2;

// In the header; a number is used once.
enum class RecordKind : std::uint8_t {
  kInvocation = 1,
  kChunk = 2,
  kPromise = 3,
  kSettings = 4,
  kQueued = 5,  // 24 bytes: the invocation that waits.
  kState = 6,   // The value as the handler gave it.
  kDeployment = 7,
};

// Entries that share a stamp.
struct Chunk {
  std::int64_t appended_at = 0;
  std::vector<Entry> entries;
};

// All but the id and the queue position, which are not in the value.
void encode_invocation(Bytes& to, const Invocation& invocation);
Result<Invocation> decode_invocation(BytesView record);

void encode_chunk(Bytes& to, std::int64_t appended_at, const Entry* entries, std::size_t count);
Result<Chunk> decode_chunk(BytesView record);

void encode_promise(Bytes& to, const PromiseRecord& promise);
Result<PromiseRecord> decode_promise(BytesView record);

void encode_settings(Bytes& to, const ServiceSettings& settings);
Result<ServiceSettings> decode_settings(BytesView record);

void encode_queued(Bytes& to, const InvocationId& id);
Result<InvocationId> decode_queued(BytesView record);

void encode_state(Bytes& to, BytesView value);
Result<Bytes> decode_state(BytesView record);

// All but the id, which is not in the value.
void encode_deployment(Bytes& to, const Deployment& deployment);
Result<Deployment> decode_deployment(BytesView record);

}  // namespace holdfast::journal
