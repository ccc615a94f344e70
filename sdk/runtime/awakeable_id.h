#pragma once
// Awakeable ids: "sign_1" and base64url (no padding) of 24 raw bytes of invocation id and 4 bytes
// of signal index, big endian.

#include <cstdint>
#include <string>

#include "storage/base/bytes.h"

namespace holdfast::runtime {

std::string awakeable_id(BytesView raw_invocation_id, std::uint32_t signal);

}  // namespace holdfast::runtime
