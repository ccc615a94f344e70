#pragma once
// kSanitized: whether this program runs under the address or the thread sanitizer, where time says
// little.

namespace holdfast::testing {

#if defined(__has_feature)  // Clang's word for it; GCC has the macros.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HOLDFAST_SANITIZED_BY_CLANG
#endif
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    defined(HOLDFAST_SANITIZED_BY_CLANG)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace holdfast::testing
