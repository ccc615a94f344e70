#pragma once
// Base58: bytes in letters that nobody mistakes for one another (the Bitcoin alphabet). It is how
// public keys are written in request identity. A zero byte in front is a '1' in front.

#include <optional>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"

namespace holdfast::protocol::restate {

// The work grows with the square of the size: meant for keys.
std::string to_base58(BytesView bytes);

// Nothing for a character outside the alphabet and for texts over 128 characters.
std::optional<Bytes> from_base58(std::string_view text);

}  // namespace holdfast::protocol::restate
