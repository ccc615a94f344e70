#pragma once
// The release, as in project() of CMakeLists.txt.

namespace holdfast::net {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace holdfast::net
