#pragma once
// kSanitized: whether this program runs under the address or the thread sanitizer, where time says
// little.

namespace holdfast::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace holdfast::testing
