#pragma once
// Manifest: what an endpoint says it serves, in the answer to discovery. Versions 1 to 4 of the
// JSON form; the fields of a later version are taken in an earlier one too.
//
// Invariants
//   INV-11  Checked wholly before anything is used: names, kinds, options, durations, protocol
//           versions, depth and size. An error names the service, the handler and the field.
//
// Pure.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "journal/deployment.h"
#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::net {

// What this server speaks.
inline constexpr std::uint32_t kProtocolVersionMin = 5;
inline constexpr std::uint32_t kProtocolVersionMax = 7;

struct ManifestLimits {
  static constexpr std::size_t kBytes = 8 << 20;
  static constexpr std::size_t kDepth = 64;
  static constexpr std::size_t kServices = 10'000;
  static constexpr std::size_t kHandlers = 10'000;  // Of a service.
  static constexpr std::size_t kNameBytes = 255;
  // A longer schema of a value is not kept: nothing depends on it but the OpenAPI document.
  static constexpr std::size_t kSchemaBytes = 256 << 10;
  // Longer durations are as good as for ever, and are cut to this: a thousand years.
  static constexpr std::int64_t kDurationMs = 1000LL * 366 * 86'400'000;
};

struct Manifest {
  journal::ProtocolMode mode = journal::ProtocolMode::kBidiStream;
  std::uint32_t protocol_version_min = 0, protocol_version_max = 0;
  std::vector<journal::DeclaredService> services;  // Without revisions.
};

// Whether it is one of the four content types of a manifest.
bool is_manifest_type(std::string_view content_type);
// What a request for a manifest accepts: the four, joined.
std::string_view manifest_types();

// kInvalidArgument; the message begins with [META0013] when it is no manifest, with [META0012] when
// the protocol versions do not overlap with ours.
Result<Manifest> parse_manifest(BytesView json);

}  // namespace holdfast::net
