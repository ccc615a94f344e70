#pragma once
// Seeds: the inputs that a target begins with, because they get far. Each target defines them; they
// are code, in the words of what they are, and not files of bytes.

#include <vector>

#include "storage/base/bytes.h"

namespace holdfast::testing {

std::vector<Bytes> fuzz_seeds();

}  // namespace holdfast::testing
