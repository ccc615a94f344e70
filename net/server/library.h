#pragma once
// Library: handlers from a shared library that a program loads at run time (--load). The library
// stays loaded until the process ends, since its code may be anywhere on a stack.

#include <string>
#include <vector>

#include "sdk/include/holdfast/service.h"
#include "storage/base/result.h"

namespace holdfast::net {

// A path without a slash is one in this folder. Nothing in the library is called before its ABI
// number was compared with ours. kNotFound: no such file, or not loadable. kInvalidArgument: not a
// handler library, or one for another SDK or compiler.
Result<std::vector<ServiceDefinition>> load_library(const std::string& path);

}  // namespace holdfast::net
