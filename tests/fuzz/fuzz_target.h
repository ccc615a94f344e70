#pragma once
// FuzzTarget: what a target tells the driver about its inputs. With libFuzzer it is not used.

#include <cstddef>
#include <vector>

#include "storage/base/bytes.h"

struct FuzzTarget {
  // The input of the moment is left in NAME.input when it crashes.
  const char* name;
  // The bytes at the beginning of an input that say how the rest is to be read.
  std::size_t head = 0;
  std::vector<holdfast::Bytes> (*seeds)();
  // Makes an input right again where few changes would get past a check; null: nothing to do.
  void (*mend)(holdfast::Bytes& input) = nullptr;
};

// Of the target that the driver is linked with.
FuzzTarget fuzz_target();
