#include "journal/deployment.h"

#include <algorithm>

namespace holdfast::journal {
namespace {

template <class T>
const T* named(const std::vector<T>& all, std::string_view name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const T& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

const DeclaredHandler* DeclaredService::handler(std::string_view name) const {
  return named(handlers, name);
}

const DeclaredService* Deployment::service(std::string_view name) const {
  return named(services, name);
}

}  // namespace holdfast::journal
