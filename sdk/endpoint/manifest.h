#pragma once
// Manifest: what an endpoint says it serves, as JSON, in the versions 1 to 4 of the Restate
// endpoint manifest. Version 2 adds documentation, 3 the options; 4 adds nothing that is used here.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/include/holdfast/service.h"

namespace holdfast::runtime {

inline constexpr int kManifestVersionMax = 4;

enum class ProtocolMode { kBidiStream, kRequestResponse };

// REQUIRES: problem(services) is none, 1 <= version <= kManifestVersionMax.
std::string manifest_json(const std::vector<ServiceDefinition>& services, ProtocolMode mode,
                          int version);

// "application/vnd.restate.endpointmanifest.v4+json".
std::string manifest_content_type(int version);

// The highest version an accept header names. "*/*" and "application/json", which people send, are
// the highest there is.
std::optional<int> accepted_manifest_version(std::string_view accept);

}  // namespace holdfast::runtime
