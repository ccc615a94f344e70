#pragma once
// UTF-8, as protobuf demands it of every string.

#include <cstddef>

#include "storage/base/bytes.h"

namespace holdfast::protocol::restate {

// The number of bytes at the front that are well-formed UTF-8 (RFC 3629: no overlong forms, no
// surrogates, nothing over U+10FFFF); all of them when the text is.
std::size_t utf8_prefix(BytesView text);

}  // namespace holdfast::protocol::restate
