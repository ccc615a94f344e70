#include "storage/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace holdfast {

void check_failed(const char* file, int line, const char* condition, const char* why) {
  std::fprintf(stderr, "holdfast: CHECK failed at %s:%d: %s (%s)\n", file, line, condition, why);
  std::abort();
}

}  // namespace holdfast
