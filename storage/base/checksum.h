#pragma once
// checksum: the 32 bits that end a stored record, so that damage is seen before it is believed. It
// is the low half of XXH3_64 with seed 0. It is part of stored formats and never changes (INV-10).

#include <cstdint>

#include "storage/base/bytes.h"

namespace holdfast {

std::uint32_t checksum(BytesView bytes);

}  // namespace holdfast
