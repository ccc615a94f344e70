#include "net/server/library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

#include "sdk/include/holdfast/server.h"

namespace holdfast::net {
namespace {

Error wrong(const std::string& path, std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("--load {}: {}", path, why)};
}

}  // namespace

Result<std::vector<ServiceDefinition>> load_library(const std::string& path) {
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Error(ErrorCode::kNotFound, fmt::format("--load {}: {}", path, dlerror()));
  }
  const auto* abi = static_cast<const std::uint64_t*>(dlsym(library, "holdfast_abi_version"));
  using Services = std::vector<ServiceDefinition>* (*)();
  const auto services = reinterpret_cast<Services>(dlsym(library, "holdfast_services"));
  if (abi == nullptr || services == nullptr) {
    return wrong(path, "not a handler library: it has no HOLDFAST_SERVICES(...)");
  }
  if (*abi != kAbiVersion) {
    return wrong(path, fmt::format("built for another SDK or compiler (its mark is {:x}, ours "
                                   "{:x}): build it again with the SDK of this server",
                                   *abi, kAbiVersion));
  }
  try {
    const std::unique_ptr<std::vector<ServiceDefinition>> found(services());
    return std::move(*found);
  } catch (const std::exception& error) {
    return wrong(path, fmt::format("its services cannot be made: {}", error.what()));
  }
}

}  // namespace holdfast::net
