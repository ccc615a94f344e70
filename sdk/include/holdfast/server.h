#pragma once
// The two ways into a server for handlers in C++.
//
// A program of one's own, linked with holdfast::server:
//
//   int main(int argc, char** argv) {
//     return holdfast::run_server(argc, argv,
//                                 {holdfast::Service("Greeter").handler("greet", greet)});
//   }
//
// A library, linked with holdfast::sdk and loaded by `holdfast serve --load ./libgreeter.so`:
//
//   HOLDFAST_SERVICES(holdfast::Service("Greeter").handler("greet", greet))
//
// A library must be built with the SDK and the kind of compiler the server was built with. The
// server reads holdfast_abi_version first and refuses a library with another number before it calls
// anything in it.

#include <cstdint>
#include <vector>

#include <holdfast/service.h>

namespace holdfast {

// Runs the server with these services until it is told to stop. The command line is that of
// `holdfast`: `serve --data DIR --ingress HOST:PORT ...`. Returns the exit code. Once a process.
int run_server(int argc, char** argv, std::vector<ServiceDefinition> services);

namespace detail {

// Raised with every change of what a library and the server share: ServiceDefinition, Task,
// ContextCore.
inline constexpr std::uint64_t kSdkAbi = 1;

#if defined(__clang__)
inline constexpr std::uint64_t kCompilerMark = 2;
#else
inline constexpr std::uint64_t kCompilerMark = 1;
#endif
#if defined(_GLIBCXX_RELEASE)
inline constexpr std::uint64_t kLibraryMark = _GLIBCXX_RELEASE;
#else
inline constexpr std::uint64_t kLibraryMark = 0xFF;
#endif
#if defined(_GLIBCXX_DEBUG)
inline constexpr std::uint64_t kDebugMark = 1;
#else
inline constexpr std::uint64_t kDebugMark = 0;
#endif

}  // namespace detail

// SDK | compiler | standard library and its release | debug containers | size of a pointer.
inline constexpr std::uint64_t kAbiVersion = detail::kSdkAbi << 32 | detail::kCompilerMark << 24 |
                                             detail::kLibraryMark << 16 | detail::kDebugMark << 8 |
                                             sizeof(void*);

}  // namespace holdfast

// What a handler library exports. dlsym("holdfast_abi_version") is the address of the number,
// dlsym("holdfast_services") a function that returns a new vector, which the caller deletes.
#define HOLDFAST_SERVICES(...)                                                            \
  extern "C" {                                                                            \
  __attribute__((visibility("default"))) extern const std::uint64_t holdfast_abi_version; \
  const std::uint64_t holdfast_abi_version = ::holdfast::kAbiVersion;                     \
  __attribute__((visibility("default"))) std::vector<::holdfast::ServiceDefinition>*      \
  holdfast_services() {                                                                   \
    return new std::vector<::holdfast::ServiceDefinition>{__VA_ARGS__};                   \
  }                                                                                       \
  }
