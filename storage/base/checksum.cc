#include "storage/base/checksum.h"

#include <xxhash.h>

namespace holdfast {

std::uint32_t checksum(BytesView bytes) {
  return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

}  // namespace holdfast
