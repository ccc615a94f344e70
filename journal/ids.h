#pragma once
// Ids: the names of invocations and awakeables, in bytes and in text, and how they are chosen.
//
// An invocation id is a partition key (u64) and a 128-bit number. Some ids are a function of the
// request (a workflow run, an idempotent call), so no index from key to id exists anywhere. Layout
// and choice are those of the Restate ingress (docs/formats/ids.md), so that clients may keep their
// ids.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"
#include "storage/base/random.h"
#include "storage/base/result.h"

namespace holdfast::journal {

using PartitionKey = std::uint64_t;

struct InvocationId {
  PartitionKey partition_key = 0;
  std::array<std::uint8_t, 16> uuid{};

  auto operator<=>(const InvocationId&) const = default;

  // 24 bytes: partition key big endian, then the uuid.
  Bytes bytes() const;
  // inv_1..., 38 characters.
  std::string text() const;
  static Result<InvocationId> from_bytes(BytesView raw);
  static Result<InvocationId> from_text(std::string_view text);
};

// An awakeable is signal `index` of an invocation; its id is sign_1... (decoders accept padding).
struct AwakeableId {
  InvocationId invocation;
  std::uint32_t index = 0;

  std::string text() const;
  static Result<AwakeableId> from_text(std::string_view text);
};

// A deployment id is a ULID: the time of its making, then chance; so ids are in order of age.
struct DeploymentId {
  std::array<std::uint8_t, 16> ulid{};

  auto operator<=>(const DeploymentId&) const = default;

  // dp_1..., 26 characters.
  std::string text() const;
  // 16 bytes.
  static Result<DeploymentId> from_bytes(BytesView raw);
  static Result<DeploymentId> from_text(std::string_view text);
};

// xxh3-64 over the key's bytes and one 0xFF byte.
PartitionKey partition_key_of(std::string_view object_key);

// Invocations of an unkeyed service lie under one of these many partition keys, so that each
// service is spread over all partitions.
inline constexpr int kServiceBucketBits = 9;
inline constexpr std::uint64_t kServiceBuckets = 1u << kServiceBucketBits;
// REQUIRES: bucket < kServiceBuckets.
PartitionKey bucket_key(std::string_view service, std::uint64_t bucket);

// The id of the one run of a workflow key.
InvocationId workflow_run_id(std::string_view service, std::string_view key);
// The id of an idempotent call. `key` is given for keyed services.
InvocationId idempotent_id(std::string_view service, std::optional<std::string_view> key,
                           std::string_view handler, std::string_view idempotency_key);
// A new id: a ULID of `now_unix_ms` under the key's partition key, or for unkeyed services one of
// the service's buckets. At any moment new ids go to 8 of them, evenly spread and chosen among by
// chance, and each second (1,024 ms) to the next 8: so the rows of invocations that live at the
// same time lie together, in memtables and in files, and all partitions have some of them.
InvocationId fresh_id(std::string_view service, std::optional<std::string_view> key,
                      std::int64_t now_unix_ms, Random& random);

DeploymentId fresh_deployment_id(std::int64_t now_unix_ms, Random& random);

// The seed of an invocation's deterministic randomness: SipHash-1-3, zero keys, over (u64 LE 24,
// id).
std::uint64_t random_seed_of(const InvocationId& id);

}  // namespace holdfast::journal

template <>
struct std::hash<holdfast::journal::InvocationId> {
  std::size_t operator()(const holdfast::journal::InvocationId& id) const noexcept {
    std::uint64_t low;
    __builtin_memcpy(&low, id.uuid.data() + 8, 8);
    return static_cast<std::size_t>(id.partition_key * 0x9E3779B97F4A7C15u ^ low);
  }
};
